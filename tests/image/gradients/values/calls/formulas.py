"""What the lines of ways.py, and rows, are made of: by NumPy, and what TensorFlow is given."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from scipy.special import log_softmax, logsumexp


def scale(x: Any) -> Any:
    """Return positive weights of a tensor's, or of an array's, size and type."""
    return x * x + 0.5


def labels(x: np.ndarray, axis: int) -> np.ndarray:
    """Return a distribution along an axis."""
    return scale(x) / scale(x).sum(axis, keepdims=True)


def tf_labels(x: tf.Tensor, axis: int) -> tf.Tensor:
    return scale(x) / tf.reduce_sum(scale(x), axis, keepdims=True)


def entropies(wanted: np.ndarray, x: np.ndarray, axis: int) -> np.ndarray:
    """Return cross entropies of what a softmax makes along an axis."""
    return -(wanted * log_softmax(x, axis)).sum(axis)


def ids(x: np.ndarray) -> np.ndarray:
    """Return an id of 0, 1 and 3 for each column; some are none."""
    return np.arange(x.shape[1]) * 7 % 5 % 4 * 3 % 5 - 1


def tf_ids(x: tf.Tensor) -> tf.Tensor:
    return tf.range(tf.shape(x)[1]) * 7 % 5 % 4 * 3 % 5 - 1


def segments(x: np.ndarray, power: float) -> np.ndarray:
    """Return the sums of columns by their ids, divided by a power of how many there are."""
    has = np.arange(5)[:, None] == ids(x)
    return has @ x.T / np.maximum(has.sum(1, keepdims=True), 1) ** power


def within(x: np.ndarray, limit: float, axis: int | tuple[int, ...] | None = None) -> np.ndarray:
    """Return what has no more than a length."""
    return x * limit / np.maximum(np.sqrt((np.abs(x) ** 2).sum(axis, keepdims=True)), limit)


def unit(x: np.ndarray, axis: int | None) -> np.ndarray:
    """Return what has the length 1 along an axis."""
    return x / np.sqrt((np.abs(x) ** 2).sum(axis, keepdims=True))


def columns(x: np.ndarray) -> np.ndarray:
    """Return the column of each row: the last, then the one before it."""
    return np.arange(x.shape[0]) * (x.shape[1] - 1) % x.shape[1]


def tf_columns(x: tf.Tensor) -> tf.Tensor:
    return tf.range(tf.shape(x)[0]) * (tf.shape(x)[1] - 1) % tf.shape(x)[1]


def normalized(x: tf.Tensor) -> tf.Tensor:
    mean, variance = tf.nn.moments(x, [-1], keepdims=True)
    return tf.nn.batch_normalization(x, mean, variance, x, scale(x), 0.25)


def in_pairs(x: tf.Tensor) -> tf.SparseTensor:
    """Return the ids of two rows, which stand in pairs."""
    size = tf.cast(tf.shape(x)[0], tf.int64)
    places = tf.stack([tf.range(size) // 2, tf.range(size) % 2], 1)
    return tf.SparseTensor(places, tf.range(size)[::-1], tf.stack([(size + 1) // 2, 2]))


def looked_up(x: np.ndarray, combine: str) -> np.ndarray:
    """Return what is made of two rows and two, from the last on."""
    pairs = [x[::-1][i : i + 2] for i in range(0, len(x), 2)]
    power = {"sum": 0, "mean": 1, "sqrtn": 0.5}[combine]
    return np.stack([pair.sum(0) / len(pair) ** power for pair in pairs])


def mean_and_variance(x: np.ndarray, weights: np.ndarray, axis: int) -> list[np.ndarray]:
    """Return them of what has weights."""
    mean = np.average(x, axis, weights)
    return [mean, np.average((x - np.expand_dims(mean, axis)) ** 2, axis, weights)]


def turned(x: tf.Tensor) -> tf.Tensor:
    """Return as many rows as there are columns; its rank is known."""
    return tf.reshape(x, [tf.shape(x)[1], -1])


#: What makes one number of several: TensorFlow's and NumPy's, whether of complex numbers, too.
REDUCED = {
    "sum": (tf.reduce_sum, np.sum, True),
    "mean": (tf.reduce_mean, np.mean, True),
    "max": (tf.reduce_max, np.max, False),
    "min": (tf.reduce_min, np.min, False),
    "variance": (tf.math.reduce_variance, np.var, True),
    "std": (tf.math.reduce_std, np.std, True),
    "logsumexp": (tf.reduce_logsumexp, lambda x, axis=None: logsumexp(x, axis), False),
    "norm": (tf.norm, lambda x, axis=None: np.sqrt((np.abs(x) ** 2).sum(axis)), True),
}
