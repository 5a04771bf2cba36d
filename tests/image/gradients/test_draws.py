"""Numbers that are drawn have the gradient of the quantile that they are, by SciPy.

The chance of what was drawn is worked out at the parameters; then it is held, and they move.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import scipy.special
import scipy.stats
import tensorflow as tf

Draw = Callable[..., tf.Tensor]
Quantiles = Callable[[Sequence[np.ndarray], Sequence[np.ndarray], np.ndarray], np.ndarray]
STEP = 1e-6
SHAPES = [np.array([0.6, 1.0, 1.4, 1.9])]
#: Means, deviations, and two bounds.
BOUNDED = [np.array(part) for part in ([0.25, -0.5], [1.5, 0.75], [-1.0, -1.25], [2.0, 0.5])]
NAMES = ("means", "stddevs", "minvals", "maxvals")


def stateless_gamma(shapes: tf.Tensor) -> tf.Tensor:
    """Draw two numbers of each gamma distribution."""
    return tf.raw_ops.StatelessRandomGammaV2(shape=[2, 4], seed=[1, 2], alpha=shapes)


def stateful_gamma(shapes: tf.Tensor) -> tf.Tensor:
    """Draw the same two numbers of each again: a new seed forgets what was drawn."""
    tf.random.set_seed(3)
    return tf.raw_ops.RandomGamma(shape=[2], alpha=shapes, seed=1, seed2=2)


def truncated(*parameters: tf.Tensor) -> tf.Tensor:
    """Draw three numbers of each of two normal distributions, between two bounds."""
    return tf.raw_ops.StatelessParameterizedTruncatedNormal(
        shape=[3, 2], seed=[1, 2], **dict(zip(NAMES, parameters, strict=True))
    )


def gamma_quantiles(
    at: Sequence[np.ndarray], near: Sequence[np.ndarray], drawn: np.ndarray
) -> np.ndarray:
    """Return, near the parameters, the quantiles that were drawn at them."""
    return scipy.special.gammaincinv(near[0], scipy.special.gammainc(at[0], drawn))


def truncated_quantiles(
    at: Sequence[np.ndarray], near: Sequence[np.ndarray], drawn: np.ndarray
) -> np.ndarray:
    """Return the same of normal numbers between two bounds."""

    def of(mean: np.ndarray, deviation: np.ndarray, low: np.ndarray, high: np.ndarray):
        ends = (low - mean) / deviation, (high - mean) / deviation
        return scipy.stats.truncnorm(*ends, loc=mean, scale=deviation)

    return of(*near).ppf(of(*at).cdf(drawn))


def errors(draw: Draw, at: list[np.ndarray], quantiles: Quantiles) -> list[float]:
    """Return of each parameter how far its gradient is from central differences."""
    inputs = [tf.constant(part) for part in at]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        drawn = draw(*inputs)
    weights = np.random.default_rng(4).standard_normal(drawn.shape)
    gradients = tape.gradient(drawn, inputs, output_gradients=tf.constant(weights))
    found = []
    for place, gradient in enumerate(gradients):
        above, below = (
            quantiles(
                at,
                [part + step * (place == other) for other, part in enumerate(at)],
                drawn.numpy(),
            )
            for step in (STEP, -STEP)
        )
        # Every element moves; each draws its own numbers.
        expected = (weights * (above - below) / (2 * STEP)).sum(0)
        found.append(float(np.abs(gradient.numpy() - expected).max() / np.abs(expected).max()))
    return found


@pytest.mark.parametrize("draw", [stateless_gamma, stateful_gamma], ids=["stateless", "stateful"])
def test_a_gamma_number_moves_with_its_shape(draw: Draw) -> None:
    assert np.max(errors(draw, SHAPES, gamma_quantiles)) < 1e-6


def test_a_truncated_normal_number_moves_with_its_bounds() -> None:
    """With its mean and deviation it does not: the gradient lets the bounds move along."""
    *others, low, high = errors(truncated, BOUNDED, truncated_quantiles)
    assert np.max([low, high]) < 1e-6
    assert [round(error, 3) for error in others] == WRONG, (
        "another error: right, or otherwise wrong"
    )
    pytest.xfail("TensorFlow's truncated normal moves its bounds along with mean and deviation")


#: How parameters are given to what draws four times 2 x 3 numbers: mean, deviation, bounds.
GIVEN = {
    "numbers": ((), (), (), ()),
    "rows": ((3,), (), (1, 3), (2, 1)),
    "columns": ((2, 1), (3,), (), (2, 3)),
    "deviations": ((), (2, 3), (1,), ()),
}


@pytest.mark.parametrize("name", GIVEN)
def test_parameters_that_are_shared_have_the_sum_of_what_they_move(name: str) -> None:
    """With mean and deviation the bounds move along, as TensorFlow has it."""
    values = (0.25, 1.5, -1.0, 2.0)
    at = [value * np.ones(shape) for value, shape in zip(values, GIVEN[name], strict=True)]
    inputs = [tf.constant(part) for part in at]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        drawn = tf.raw_ops.StatelessParameterizedTruncatedNormal(
            shape=[4, 2, 3], seed=[1, 2], **dict(zip(NAMES, inputs, strict=True))
        )
    weights = np.random.default_rng(6).standard_normal(drawn.shape)
    found = tape.gradient(drawn, inputs, output_gradients=tf.constant(weights))
    moved = [np.ones(drawn.shape), (drawn.numpy() - values[0]) / values[1]]
    for place in (2, 3):
        above, below = (
            truncated_quantiles(
                [np.float64(value) for value in values],
                [np.float64(value + step * (place == k)) for k, value in enumerate(values)],
                drawn.numpy(),
            )
            for step in (STEP, -STEP)
        )
        moved.append((above - below) / (2 * STEP))
    for one, by, shape in zip(found, moved, GIVEN[name], strict=True):
        padded = (1,) * (3 - len(shape)) + shape
        shared = tuple(axis for axis, size in enumerate(padded) if size == 1)
        expected = (weights * by).sum(shared, keepdims=True).reshape(shape)
        np.testing.assert_allclose(one, expected, rtol=1e-6)


#: What draws of gamma distributions: how, how many of each, and the shapes' own shape.
GAMMAS: dict[str, tuple[Draw, tuple[int, ...]]] = {
    "of a number": (
        lambda a: tf.raw_ops.StatelessRandomGammaV2(shape=[3, 2], seed=[1, 2], alpha=a),
        (),
    ),
    "of a vector": (
        lambda a: tf.raw_ops.StatelessRandomGammaV2(shape=[3, 2, 4], seed=[1, 2], alpha=a),
        (4,),
    ),
    "of a matrix": (
        lambda a: tf.raw_ops.StatelessRandomGammaV2(shape=[3, 2, 4], seed=[1, 2], alpha=a),
        (2, 4),
    ),
    "of a vector, by places": (
        lambda a: tf.raw_ops.RandomGamma(shape=[3, 2], alpha=a, seed=1, seed2=2),
        (4,),
    ),
    "of a matrix, by places": (
        lambda a: tf.raw_ops.RandomGamma(shape=[3, 2], alpha=a, seed=1, seed2=2),
        (2, 4),
    ),
    "of a vector, by a generator": (
        lambda a: tf.random.stateless_gamma([3, 2, 4], [1, 2], a, dtype=tf.float64),
        (4,),
    ),
}


@pytest.mark.parametrize("name", GAMMAS)
def test_a_shape_has_the_sum_over_all_that_was_drawn_of_it(name: str) -> None:
    draw, shape = GAMMAS[name]
    shapes = np.linspace(0.6, 1.9, int(np.prod(shape))).reshape(shape)
    with tf.GradientTape() as tape:
        tape.watch(alpha := tf.constant(shapes))
        drawn = draw(alpha)
    weights = np.random.default_rng(5).standard_normal(drawn.shape)
    found = tape.gradient(drawn, alpha, output_gradients=tf.constant(weights))
    above, below = (
        gamma_quantiles([shapes], [shapes + step], drawn.numpy()) for step in (STEP, -STEP)
    )
    moved = weights * (above - below) / (2 * STEP)
    np.testing.assert_allclose(found, moved.sum(tuple(range(moved.ndim - len(shape)))), rtol=1e-6)


#: How wrong the gradients in mean and deviation are.
WRONG = [1.712, 2.407]
