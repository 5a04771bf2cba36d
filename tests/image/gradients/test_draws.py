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
    assert max(errors(draw, SHAPES, gamma_quantiles)) < 1e-6


def test_a_truncated_normal_number_moves_with_its_bounds() -> None:
    """With its mean and deviation it does not: the gradient lets the bounds move along."""
    *others, low, high = errors(truncated, BOUNDED, truncated_quantiles)
    assert max(low, high) < 1e-6
    assert [round(error, 3) for error in others] == WRONG, (
        "another error: right, or otherwise wrong"
    )
    pytest.xfail("TensorFlow's truncated normal moves its bounds along with mean and deviation")


#: How wrong the gradients in mean and deviation are.
WRONG = [1.712, 2.407]
