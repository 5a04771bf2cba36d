"""Layers that cut, pad, repeat and reorder: every edge at 0 and not, channels first and last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
from keras import layers

from gradients.values.calls.pictures import first
from gradients.values.calls.resampling import KERNELS, resized
from gradients.values.layers import Row, one

#: By rank: how much lies before and behind along each axis, each edge other than the next.
EDGES = {1: ((1, 2),), 2: ((1, 2), (2, 1)), 3: ((1, 2), (2, 1), (1, 3))}
SIZES = {1: (5,), 2: (5, 4), 3: (5, 4, 6)}
REPEATS = {1: (3,), 2: (3, 2), 3: (3, 2, 4)}


def _first(row: Row) -> Row:
    """Return the row of the same layer, told that channels come before places."""
    (shape,) = row.shapes
    return replace(
        row,
        make=lambda **o: row.make(data_format="channels_first", **o),
        reference=lambda x: np.moveaxis(row.reference(np.moveaxis(x, 1, -1)), -1, 1),
        shapes=((shape[0], shape[-1], *shape[1:-1]),),
    )


def _rows(rank: int) -> Iterator[tuple[str, Row]]:
    """Yield rows of places of that many axes, between samples and channels."""
    shape = (2, *SIZES[rank], 3)
    for kept in product((0, 1), repeat=2 * rank):
        # An edge of 0 is told from others by ways of its own.
        halves = zip(kept[::2], kept[1::2], strict=True)
        edges = [
            (a * before, b * behind)
            for (before, behind), (a, b) in zip(EDGES[rank], halves, strict=True)
        ]
        within = (
            slice(None),
            *(slice(a, n - b) for (a, b), n in zip(edges, SIZES[rank], strict=True)),
        )
        given: Any = edges[0] if rank == 1 else tuple(edges)
        name = "".join(map(str, kept))
        if rank < 3 or kept[::2] == (1, 1, 1):
            kind = getattr(layers, f"Cropping{rank}D")
            yield (
                f"Cropping_{name}",
                one(kind, lambda x, within=within: x[within], *shape, cropping=given),
            )
        if kept in ((1,) * 2 * rank, (0, 1) * rank):
            kind = getattr(layers, f"ZeroPadding{rank}D")
            around = [(0, 0), *edges, (0, 0)]
            yield (
                f"ZeroPadding_{name}",
                one(kind, lambda x, around=around: np.pad(x, around), *shape, padding=given),
            )
    alike: Any = 1 if rank == 1 else (1, 2, 0)[:rank]
    by = [1] if rank == 1 else list(alike)
    yield (
        "ZeroPadding_alike",
        one(
            getattr(layers, f"ZeroPadding{rank}D"),
            lambda x: np.pad(x, [(0, 0), *((n, n) for n in by), (0, 0)]),
            *shape,
            padding=alike,
        ),
    )
    repeats = REPEATS[rank]

    def repeated(x: np.ndarray) -> np.ndarray:
        for axis, times in enumerate(repeats, 1):
            x = x.repeat(times, axis)
        return x

    yield (
        "UpSampling",
        one(
            getattr(layers, f"UpSampling{rank}D"),
            repeated,
            *shape,
            size=repeats if rank > 1 else repeats[0],
        ),
    )


def _flat(rank: int) -> Row:
    """Return the row of channels that come first, and are put last before all is one axis."""
    return one(
        layers.Flatten,
        lambda x: np.moveaxis(x, 1, -1).reshape(2, -1),
        *(2, 3, 4, 5)[:rank],
        data_format="channels_first",
    )


RESHAPED: dict[str, Row] = {
    f"{name}_{rank}D": row for rank in (1, 2, 3) for name, row in _rows(rank)
}
RESHAPED |= {
    f"{name}_first": _first(row)
    for name, row in RESHAPED.items()
    if not name.endswith("1D") or name.startswith("ZeroPadding")
}
RESHAPED["UpSampling_bilinear"] = one(
    layers.UpSampling2D,
    lambda x: first(resized(np.moveaxis(x, 1, -1), (10, 12), KERNELS["bilinear"], smooth=False)),
    *(2, 3, 5, 4),
    size=(2, 3),
    interpolation="bilinear",
    data_format="channels_first",
    dtype="float32",
)
RESHAPED |= {f"Flatten_{rank}_first": _flat(rank) for rank in (2, 3, 4)}
RESHAPED |= {
    "Permute_turn": one(
        layers.Permute, lambda x: x.transpose(0, 2, 3, 1), 2, 3, 4, 5, dims=(2, 3, 1)
    ),
    "Reshape_column": one(
        layers.Reshape, lambda x: x.reshape(2, 3, 1, 4), 2, 3, 4, target_shape=(3, 1, 4)
    ),
    "Reshape_ones": one(
        layers.Reshape, lambda x: x.reshape(2, 1, 12, 1), 2, 3, 4, target_shape=(1, 12, 1)
    ),
    "Flatten_number": one(layers.Flatten, lambda x: x[:, None], 2),
}
