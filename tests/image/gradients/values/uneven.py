"""Convolutions with another number for each axis: strides, gaps, groups, what is added behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from keras import layers

from gradients.values.layers import Row, one
from gradients.values.windows import depthwise, grouped, separable, transposed

#: Sizes, windows and strides, no two alike, and no size that is a number of channels.
SIZES, KERNEL, STRIDES = (9, 7, 5), (3, 2, 1), (2, 3, 1)


def first(make: Callable[..., Any], reference: Any, *shape: int, **o: Any) -> Row:
    """Return the row of a layer that is told that channels come before places."""
    return one(
        make,
        lambda x, *w: np.moveaxis(reference(np.moveaxis(x, 1, -1), *w), -1, 1),
        *(shape[0], shape[-1], *shape[1:-1]),
        data_format="channels_first",
        **o,
    )


def biased(reference: Any, **o: Any) -> Any:
    """Return a reference with a bias behind."""
    return lambda x, *w: reference(x, *w[:-1], **o) + w[-1]


def _convolutions(rank: int) -> Iterator[tuple[str, Row]]:
    shape = (2, *SIZES[:rank], 4)
    kernel, strides = KERNEL[:rank], STRIDES[:rank]
    base = {"filters": 6, "kernel_size": kernel}
    for padding in ("valid", "same"):
        same = padding == "same"
        for name, asked, known in (
            ("strided", {"strides": strides}, {"strides": strides}),
            ("dilated", {"dilation_rate": strides}, {"dilation": strides}),
            ("grouped", {"groups": 2, "strides": strides}, {"groups": 2, "strides": strides}),
        ):
            if name == "grouped" and (rank, same) != (1, True):  # each is compiled
                continue
            reference = biased(grouped, same=same, **known)
            yield (
                f"Conv{rank}D_{name}_{padding}",
                one(
                    getattr(layers, f"Conv{rank}D"),
                    reference,
                    *shape,
                    **base,
                    **asked,
                    padding=padding,
                ),
            )
        for name, asked, known in (
            ("strided", {"strides": strides}, {"strides": strides}),
            (
                "longer",
                {"strides": (3,) * rank, "output_padding": (1, 2, 0)[:rank]},
                {"strides": 3, "longer": (1, 2, 0)[:rank]},
            ),
        ):
            yield (
                f"Conv{rank}DTranspose_{name}_{padding}",
                one(
                    getattr(layers, f"Conv{rank}DTranspose"),
                    biased(transposed, same=same, **known),
                    *(2, *(4, 3, 2)[:rank], 3),
                    filters=2,
                    kernel_size=KERNEL[:rank],
                    padding=padding,
                    **asked,
                ),
            )
        if rank == 3:
            continue
        for name, asked, known in (
            ("strided", {"strides": 2}, {"strides": 2}),
            ("dilated", {"dilation_rate": (3, 2)[:rank]}, {"dilation": (3, 2)[:rank]}),
            (
                "both",
                {"strides": (2, 1)[:rank], "dilation_rate": (2, 3)[:rank]},
                {"strides": (2, 1)[:rank], "dilation": (2, 3)[:rank]},
            ),
        ):
            for turn, order in ((one, ""), (first, "_first"))[: 1 + same]:
                given = {"depth_multiplier": 2, "padding": padding, "kernel_size": kernel} | asked
                yield (
                    f"DepthwiseConv{rank}D_{name}_{padding}{order}",
                    turn(
                        getattr(layers, f"DepthwiseConv{rank}D"),
                        biased(depthwise, same=same, **known),
                        *shape,
                        **given,
                    ),
                )
                yield (
                    f"SeparableConv{rank}D_{name}_{padding}{order}",
                    turn(
                        getattr(layers, f"SeparableConv{rank}D"),
                        biased(separable, same=same, **known),
                        *shape,
                        filters=6,
                        **given,
                    ),
                )


ROWS: dict[str, Row] = {name: row for rank in (1, 2, 3) for name, row in _convolutions(rank)}
