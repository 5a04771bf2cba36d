"""tf.nn's transposes of convolutions, and pools: another stride, size and padding for each axis."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from gradients.values.calls import Rows
from gradients.values.windows import convolve, pooled, transposed

_random = np.random.default_rng(98)
#: For one, two and three axes of places: what is spread, and a kernel.
SPREAD = [_random.standard_normal((2, *size, 3)) for size in ((5,), (4, 5), (2, 3, 2))]
KERNELS = [_random.standard_normal((*size, 2, 3)) for size in ((4,), (3, 4), (2, 3, 2))]
STEPS = [(3,), (3, 2), (1, 2, 3)]
TRANSPOSES = (tf.nn.conv1d_transpose, tf.nn.conv2d_transpose, tf.nn.conv3d_transpose)
PLACES = [_random.standard_normal((2, *size, 3)) for size in ((9,), (7, 8), (4, 5, 6))]
WINDOWS, PACES = [(3,), (3, 2), (2, 3, 2)], [(2,), (1, 2), (2, 1, 2)]
PLANES = _random.standard_normal((3, 4, 5, 2)).astype("float32")
SCALE, OFFSET, MEAN, VARIANCE = np.float32(_random.uniform(0.5, 2, (4, 2)))


def _transposed(rank: int, *, same: bool) -> list[Any]:
    """Return what TensorFlow spreads, told the size; strides as a list, and as one number."""
    x, kernel, found = SPREAD[rank], KERNELS[rank], []
    for strides in (STEPS[rank], (2,) * (rank + 1)):
        size = transposed(x, kernel, strides, same=same).shape
        given = strides[0] if len(set(strides)) == 1 else list(strides)
        found.append(
            TRANSPOSES[rank](x, kernel, size, given, "SAME" if same else "VALID")
            if rank < 2
            else tf.nn.conv_transpose(x, kernel, size, given, "SAME" if same else "VALID")
        )
    return found


def _convolved(rank: int) -> list[Any]:
    x, kernel = PLACES[rank], KERNELS[rank].swapaxes(-1, -2)
    return [
        tf.nn.convolution(x, kernel, list(PACES[rank]), "SAME"),
        tf.nn.convolution(x, kernel, PACES[rank][0], "VALID"),
    ]


def _pooled(rank: int, kind: str) -> list[Any]:
    x, window, pace = PLACES[rank].astype("float32"), list(WINDOWS[rank]), list(PACES[rank])
    general = {"MAX": tf.nn.max_pool, "AVG": tf.nn.avg_pool}[kind]
    return [
        *(general(x, window, pace, padding) for padding in ("SAME", "VALID")),
        tf.nn.pool(x, window, kind, [min(w, p) for w, p in zip(window, pace, strict=True)], "SAME"),
    ]


def _fused(**options: Any) -> list[Any]:
    return list(tf.compat.v1.nn.fused_batch_norm(PLANES, SCALE, OFFSET, epsilon=0.25, **options))


def fused(mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Return planes that are normalized by what is given."""
    return (PLANES - mean) / np.sqrt(variance + 0.25) * SCALE + OFFSET


BATCH = [PLANES.astype("float64").mean((0, 1, 2)), PLANES.astype("float64").var((0, 1, 2), ddof=1)]
ROWS: Rows = {
    **{
        f"spread_{rank + 1}_{same:d}": (
            lambda rank=rank, same=same: _transposed(rank, same=same),
            [
                transposed(SPREAD[rank], KERNELS[rank], strides, same=same)
                for strides in (STEPS[rank], 2)
            ],
        )
        for rank in range(3)
        for same in (False, True)
    },
    **{
        f"convolved_{rank + 1}": (
            lambda rank=rank: _convolved(rank),
            [
                convolve(PLACES[rank], KERNELS[rank].swapaxes(-1, -2), PACES[rank], same=True),
                convolve(PLACES[rank], KERNELS[rank].swapaxes(-1, -2), PACES[rank][0]),
            ],
        )
        for rank in range(3)
    },
    **{
        f"single_pooled_{kind}_{rank + 1}": (
            lambda rank=rank, kind=kind: _pooled(rank, kind),
            [
                pooled(PLACES[rank], choose, WINDOWS[rank], PACES[rank], same=True),
                pooled(PLACES[rank], choose, WINDOWS[rank], PACES[rank]),
                pooled(PLACES[rank], choose, WINDOWS[rank], PACES[rank], same=True),
            ],
        )
        for rank in range(3)
        for kind, choose in (("MAX", np.nanmax), ("AVG", np.nanmean))
    },
    "single_fused": (
        lambda: [
            *_fused(),
            *_fused(mean=MEAN, variance=VARIANCE, is_training=False)[:1],
            *_fused(mean=MEAN, variance=VARIANCE, exponential_avg_factor=0.25),
        ],
        [
            *(fused(BATCH[0], PLANES.var((0, 1, 2))), *BATCH, fused(MEAN, VARIANCE)),
            fused(BATCH[0], PLANES.var((0, 1, 2))),
            *(0.75 * MEAN + 0.25 * BATCH[0], 0.75 * VARIANCE + 0.25 * BATCH[1]),
        ],
    ),
}
