"""Keras's layers that convolve, pool and move pixels, in one, two and three dimensions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from keras import layers

from gradients.values.layers import Row, one
from gradients.values.saved import at_least_1
from gradients.values.windows import (
    adaptive,
    convolve,
    depthwise,
    grouped,
    pooled,
    separable,
    transposed,
)

#: Odd on purpose: a stride of 2 leaves a remainder.
SIZES = (7, 5, 6)
KERNEL = (3, 2, 2)


def _spread(x: np.ndarray) -> np.ndarray:
    for axis in range(1, x.ndim - 1):
        x = np.repeat(x, 2, axis=axis)
    return x


def _around(x: np.ndarray) -> np.ndarray:
    return np.pad(x, [(0, 0), *[(1, 2)] * (x.ndim - 2), (0, 0)])


def _within(x: np.ndarray) -> np.ndarray:
    return x[(slice(None), *[slice(1, -2)] * (x.ndim - 2))]


def _rows(rank: int) -> Iterator[tuple[str, Row]]:
    shape, kernel, axes = (2, *SIZES[:rank], 4), KERNEL[:rank], tuple(range(1, rank + 1))
    # A CPU has no three-dimensional pools in float64.
    single = {"dtype": "float32"} if rank == 3 else {}
    edges = ((1, 2),) * rank if rank > 1 else (1, 2)

    def kind(name: str) -> Any:
        return getattr(layers, f"{name}{rank}D")

    base = {"filters": 6, "kernel_size": kernel}
    yield "Conv", one(kind("Conv"), lambda x, w, b: convolve(x, w) + b, *shape, **base)
    yield (
        "Conv_strided",
        one(
            kind("Conv"),
            lambda x, w, b: np.maximum(convolve(x, w, 2, same=True) + b, 1),
            *shape,
            **base,
            strides=2,
            padding="same",
            activation=at_least_1,
        ),
    )
    yield (
        "Conv_dilated",
        one(
            kind("Conv"),
            lambda x, w: convolve(x, w, 1, 2, same=True),
            *shape,
            **base,
            dilation_rate=2,
            padding="same",
            use_bias=False,
        ),
    )
    for same in (False, True):
        yield (
            f"Conv_transposed_{same}",
            one(
                getattr(layers, f"Conv{rank}DTranspose"),
                lambda x, w, b, same=same: transposed(x, w, 2, same=same) + b,
                *shape,
                **base,
                strides=2,
                padding="same" if same else "valid",
            ),
        )
        mode = "same" if same else "valid"
        yield (
            f"MaxPooling_{mode}",
            one(
                kind("MaxPooling"),
                partial(pooled, choose=np.nanmax, size=2, strides=2, same=same),
                *shape,
                pool_size=2,
                padding=mode,
                **single,
            ),
        )
        yield (
            f"AveragePooling_{mode}",
            one(
                kind("AveragePooling"),
                partial(pooled, choose=np.nanmean, size=2, strides=2, same=same),
                *shape,
                pool_size=2,
                padding=mode,
                **single,
            ),
        )
    yield "GlobalMaxPooling", one(kind("GlobalMaxPooling"), lambda x: x.max(axes), *shape)
    yield "GlobalAveragePooling", one(kind("GlobalAveragePooling"), lambda x: x.mean(axes), *shape)
    yield (
        "AdaptiveMax",
        one(
            kind("AdaptiveMaxPooling"),
            partial(adaptive, choose=np.max, sizes=(3,) * rank),
            *shape,
            output_size=3,
            **single,
        ),
    )
    yield (
        "AdaptiveAverage",
        one(
            kind("AdaptiveAveragePooling"),
            partial(adaptive, choose=np.mean, sizes=(3,) * rank),
            *shape,
            output_size=3,
            **single,
        ),
    )
    yield "UpSampling", one(kind("UpSampling"), _spread, *shape)
    yield "ZeroPadding", one(kind("ZeroPadding"), _around, *shape, padding=edges)
    yield "Cropping", one(kind("Cropping"), _within, *shape, cropping=edges)
    if rank < 3:
        yield (
            "DepthwiseConv",
            one(
                kind("DepthwiseConv"),
                lambda x, w, b: depthwise(x, w, strides=2, same=True) + b,
                *shape,
                kernel_size=3,
                strides=2,
                padding="same",
                depth_multiplier=2,
            ),
        )
        yield (
            "SeparableConv",
            one(
                kind("SeparableConv"),
                lambda x, w, p, b: separable(x, w, p, same=True) + b,
                *shape,
                **base | {"kernel_size": 3},
                depth_multiplier=2,
                padding="same",
            ),
        )


def _first(row: Row) -> Row:
    """Return the row of the same layer, told that channels come before places."""

    def turned(x: np.ndarray, *weights: np.ndarray) -> np.ndarray:
        return np.moveaxis(row.reference(np.moveaxis(x, 1, -1), *weights), -1, 1)

    (shape,) = row.shapes
    return replace(
        row,
        make=lambda **o: row.make(data_format="channels_first", **o),
        reference=turned,
        shapes=((shape[0], shape[-1], *shape[1:-1]),),
    )


CONVOLUTIONS = {f"{name}_{rank}": row for rank in (1, 2, 3) for name, row in _rows(rank)}
CONVOLUTIONS |= {
    f"{name}_first": _first(row)
    for name, row in CONVOLUTIONS.items()
    if not name.startswith(("Conv_strided", "Conv_dilated", "UpSampling", "ZeroPadding", "Crop"))
    # A CPU has no others.
    and not name.startswith(("Conv_1", "Conv_2", "Conv_transposed"))
}
CONVOLUTIONS["Conv_causal"] = one(
    layers.Conv1D,
    lambda x, w, b: convolve(np.pad(x, [(0, 0), (4, 0), (0, 0)]), w, 1, 2) + b,
    *(2, 7, 4),
    filters=6,
    kernel_size=3,
    dilation_rate=2,
    padding="causal",
)
CONVOLUTIONS["Conv_causal_strided"] = one(
    layers.Conv1D,
    lambda x, w, b: convolve(np.pad(x, [(0, 0), (2, 0), (0, 0)]), w, 2) + b,
    *(2, 8, 4),
    filters=6,
    kernel_size=3,
    strides=2,
    padding="causal",
)
CONVOLUTIONS["Conv_groups"] = one(
    layers.Conv2D,
    lambda x, w, b: grouped(x, w, 2) + b,
    *(2, 7, 5, 4),
    filters=6,
    kernel_size=3,
    groups=2,
)
