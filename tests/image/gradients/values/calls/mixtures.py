"""Types that are mixed, what is drawn by a seed and used, diagonals by where they are kept."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf
from scipy.special import log_softmax

from gradients.values.calls import Rows
from gradients.values.calls.formulas import mean_and_variance
from gradients.values.calls.inputs import IDS, IMAGES, POSITIVE, TABLE, UNIT, X, Y
from gradients.values.calls.nn import ONE_HOT, sparse

SINGLE, SEED = IMAGES.astype("float32"), (4, 7)
HALF, HALF_TABLE = X.astype("float16"), TABLE.astype("float16")
#: Exactly as the sixteen bits have them.
ROUND, ROUND_TABLE = HALF.astype("float64"), HALF_TABLE.astype("float64")
WEIGHTS = np.array([0.5, 2.0, 3.0, 1.5, 0.25])
NORM = np.float32(np.linalg.norm(ROUND))
SHORT = 1.25 / NORM
SUMMED = np.stack(
    [
        *(0.5 * ROUND_TABLE[1] + 2 * ROUND_TABLE[4], 3 * ROUND_TABLE[5]),
        1.75 * ROUND_TABLE[2],
    ]
)
#: What is drawn between two bounds, and what is made of pictures by that.
DRAWN: dict[str, tuple[Any, tuple[float, float], Any]] = {
    "brightness": (tf.image.stateless_random_brightness, (-0.3, 0.3), tf.image.adjust_brightness),
    "contrast": (tf.image.stateless_random_contrast, (0.4, 1.5), tf.image.adjust_contrast),
    "hue": (tf.image.stateless_random_hue, (-0.3, 0.3), tf.image.adjust_hue),
    "saturation": (tf.image.stateless_random_saturation, (0.4, 1.5), tf.image.adjust_saturation),
}
#: By how diagonals are laid into rows, the two that are shorter than the middle one.
LAID = {
    "LEFT_LEFT": ([0, 1], [0, 1]),
    "RIGHT_RIGHT": ([1, 2], [1, 2]),
    "LEFT_RIGHT": ([0, 1], [1, 2]),
    "RIGHT_LEFT": ([1, 2], [0, 1]),
}


def _drawn(name: str) -> Any:
    function, (low, high), adjust = DRAWN[name]
    bounds = (high,) if low == -high else (low, high)
    by = tf.random.stateless_uniform([], SEED, low, high)
    return function(SINGLE, *bounds, seed=SEED) - adjust(SINGLE, by)


def _flips(function: Any, turned: np.ndarray) -> list[int]:
    """Return how many pictures come by eight seeds, and how many that are neither of two."""
    found = {function(SINGLE[:1], (number, 7)).numpy().tobytes() for number in range(8)}
    return [len(found), len(found - {SINGLE[:1].tobytes(), turned.tobytes()})]


def diagonals(matrix: np.ndarray, align: str) -> np.ndarray:
    """Return the diagonals above, on and below, each laid to an end of its row."""
    above, below = LAID[align]
    found = np.zeros((3, 3))
    found[1] = np.diagonal(matrix)
    found[0, above] = np.diagonal(matrix, 1)
    found[2, below] = np.diagonal(matrix, -1)
    return found


BANDED = np.triu(np.tril(X[:, :3], 1), -1)
ROWS: Rows = {
    "half": (
        lambda: [
            tf.nn.softmax_cross_entropy_with_logits(np.float32(ONE_HOT), HALF),
            tf.nn.softmax_cross_entropy_with_logits(np.int32(ONE_HOT > 0.5), HALF),
            tf.nn.batch_normalization(HALF, np.float32(Y), np.float32(POSITIVE), None, UNIT, 0.25),
            *tf.nn.weighted_moments(HALF, [1], POSITIVE),
            tf.clip_by_norm(HALF, tf.constant(1.25)),
            *tf.clip_by_global_norm([HALF[:1], ROUND[1:]], 1.25, use_norm=tf.constant(NORM))[0],
            tf.nn.silu(HALF, tf.constant(1.5)),
            *(
                tf.nn.embedding_lookup_sparse(
                    *(HALF_TABLE, sparse([1, 4, 5, 2, 2]), sparse(WEIGHTS), combiner)
                )
                for combiner in ("sum", "mean")
            ),
            tf.gather(HALF_TABLE, tf.constant(IDS, "int16")),
        ],
        [
            -(ONE_HOT * log_softmax(ROUND, 1)).sum(1),
            -((ONE_HOT > 0.5) * log_softmax(ROUND, 1)).sum(1),
            (ROUND - Y) / np.sqrt(POSITIVE + 0.25) * UNIT,
            *mean_and_variance(ROUND, POSITIVE, 1),
            *(ROUND * SHORT, ROUND[:1] * SHORT, ROUND[1:] * SHORT),
            ROUND / (1 + np.exp(-1.5 * ROUND)),
            *(SUMMED, SUMMED / np.array([[2.5], [3], [1.75]])),
            ROUND_TABLE[IDS],
        ],
    ),
    **{f"drawn_{name}": (partial(_drawn, name), 0 * IMAGES) for name in DRAWN},
    "drawn_flips": (
        lambda: [
            *_flips(tf.image.stateless_random_flip_left_right, SINGLE[:1, :, ::-1]),
            *_flips(tf.image.stateless_random_flip_up_down, SINGLE[:1, ::-1]),
        ],
        [2, 0, 2, 0],
    ),
    **{
        f"diagonals_{align}": (
            lambda align=align: [
                tf.linalg.diag_part(X[:, :3], k=(-1, 1), align=align),
                tf.linalg.diag(diagonals(X[:, :3], align), k=(-1, 1), align=align),
                tf.linalg.set_diag(X[:, :3], diagonals(Y[:, :3], align), k=(-1, 1), align=align),
            ],
            [
                *(diagonals(X[:, :3], align), BANDED),
                X[:, :3] - BANDED + np.triu(np.tril(Y[:, :3], 1), -1),
            ],
        )
        for align in LAID
    },
    "parted": (
        lambda: [
            *tf.dynamic_partition(X, [1, 0, 1], 3),
            *tf.dynamic_partition(X, np.int32(X > 0), 2),
            tf.dynamic_stitch([[2, 0], [[1, 3]]], [X[:2], Y[None, :2]]),
            tf.tensor_scatter_nd_add(X, [[1], [1], [0]], Y),
            tf.tensor_scatter_nd_sub(X, [[1, 2], [1, 2]], [2.0, 3.0])[1, 2],
            tf.scatter_nd([[2], [0], [2]], X, [4, 4]),
        ],
        [
            *(X[[1]], X[[0, 2]], X[:0], X[X <= 0], X[X > 0], np.stack([X[1], Y[0], X[0], Y[1]])),
            *(np.stack([X[0] + Y[2], X[1] + Y[0] + Y[1], X[2]]), X[1, 2] - 5),
            np.stack([X[1], 0 * X[0], X[0] + X[2], 0 * X[0]]),
        ],
    ),
}
