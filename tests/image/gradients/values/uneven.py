"""Convolutions with another number for each axis: strides, gaps, groups, what is added behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from keras import layers

from gradients.values.convolutions import Each, convolve, each, spans
from gradients.values.layers import Row, one

#: Sizes, windows and strides, no two alike, and no size that is a number of channels.
SIZES, KERNEL, STRIDES = (9, 7, 5), (3, 2, 1), (2, 3, 1)


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


def separable(x: np.ndarray, w: np.ndarray, point: np.ndarray, **o: Any) -> np.ndarray:
    """Return the products of channels' convolutions."""
    return convolve(depthwise(x, w, **o), point)


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
