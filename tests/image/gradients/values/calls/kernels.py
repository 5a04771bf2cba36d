"""tf.nn's convolutions, pools, candidates and lookups: by sizes, gaps, padding and parts."""

from __future__ import annotations

import itertools

import numpy as np
import tensorflow as tf
from scipy.optimize import isotonic_regression

from gradients.values.calls import Rows
from gradients.values.calls.inputs import CUBE, POSITIVE, X
from gradients.values.calls.nn import KERNEL, PICTURES, dilated
from gradients.values.windows import convolve

_random = np.random.default_rng(27)
BATCHES = _random.standard_normal((2, 3, 7, 6, 2)).astype("float32")
SQUARE = _random.standard_normal((2, 4, 2, 3))
STEPS = _random.standard_normal((2, 8, 3))
SHIFTED = _random.standard_normal((3, 2, 3))
TURNED = SHIFTED.transpose(0, 2, 1)
#: In two batches, solids of three sizes, and a kernel.
SOLIDS = _random.standard_normal((2, 2, 4, 3, 5, 2)).astype("float32")
BRICK = _random.standard_normal((2, 1, 2, 2, 3)).astype("float32")
PLANES = _random.standard_normal((2, 7, 6, 2))


def padded(x: np.ndarray, kernel: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Return a dilated convolution of the same size: of what is odd, more stands behind."""
    whole = dilated(kernel, rows, columns)
    more = [size - 1 for size in whole.shape[:2]]
    around = [[0, 0], *([size // 2, size - size // 2] for size in more), [0, 0]]
    return convolve(np.pad(x, around), whole, 1)


def spread(x: np.ndarray, kernel: np.ndarray, size: tuple[int, int], before: tuple[int, int]):
    """Return the transpose of a convolution: what each number adds to a plane, cut to a size."""
    high, wide, channels, _ = kernel.shape
    plane = np.zeros((x.shape[0], x.shape[1] + high, x.shape[2] + wide, channels))
    for row in range(high):
        for column in range(wide):
            part = x @ kernel[row, column].T
            plane[:, row : row + x.shape[1], column : column + x.shape[2]] += part
    return plane[:, before[0] : before[0] + size[0], before[1] : before[1] + size[1]]


def extremes(x: np.ndarray, kernel: np.ndarray, step: int, rate: int, sign: int) -> np.ndarray:
    """Return a dilation's greatest sums, or the least differences with a kernel turned round."""
    high, wide, _ = kernel.shape
    rows = (x.shape[1] - (high - 1) * rate - 1) // step + 1
    columns = (x.shape[2] - (wide - 1) * rate - 1) // step + 1
    parts = [
        x[:, i * rate :: step, j * rate :: step][:, :rows, :columns]
        + sign * kernel[::sign, ::sign][i, j]
        for i in range(high)
        for j in range(wide)
    ]
    return np.max(parts, 0) if sign > 0 else np.min(parts, 0)


def highest(x: np.ndarray, *, batch: bool) -> list[np.ndarray]:
    """Return the maxima of squares of two, and their places, counted over one image or all."""
    number, high, wide, channels = x.shape
    places = np.arange(x.size).reshape(x.shape)
    cut = (slice(None), slice(high - high % 2), slice(wide - wide % 2))
    parts = (number, high // 2, 2, wide // 2, 2, channels)
    squares, at = (
        one[cut]
        .reshape(parts)
        .transpose(0, 1, 3, 5, 2, 4)
        .reshape(number, high // 2, wide // 2, channels, 4)
        for one in (x, places)
    )
    best = squares.argmax(-1)[..., None]
    found = np.take_along_axis(at, best, -1)[..., 0]
    return [squares.max(-1), found if batch else found % (high * wide * channels)]


def _averages(overlapping: bool) -> list[tf.Tensor]:
    """Return a fractional pool, less the means between the bounds that it tells."""
    found, rows, columns = tf.nn.fractional_avg_pool(
        PLANES, [1, 1.5, 1.4, 1], overlapping=overlapping, seed=5
    )
    rows, columns = rows.numpy(), columns.numpy()
    more = int(overlapping)
    means = [
        [
            PLANES[:, top : bottom + more, left : right + more].mean((1, 2))
            for left, right in itertools.pairwise(columns)
        ]
        for top, bottom in itertools.pairwise(rows)
    ]
    return [tf.reduce_max(tf.abs(found - np.moveaxis(np.array(means), 2, 0)))]


def _isotonic(x: np.ndarray, axis: int, *, falling: bool) -> np.ndarray:
    return np.apply_along_axis(
        lambda one: isotonic_regression(one, increasing=not falling).x, axis, x
    )


ROWS: Rows = {
    **{
        f"dilated_{rows}{columns}": (
            lambda rows=rows, columns=columns: tf.nn.convolution(
                PICTURES, SQUARE, padding="SAME", dilations=[rows, columns]
            ),
            padded(PICTURES, SQUARE, rows, columns),
        )
        for rows, columns in ((1, 2), (2, 1), (3, 2))
    },
    "single_dilated_batches": (
        lambda: tf.nn.conv2d(BATCHES, SQUARE.astype("float32"), 1, "VALID", dilations=[3, 1]),
        np.stack([convolve(one, dilated(SQUARE, 3, 1), 1) for one in BATCHES]),
    ),
    "single_convolution_batches": (
        lambda: tf.nn.convolution(BATCHES, SQUARE.astype("float32"), dilations=[2, 1]),
        np.stack([convolve(one, dilated(SQUARE, 2, 1), 1) for one in BATCHES]),
    ),
    "single_strided_batches": (
        lambda: tf.nn.conv2d(BATCHES, KERNEL.astype("float32"), [1, 2], "VALID"),
        np.stack([convolve(one, KERNEL, 1)[:, :, ::2] for one in BATCHES]),
    ),
    "explicit": (
        lambda: tf.nn.conv2d(PICTURES, KERNEL, [2, 1], [[0, 0], [1, 2], [0, 3], [0, 0]]),
        convolve(np.pad(PICTURES, [[0, 0], [1, 2], [0, 3], [0, 0]]), KERNEL, 1)[:, ::2],
    ),
    **{
        f"atrous_transpose_{rate}_{padding}": (
            lambda rate=rate, padding=padding, size=size: tf.nn.atrous_conv2d_transpose(
                PICTURES, SQUARE.transpose(0, 1, 3, 2), [2, *size, 3], rate, padding
            ),
            spread(PICTURES, dilated(SQUARE.transpose(0, 1, 3, 2), rate, rate), size, before),
        )
        for rate, padding, size, before in (
            (1, "VALID", (8, 9), (0, 0)),
            (2, "SAME", (7, 6), (1, 3)),
            (3, "SAME", (7, 6), (1, 4)),
            (2, "VALID", (9, 12), (0, 0)),
        )
    },
    "single_conv1d": (
        lambda: [
            tf.nn.conv1d(STEPS, TURNED, 2, "VALID"),
            tf.nn.conv1d(
                STEPS.astype("float32"), TURNED.astype("float32"), 1, "VALID", dilations=3
            ),
        ],
        [
            convolve(STEPS[:, None], TURNED[None], 1)[:, 0, ::2],
            convolve(STEPS[:, None], dilated(TURNED[None], 1, 3), 1)[:, 0],
        ],
    ),
    "conv1d_transpose": (
        lambda: tf.nn.conv1d_transpose(STEPS, SHIFTED, [2, 10, 2], 1, "VALID"),
        spread(STEPS[:, None], SHIFTED[None], (1, 10), (0, 0))[:, 0],
    ),
    **{
        f"{name}_{step}{rate}": (
            lambda ours=ours, step=step, rate=rate: ours(
                *(PLANES, KERNEL[..., 0], [1, step, step, 1], "VALID", "NHWC", [1, rate, rate, 1])
            ),
            extremes(PLANES, KERNEL[..., 0], step, rate, sign),
        )
        for name, ours, sign in (
            ("dilation", tf.nn.dilation2d, 1),
            ("erosion", tf.nn.erosion2d, -1),
        )
        for step, rate in ((1, 1), (2, 1), (1, 2))
    },
    **{
        f"single_argmax_{batch}": (
            lambda batch=batch: list(
                tf.nn.max_pool_with_argmax(
                    PLANES.astype("float32"), 2, 2, "VALID", include_batch_in_index=batch
                )
            ),
            highest(PLANES, batch=batch),
        )
        for batch in (False, True)
    },
    "single_pools": (
        lambda: [
            tf.nn.avg_pool1d(STEPS, 3, 2, "VALID"),
            tf.nn.max_pool1d(STEPS, 2, 3, "VALID"),
            tf.nn.avg_pool2d(STEPS[:, :, None], [3, 1], [1, 1], "SAME")[:, :, 0],
            tf.nn.pool(STEPS, [3], "AVG", padding="SAME", strides=[2]),
            tf.nn.max_pool2d(PLANES.astype("float32"), 2, 2, [[0, 0], [1, 0], [0, 1], [0, 0]])[
                :, 0, 0
            ],
        ],
        [
            np.stack([STEPS[:, i : i + 3].mean(1) for i in (0, 2, 4)], 1),
            np.stack([STEPS[:, i : i + 2].max(1) for i in (0, 3, 6)], 1),
            np.stack([STEPS[:, max(i - 1, 0) : i + 2].mean(1) for i in range(8)], 1),
            np.stack([STEPS[:, i : i + 3].mean(1) for i in (0, 2, 4, 6)], 1),
            PLANES[:, 0, :2].max(1),
        ],
    ),
    **{
        f"isotonic_{axis}_{falling}": (
            lambda axis=axis, falling=falling: tf.nn.isotonic_regression(
                CUBE, decreasing=falling, axis=axis
            )[0],
            _isotonic(CUBE, axis, falling=falling),
        )
        for axis in (-1, 1)
        for falling in (True, False)
    },
    "poisson_edges": (
        lambda: tf.nn.log_poisson_loss(np.array([0.0, 1.0, 1.5]), X[0, :3], compute_full_loss=True),
        np.exp(X[0, :3])
        - X[0, :3] * [0, 1, 1.5]
        + [0, 0, 1.5 * np.log(1.5) - 1.5 + np.log(3 * np.pi) / 2],
    ),
    "statistics_kept": (
        lambda: tf.nn.sufficient_statistics(CUBE, [0, 2], np.float64(0.5), keepdims=True),
        [8, *(((CUBE - 0.5) ** power).sum((0, 2), keepdims=True) for power in (1, 2)), 0.5],
    ),
    "bias_activated": (
        lambda: [
            tf.compat.v1.nn.xw_plus_b(X, POSITIVE.T, X[0, :3]),
            tf.compat.v1.nn.relu_layer(X, POSITIVE.T, X[0, :3]),
        ],
        [X @ POSITIVE.T + X[0, :3], np.maximum(X @ POSITIVE.T + X[0, :3], 0)],
    ),
    "single_conv3d_batches": (
        lambda: tf.nn.conv3d(SOLIDS, BRICK, [1, 2, 1, 2, 1], "VALID"),
        np.stack([convolve(one, BRICK, 1)[:, ::2, :, ::2] for one in SOLIDS]),
    ),
    "single_max_pool1d_explicit": (
        lambda: tf.nn.max_pool1d(STEPS.astype("float32"), 3, 2, [[0, 0], [1, 2], [0, 0]]),
        np.stack([STEPS[:, max(i - 1, 0) : i + 2].max(1) for i in range(0, 9, 2)], axis=1),
    ),
    "fractional": (
        lambda: [part for overlapping in (False, True) for part in _averages(overlapping)],
        [0.0, 0.0],
    ),
    "moments_half": (
        # Squares that float16 cannot hold, with a mean that it can.
        lambda: tf.nn.moments(tf.constant([[0, 0, 0, 400], [1, 2, 3, 6]], "float16"), [1]),
        [np.array([100, 3]), np.array([30000, 3.5])],
    ),
    "single_isotonic_int8": (
        lambda: tf.nn.isotonic_regression(np.int8([3, 1, 1, 2, 7]), decreasing=False)[0],
        np.array([5 / 3, 5 / 3, 5 / 3, 2, 7]),
    ),
}
