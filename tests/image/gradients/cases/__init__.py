"""The table of cases: one module a group; a row is a case, or a product of attributes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gradients.case import Case
from gradients.cases import (
    activation,
    attention,
    automatic,
    axes,
    boundaries,
    broadcasts,
    convolution,
    corners,
    elementwise,
    fft,
    flow,
    forms,
    gather,
    image,
    layers,
    linalg,
    loss,
    normalization,
    pooling,
    products,
    recurrent,
    reduction,
    segment,
    sizes,
    slices,
    sparse,
    special,
    windows,
)

GROUPS = {
    module.__name__.rpartition(".")[2]: module
    for module in (
        linalg,
        convolution,
        pooling,
        normalization,
        layers,
        recurrent,
        attention,
        gather,
        segment,
        loss,
        activation,
        reduction,
        elementwise,
        special,
        fft,
        flow,
        sparse,
        automatic,
        image,
        products,
        axes,
        slices,
        broadcasts,
        windows,
        sizes,
        boundaries,
        forms,
        corners,
    )
}


def table() -> Iterator[Case]:
    """Return every case, named by its group."""
    for group, module in GROUPS.items():
        for case in module.CASES:
            yield replace(case, group=group)
