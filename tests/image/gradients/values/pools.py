"""Pools with another number for each axis, channels last and first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product

import numpy as np
from keras import layers

from gradients.values.layers import Row, one
from gradients.values.uneven import KERNEL, SIZES, STRIDES, first
from gradients.values.windows import adaptive, pooled

#: A CPU has no three-dimensional pools in float64.
SINGLE = {3: {"dtype": "float32"}}
TURNS: tuple[tuple[Callable[..., Row], str], ...] = ((one, ""), (first, "_first"))


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
