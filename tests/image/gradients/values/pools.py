"""Pools with another number for each axis, channels last and first."""

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


def _pools(rank: int) -> Iterator[tuple[str, Row]]:
    shape, size, strides = (2, *SIZES[:rank], 3), KERNEL[:rank], STRIDES[:rank]
    axes = tuple(range(1, rank + 1))
    for (kind, choose), (turn, order) in product(
        {"Max": np.nanmax, "Average": np.nanmean}.items(), TURNS
    ):
        for padding, step in (("valid", strides), ("same", strides), ("valid", None)):
            if order and padding == "valid":
                continue
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


ROWS: dict[str, Row] = {name: row for rank in (1, 2, 3) for name, row in _pools(rank)}
