"""Convolutions, pools and what moves pixels, in NumPy, in one, two and three dimensions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from keras import layers
from numpy.lib.stride_tricks import sliding_window_view

from gradients.values.layers import Row, one
from gradients.values.saved import at_least_1

#: Odd on purpose: a stride of 2 leaves a remainder.
SIZES = (7, 5, 6)
#: One number for all axes, or one for each.
Each = int | tuple[int, ...]
KERNEL = (3, 2, 2)


def each(number: Each, rank: int) -> tuple[int, ...]:
    """Return a number for each axis."""
    return (number,) * rank if isinstance(number, int) else tuple(number)


def padded(x: np.ndarray, kernel: Any, strides: Each, fill: float) -> np.ndarray:
    """Return an input to which "same" padding is added, more of it behind."""
    edges = [(0, 0)]
    for size, width, step in zip(x.shape[1:-1], kernel, each(strides, len(kernel)), strict=True):
        total = max((-(-size // step) - 1) * step + width - size, 0)
        edges.append((total // 2, total - total // 2))
    return np.pad(x, [*edges, (0, 0)], constant_values=fill)


def spans(kernel: Any, dilation: Each) -> list[int]:
    """Return how far a kernel with gaps reaches."""
    gaps = each(dilation, len(kernel))
    return [(width - 1) * gap + 1 for width, gap in zip(kernel, gaps, strict=True)]


def windows(x: np.ndarray, kernel: Any, strides: Each = 1, dilation: Each = 1) -> np.ndarray:
    """Return what each position of the output sees: batch, places, channel, then the window."""
    view = sliding_window_view(x, spans(kernel, dilation), axis=tuple(range(1, x.ndim - 1)))
    places, inside = (
        [slice(None, None, step) for step in each(steps, len(kernel))]
        for steps in (strides, dilation)
    )
    return view[(slice(None), *places, slice(None), *inside)]


def convolve(
    x: np.ndarray, w: np.ndarray, strides: Each = 1, dilation: Each = 1, same: bool = False
) -> np.ndarray:
    """Return the products of windows with a kernel: sizes, channels in, channels out."""
    kernel = w.shape[:-2]
    if same:
        x = padded(x, spans(kernel, dilation), strides, 0)
    seen, rank = windows(x, kernel, strides, dilation), len(kernel)
    axes = (rank + 1, *range(rank + 2, 2 * rank + 2))
    return np.tensordot(seen, w, axes=(axes, (rank, *range(rank))))


def by_group(x: np.ndarray, w: np.ndarray, groups: int) -> np.ndarray:
    """Return the convolution of each group of channels with its part of the kernel."""
    pairs = zip(np.split(x, groups, -1), np.split(w, groups, -1), strict=True)
    return np.concatenate([convolve(*pair) for pair in pairs], axis=-1)


def depthwise(x: np.ndarray, w: np.ndarray, strides: int = 1) -> np.ndarray:
    """Return the convolution of each channel with kernels of its own."""
    parts = [convolve(x[..., [c]], w[..., [c], :], strides, same=True) for c in range(x.shape[-1])]
    return np.concatenate(parts, axis=-1)


def transposed(x: np.ndarray, w: np.ndarray, strides: int, same: bool) -> np.ndarray:
    """Return the sum of kernels, sizes, channels out, channels in, each put where it came from."""
    kernel = w.shape[:-2]
    sizes = [(n - 1) * strides + k for n, k in zip(x.shape[1:-1], kernel, strict=True)]
    found = np.zeros((len(x), *sizes, w.shape[-2]))
    for place in np.ndindex(*x.shape[1:-1]):
        where = tuple(
            slice(p * strides, p * strides + k) for p, k in zip(place, kernel, strict=True)
        )
        found[(slice(None), *where)] += np.moveaxis(
            x[(slice(None), *place)] @ np.moveaxis(w, -1, -2), -2, 0
        )
    if not same:
        return found
    starts = [max(k - strides, 0) // 2 for k in kernel]
    ends = [start + n * strides for start, n in zip(starts, x.shape[1:-1], strict=True)]
    return found[(slice(None), *map(slice, starts, ends))]


def pool(choose: Callable[..., np.ndarray], *, same: bool) -> Callable[[np.ndarray], np.ndarray]:
    """Return pools of 2 at a stride of 2; what is padded is not counted."""

    def reference(x: np.ndarray) -> np.ndarray:
        rank = x.ndim - 2
        given = padded(x, (2,) * rank, 2, np.nan) if same else x
        return choose(windows(given, (2,) * rank, 2), axis=tuple(range(-rank, 0)))

    return reference


def adaptive(choose: Callable[..., np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    """Return as many pools as are asked for, three, whatever the size."""

    def reference(x: np.ndarray) -> np.ndarray:
        for axis in range(1, x.ndim - 1):
            size = x.shape[axis]
            cuts = [slice(i * size // 3, -(-(i + 1) * size // 3)) for i in range(3)]
            parts = [np.moveaxis(x, axis, 0)[cut] for cut in cuts]
            x = np.moveaxis(np.stack([choose(part, axis=0) for part in parts]), 0, axis)
        return x

    return reference


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
                lambda x, w, b, same=same: transposed(x, w, 2, same) + b,
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
                pool(np.nanmax, same=same),
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
                pool(np.nanmean, same=same),
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
        one(kind("AdaptiveMaxPooling"), adaptive(np.max), *shape, output_size=3, **single),
    )
    yield (
        "AdaptiveAverage",
        one(kind("AdaptiveAveragePooling"), adaptive(np.mean), *shape, output_size=3, **single),
    )
    yield "UpSampling", one(kind("UpSampling"), _spread, *shape)
    yield "ZeroPadding", one(kind("ZeroPadding"), _around, *shape, padding=edges)
    yield "Cropping", one(kind("Cropping"), _within, *shape, cropping=edges)
    if rank < 3:
        yield (
            "DepthwiseConv",
            one(
                kind("DepthwiseConv"),
                lambda x, w, b: depthwise(x, w, 2) + b,
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
                lambda x, w, p, b: convolve(depthwise(x, w), p) + b,
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
CONVOLUTIONS["Conv_groups"] = one(
    layers.Conv2D,
    lambda x, w, b: by_group(x, w, 2) + b,
    *(2, 7, 5, 4),
    filters=6,
    kernel_size=3,
    groups=2,
)
