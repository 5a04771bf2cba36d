"""Random numbers by their parameters: what is drawn, against what the plain draw makes of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from gradients.values.calls import Rows

SEED = [3, 8]
SHAPE = [4, 3]
#: So many that a mean is known to a hundredth or so.
MANY = 20000
MEANS, SPREADS, SHAPES = (
    np.float32([0.5, -1.0, 2.0]),
    np.float32([0.25, 1.5, 3.0]),
    np.float32([0.5, 1.5, 4.0]),
)
_random = tf.random


def _beside(function: Callable[[], tf.Tensor], formula: Callable[[], tf.Tensor]):
    """Return what is drawn less what the formula makes of the same seed: nothing."""
    return lambda: function() - formula()


def _moments(drawn: tf.Tensor) -> list[tf.Tensor]:
    """Return means and variances of many numbers."""
    values = tf.cast(drawn, "float64")
    return [tf.reduce_mean(values, 0), tf.math.reduce_variance(values, 0)]


def _counts(drawn: tf.Tensor, number: int) -> tf.Tensor:
    """Return how often each class was drawn."""
    return tf.reduce_mean(tf.one_hot(drawn, number, dtype="float64"), -2)


SHARES = np.array([[0.5, 0.2, 0.3], [0.1, 0.1, 0.8]])
NOTHING = np.zeros(SHAPE)
#: What is known to a hundredth or so, from so many draws.
ROUGH = ("_moments", "_counts")
ROWS: Rows = {
    "uniform": (
        _beside(
            lambda: _random.stateless_uniform(SHAPE, SEED, -2.0, 3.0),
            lambda: 5 * _random.stateless_uniform(SHAPE, SEED) - 2,
        ),
        NOTHING,
    ),
    "uniform_whole": (
        lambda: [
            tf.sort(
                tf.unique(tf.reshape(_random.stateless_uniform([99], SEED, low, 4, kind), [-1]))[0]
            )
            for low, kind in ((1, "int32"), (-1, "int64"))
        ],
        [np.arange(1, 4), np.arange(-1, 4)],
    ),
    "normal": (
        _beside(
            lambda: _random.stateless_normal(SHAPE, SEED, MEANS, SPREADS),
            lambda: _random.stateless_normal(SHAPE, SEED) * SPREADS + MEANS,
        ),
        NOTHING,
    ),
    "truncated": (
        _beside(
            lambda: _random.stateless_truncated_normal(SHAPE, SEED, MEANS, SPREADS),
            lambda: _random.stateless_truncated_normal(SHAPE, SEED) * SPREADS + MEANS,
        ),
        NOTHING,
    ),
    "gamma": (
        _beside(
            lambda: _random.stateless_gamma(SHAPE, SEED, SHAPES, SPREADS),
            lambda: _random.stateless_gamma(SHAPE, SEED, SHAPES) / SPREADS,
        ),
        NOTHING,
    ),
    "gamma_moments": (
        lambda: _moments(_random.stateless_gamma([MANY, 3], SEED, [0.5, 2.0, 4.0])),
        [np.array([0.5, 2, 4])] * 2,
    ),
    "binomial_moments": (
        lambda: _moments(_random.stateless_binomial([MANY, 2], SEED, [4.0, 9.0], [0.25, 0.5])),
        [np.array([1, 4.5]), np.array([0.75, 2.25])],
    ),
    "poisson_moments": (
        lambda: _moments(_random.stateless_poisson([MANY, 2], SEED, [0.5, 3.0])),
        [np.array([0.5, 3])] * 2,
    ),
    "categorical_counts": (
        lambda: _counts(_random.stateless_categorical(np.log(SHARES), MANY, SEED), 3),
        SHARES,
    ),
    "bounded_moments": (
        lambda: _moments(
            _random.stateless_parameterized_truncated_normal(
                *([MANY, 2], SEED), *(0.0, 100.0), *([-1.0, 2.0], [3.0, 4.0])
            )
        ),
        # Beside so wide a bell all is alike between the bounds.
        [np.array([1, 3]), np.array([16, 4]) / 12],
    ),
    "shuffle": (
        lambda: [
            tf.sort(tf.random.experimental.stateless_shuffle(tf.range(9), SEED)),
            tf.sort(tf.random.experimental.index_shuffle(tf.range(9), SEED, 8)),
        ],
        [np.arange(9)] * 2,
    ),
    "seeds": (
        lambda: [
            tf.shape(tf.random.split(SEED, 4)),
            tf.reduce_all(tf.random.split(SEED)[0] == tf.random.split(SEED)[1]),
            tf.reduce_all(tf.random.fold_in(SEED, 1) == tf.random.fold_in(SEED, 2)),
        ],
        [np.array([4, 2]), False, False],
    ),
    "dropout_moments": (
        lambda: [
            tf.reduce_mean(
                dropped := tf.nn.experimental.stateless_dropout(tf.ones([MANY]), 0.25, SEED)
            ),
            tf.unique(tf.sort(dropped))[0],
        ],
        [1.0, np.array([0, 4 / 3])],
    ),
    "dropout_alike": (
        lambda: [
            tf.math.reduce_std(tf.nn.dropout(tf.ones([50, 4, 3]), 0.5, noise_shape=noise), axis)
            for noise, axis in (([None, 1, None], 1), ([50, 4, 1], 2), ([1, 1, 3], (0, 1)))
        ],
        [np.zeros((50, 3)), np.zeros((50, 4)), np.zeros(3)],
    ),
    "dropout_apart": (
        lambda: tf.reduce_all(
            tf.math.reduce_std(
                tf.nn.dropout(tf.ones([50, 4, 3]), 0.5, noise_shape=[None, 1, None]), 0
            )
            > 0.1
        ),
        True,
    ),
    "dropout_by_tensor": (
        lambda: [
            tf.unique(tf.sort(tf.nn.dropout(tf.ones([99]), tf.constant(rate))))[0]
            for rate in (0.2, 0.5)
        ],
        [np.array([0, 1.25]), np.array([0, 2.0])],
    ),
}
