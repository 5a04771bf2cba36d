"""tf.foldl, foldr, scan and map_fn: from either end, with and without a beginning."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from gradients.values.calls import Rows
from gradients.values.calls.inputs import X, Y


def _sums_behind() -> list[np.ndarray]:
    """Return what adds up from the end, and what it was a step before."""
    sums = X[0] + (X * Y)[::-1].cumsum(0)
    return [sums[::-1], np.concatenate([X[:1], sums[:-1]])[::-1]]


def _split() -> tf.TensorArray:
    return tf.TensorArray("float64", 2, infer_shape=False).split(X, [1, 2])


ROWS: Rows = {
    "foldr": (
        lambda: [
            tf.foldl(lambda a, x: 2 * a + x, X),
            tf.foldr(lambda a, x: 2 * a + x, X),
            tf.foldl(lambda a, x: 2 * a + x, X, initializer=Y[0]),
            tf.foldr(lambda a, x: 2 * a + x, X, initializer=Y[0]),
        ],
        [
            X[2] + 2 * X[1] + 4 * X[0],
            X[0] + 2 * X[1] + 4 * X[2],
            X[2] + 2 * X[1] + 4 * X[0] + 8 * Y[0],
            X[0] + 2 * X[1] + 4 * X[2] + 8 * Y[0],
        ],
    ),
    "scan": (
        lambda: [
            tf.scan(lambda a, x: 2 * a + x, X),
            tf.scan(lambda a, x: 2 * a + x, X, reverse=True),
            tf.scan(lambda a, x: 2 * a + x, X, initializer=Y[0]),
            tf.scan(lambda a, x: (a[0] + x[0] * x[1], a[0]), (X, Y), (X[0], Y[0]), reverse=True),
        ],
        [
            np.stack([X[0], 2 * X[0] + X[1], 4 * X[0] + 2 * X[1] + X[2]]),
            np.stack([4 * X[2] + 2 * X[1] + X[0], 2 * X[2] + X[1], X[2]]),
            np.stack(
                [2 * Y[0] + X[0], 4 * Y[0] + 2 * X[0] + X[1], 8 * Y[0] + 4 * X[0] + 2 * X[1] + X[2]]
            ),
            *_sums_behind(),
        ],
    ),
    "map": (
        lambda: tf.map_fn(
            lambda pair: (pair[0] * pair[1], tf.argmax(pair[0])),
            (X, Y),
            fn_output_signature=("float64", "int64"),
        ),
        [X * Y, X.argmax(1)],
    ),
    "array": (
        lambda: [
            *(_split().read(0), _split().read(1), _split().concat()),
            tf.TensorArray("float64", 3).unstack(X).gather([2, 0]),
            tf.TensorArray("float64", 3).scatter([2, 0, 1], X).stack(),
        ],
        [X[:1], X[1:], X, X[[2, 0]], X[[1, 2, 0]]],
    ),
}
