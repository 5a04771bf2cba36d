"""Windows of arrays: convolutions, their transposes, and pools of any size, stride and gap.

Batch first, then one to three axes of places, then channels; a kernel's sizes come before them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

#: One number for all axes, or one for each.
Each = int | tuple[int, ...]


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


def grouped(x: np.ndarray, w: np.ndarray, groups: int = 1, **o: Any) -> np.ndarray:
    """Return the convolution of each group of channels with its part of the kernel."""
    pairs = zip(np.split(x, groups, -1), np.split(w, groups, -1), strict=True)
    return np.concatenate([convolve(*pair, **o) for pair in pairs], axis=-1)


def depthwise(x: np.ndarray, w: np.ndarray, **o: Any) -> np.ndarray:
    """Return the convolutions of each channel, one channel after the other."""
    parts = [convolve(x[..., [c]], w[..., [c], :], **o) for c in range(x.shape[-1])]
    return np.concatenate(parts, axis=-1)


def transposed(
    x: np.ndarray,
    w: np.ndarray,
    strides: Each = 1,
    dilation: Each = 1,
    longer: Each | None = None,
    same: bool = False,
) -> np.ndarray:
    """Return the sum of kernels, each put where it came from, cut to the size that is asked for."""
    rank, reach = x.ndim - 2, spans(w.shape[:-2], dilation)
    steps, gaps = each(strides, rank), each(dilation, rank)
    whole = [(n - 1) * s + r for n, s, r in zip(x.shape[1:-1], steps, reach, strict=True)]
    found = np.zeros((len(x), *whole, w.shape[-2]))
    for place in np.ndindex(*x.shape[1:-1]):
        for inside in np.ndindex(*w.shape[:-2]):
            where = tuple(
                p * s + i * g for p, s, i, g in zip(place, steps, inside, gaps, strict=True)
            )
            found[(slice(None), *where)] += x[(slice(None), *place)] @ w[inside].T
    if longer is None:
        sizes = [
            n * s if same else (n - 1) * s + max(r, s)
            for n, s, r in zip(x.shape[1:-1], steps, reach, strict=True)
        ]
    else:
        extra = each(longer, rank)
        sizes = [
            size - (2 * (r // 2) if same else 0) + e
            for size, r, e in zip(whole, reach, extra, strict=True)
        ]
    starts = [max(a - b, 0) // 2 if same else 0 for a, b in zip(whole, sizes, strict=True)]
    lacking = [
        (0, max(start + size - have, 0))
        for start, size, have in zip(starts, sizes, whole, strict=True)
    ]
    found = np.pad(found, [(0, 0), *lacking, (0, 0)])
    cut = [slice(start, start + size) for start, size in zip(starts, sizes, strict=True)]
    return found[(slice(None), *cut)]


def separable(x: np.ndarray, w: np.ndarray, point: np.ndarray, **o: Any) -> np.ndarray:
    """Return the products of channels' convolutions."""
    return convolve(depthwise(x, w, **o), point)


def pooled(
    x: np.ndarray, choose: Callable[..., np.ndarray], size: Each, strides: Each, same: bool = False
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
