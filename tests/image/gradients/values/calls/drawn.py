"""Calls that mutants, drawn by chance, showed to stand in no other row: the shapes that differ."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from keras import ops

from gradients.values.calls import Rows
from gradients.values.calls.inputs import MATRICES, X

FOUR = np.random.default_rng(101).standard_normal((2, 3, 4, 5))
#: Five boxes, the surest not first: the first meets the second and the fourth, the third the fifth.
BOXES = np.float32(
    [[0, 0, 4, 4], [0, 0, 4, 4.4], [8, 8, 12, 12], [0, 0.4, 4, 4.8], [8, 8, 12, 12.4]]
)
SURE = np.float32([0.3, 0.9, 0.2, 0.5, 0.6])
COUNTED, WEIGHTS = np.array([[1, 3, 0], [1, 1, 3]]), np.array([[0.5, 2, 1], [4, 0.25, 8]])
#: A ragged tensor of rows of matrices: what may be merged is ragged, dense, or both.
STACK = np.arange(24.0).reshape(3, 4, 2)


def _kept() -> list[tf.Tensor]:
    """Return which boxes stay of five, and of one, where no function is traced."""
    tf.config.run_functions_eagerly(True)
    try:
        return [
            part
            for count, most in ((5, 3), (1, 1))
            for part in tf.image.non_max_suppression_padded(
                *(BOXES[None, :count], SURE[None, :count], most),
                iou_threshold=0.5,
                pad_to_max_output_size=True,
            )
        ]
    finally:
        tf.config.run_functions_eagerly(False)


def _merged(outer: int, inner: int) -> list[tf.Tensor]:
    """Return the numbers of a merged ragged tensor, and its rows' ends."""
    found = tf.RaggedTensor.from_row_splits(STACK, [0, 2, 3]).merge_dims(outer, inner)
    if isinstance(found, tf.RaggedTensor):
        return [found.flat_values, found.row_splits]
    return [found]


def _slices() -> tf.IndexedSlices:
    """Return rows of X: one place stands twice."""
    return tf.IndexedSlices(tf.constant(X), tf.constant([2, 0, 2]), tf.constant([4, X.shape[1]]))


ROWS: Rows = {
    "lists": (
        lambda: [
            *(ops.bitwise_or([5, 6], [3, 8]), ops.bitwise_or(5, [1, 2])),
            *ops.unravel_index([5, 11], (3, 4)),
        ],
        [np.array([7, 14]), np.array([5, 7]), np.array([1, 2]), np.array([1, 3])],
    ),
    "norms": (
        lambda: [
            *(ops.norm(x, order) for x in (MATRICES[0], X) for order in (-2, 2, "nuc")),
            *(ops.norm(FOUR, order, axis=(2, 3)) for order in (-2, 2, "nuc")),
        ],
        [
            *(np.linalg.norm(x, order) for x in (MATRICES[0], X) for order in (-2, 2, "nuc")),
            *(np.linalg.norm(FOUR, order, (2, 3)) for order in (-2, 2, "nuc")),
        ],
    ),
    "counts": (
        lambda: [
            ops.bincount(COUNTED, minlength=5),
            ops.bincount(COUNTED, weights=WEIGHTS),
        ],
        [
            np.stack([np.bincount(row, minlength=5) for row in COUNTED]),
            np.stack([np.bincount(*pair, 4) for pair in zip(COUNTED, WEIGHTS, strict=True)]),
        ],
    ),
    "slices": (
        lambda: tf.add_n([_slices()]).numpy(),
        np.array([X[1], 0 * X[0], X[0] + X[2], 0 * X[0]]),
    ),
    "merged": (
        lambda: [
            part for at in ((0, 1), (0, 2), (1, 2), (1, 3), (2, 3), (0, 3)) for part in _merged(*at)
        ],
        [
            *(STACK, STACK.reshape(12, 2)),
            *(STACK.reshape(12, 2), np.array([0, 8, 12])),
            *(STACK.ravel(), np.array([0, 16, 24])),
            *(STACK.reshape(3, 8), np.array([0, 2, 3])),
            STACK.ravel(),
        ],
    ),
    "boxes": (
        _kept,
        [np.array([[1, 4, 0]]), np.array([2]), np.array([[0]]), np.array([1])],
    ),
}
