"""Pools, and what moves, repeats or leaves out places, with another number for each axis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from keras import layers

from gradients.values.convolutions import Each, each, padded, windows
from gradients.values.layers import Row, one
from gradients.values.uneven import KERNEL, SIZES, STRIDES, first

#: A CPU has no three-dimensional pools in float64.
SINGLE = {3: {"dtype": "float32"}}
TURNS: tuple[tuple[Callable[..., Row], str], ...] = ((one, ""), (first, "_first"))


def pooled(
    x: np.ndarray, choose: Callable[..., np.ndarray], size: Each, strides: Each, same: bool
) -> np.ndarray:
    """Return what is chosen of each window; what is padded is not counted."""
    rank = x.ndim - 2
    whole = padded(x, each(size, rank), strides, np.nan) if same else x
    return choose(windows(whole, each(size, rank), strides), axis=tuple(range(-rank, 0)))


def adaptive(x: np.ndarray, choose: Callable[..., np.ndarray], sizes: Any) -> np.ndarray:
    """Return as many windows as are asked for along each axis."""
    for axis, into in enumerate(sizes, 1):
        moved = np.moveaxis(x, axis, 0)
        cuts = [
            slice(i * len(moved) // into, -(-(i + 1) * len(moved) // into)) for i in range(into)
        ]
        x = np.moveaxis(np.stack([choose(moved[cut], axis=0) for cut in cuts]), 0, axis)
    return x


def repeated(x: np.ndarray, sizes: Any) -> np.ndarray:
    """Return each place several times, by its axis."""
    for axis, size in enumerate(sizes, 1):
        x = np.repeat(x, size, axis)
    return x


def cut(x: np.ndarray, edges: Any) -> np.ndarray:
    """Return what is left without the edges."""
    inner = [slice(a, n - b) for (a, b), n in zip(edges, x.shape[1:-1], strict=True)]
    return x[(slice(None), *inner)]


def _pools(rank: int) -> Iterator[tuple[str, Row]]:
    shape, size, strides = (2, *SIZES[:rank], 3), KERNEL[:rank], STRIDES[:rank]
    axes = tuple(range(1, rank + 1))
    for (kind, choose), (turn, order) in product(
        {"Max": np.nanmax, "Average": np.nanmean}.items(), TURNS
    ):
        for padding, step in (("valid", strides), ("same", strides), ("valid", None)):
            yield (
                f"{kind}Pooling{rank}D_{padding}_{step}{order}",
                turn(
                    getattr(layers, f"{kind}Pooling{rank}D"),
                    partial(
                        pooled,
                        choose=choose,
                        size=size,
                        strides=step or size,
                        same=padding == "same",
                    ),
                    *shape,
                    pool_size=size,
                    strides=step,
                    padding=padding,
                    **SINGLE.get(rank, {}),
                ),
            )
        yield (
            f"Adaptive{kind}Pooling{rank}D{order}",
            turn(
                getattr(layers, f"Adaptive{kind}Pooling{rank}D"),
                partial(adaptive, choose=choose, sizes=(3, 2, 4)[:rank]),
                *shape,
                output_size=(3, 2, 4)[:rank],
                **SINGLE.get(rank, {}),
            ),
        )
        yield (
            f"Global{kind}Pooling{rank}D_kept{order}",
            turn(
                getattr(layers, f"Global{kind}Pooling{rank}D"),
                partial(choose, axis=axes, keepdims=True),
                *shape,
                keepdims=True,
            ),
        )


#: Of each axis: nothing behind, nothing before, both, nothing at all.
EDGES = ((1, 0), (0, 2), (2, 1), (0, 0))


def _edges(rank: int) -> Iterator[tuple[str, Row]]:
    shape = (2, *SIZES[:rank], 3)
    for turn, order in TURNS if rank > 1 else TURNS[:1]:
        yield (
            f"UpSampling{rank}D{order}",
            turn(
                getattr(layers, f"UpSampling{rank}D"),
                partial(repeated, sizes=(2, 3, 4)[:rank]),
                *shape,
                size=(2, 3, 4)[:rank] if rank > 1 else 2,
            ),
        )
        # By whether anything is cut behind, axis by axis: each has a branch of its own.
        for ends in product((0, 2), repeat=rank):
            edges = tuple(zip((1, 0, 2), ends, strict=False))
            yield (
                f"Cropping{rank}D_{''.join(map(str, ends))}{order}",
                turn(
                    getattr(layers, f"Cropping{rank}D"),
                    partial(cut, edges=edges),
                    *shape,
                    cropping=edges if rank > 1 else edges[0],
                ),
            )
    for turn, order in TURNS:
        edges = EDGES[:rank]
        yield (
            f"ZeroPadding{rank}D{order}",
            turn(
                getattr(layers, f"ZeroPadding{rank}D"),
                lambda x, edges=edges: np.pad(x, [(0, 0), *edges, (0, 0)]),
                *shape,
                padding=edges if rank > 1 else edges[0],
            ),
        )


ROWS: dict[str, Row] = {
    **{name: row for rank in (1, 2, 3) for name, row in _pools(rank)},
    **{name: row for rank in (1, 2, 3) for name, row in _edges(rank)},
    "Flatten_first": first(layers.Flatten, lambda x: x.reshape(2, -1), 2, 3, 4, 5, 2),
}
