"""The machinery of differentiation: custom and stopped gradients, recomputation, random numbers."""

from __future__ import annotations

import scipy.special
import tensorflow as tf

from gradients import gaps
from gradients.case import Case
from gradients.inputs import constant, normal, positive

#: Where a gradient is not the derivative, the case is about these values.
POINTS = [-1.3, -0.4, 0.7, 1.9]
SHAPES = [0.6, 1.0, 1.4, 1.9]


@tf.custom_gradient
def log_one_plus_exp(x: tf.Tensor):
    """Return log(1 + exp(x)) with a gradient that does not overflow."""
    exponential = tf.exp(x)
    return tf.math.log(1 + exponential), lambda upstream: upstream * (1 - 1 / (1 + exponential))


def recomputed(x: tf.Tensor) -> tf.Tensor:
    """Compute again, instead of keeping, what the gradient needs."""
    return tf.recompute_grad(lambda y: tf.tanh(y) * tf.sin(y))(x)


def gradient_inside(x: tf.Tensor) -> tf.Tensor:
    """Return a gradient: the case differentiates it once more."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(tf.sin(x) * x**2)
    return tape.gradient(y, x)


def drawn_gamma(shapes: tf.Tensor) -> tf.Tensor:
    """Draw from gamma distributions; the gradient is that of the quantile that was drawn."""
    return tf.random.stateless_gamma([4], seed=[1, 2], alpha=shapes, dtype=shapes.dtype)


@tf.custom_gradient
def gamma_quantile(shapes: tf.Tensor):
    """Return, by SciPy, the quantiles that `drawn_gamma` draws at `SHAPES`.

    Its gradient, which the narrow types are compared with, is TensorFlow's in float64.
    """
    drawn = drawn_gamma(tf.constant(SHAPES, tf.float64)).numpy()
    quantiles = tf.constant(
        scipy.special.gammaincinv(shapes, scipy.special.gammainc(SHAPES, drawn))
    )

    def gradient(upstream: tf.Tensor) -> tf.Tensor:
        return upstream * tf.raw_ops.RandomGammaGrad(alpha=shapes, sample=quantiles)

    return quantiles, gradient


def reparametrised_normal(algorithm: str):
    """Return mean + deviation * noise, with the noise of one of TensorFlow's algorithms."""

    def draw(mean: tf.Tensor, deviation: tf.Tensor) -> tf.Tensor:
        noise = tf.random.stateless_normal([4], [1, 2], dtype=tf.float64, alg=algorithm)
        return mean + deviation * tf.cast(noise, mean.dtype)

    return draw


CASES = (
    Case("custom_gradient", [normal(4)], lambda x: log_one_plus_exp(x) * x),
    Case(
        "recompute_grad",
        [normal(3, 4)],
        recomputed,
        known=gaps.RECOMPUTED_TWICE,
    ),
    Case(
        "stop_gradient",
        [constant(POINTS)],
        lambda x: x * tf.stop_gradient(x),
        reference=lambda x: x * tf.constant(POINTS, x.dtype),
    ),
    Case(
        "straight_through_round",
        [constant(POINTS)],
        lambda x: x + tf.stop_gradient(tf.round(x) - x),
        reference=tf.identity,
    ),
    Case("gradient_of_gradient", [normal(3)], gradient_inside),
    Case(
        "identity_and_no_dropout", [normal(3)], lambda x: tf.identity(x) * 2 + tf.nn.dropout(x, 0.0)
    ),
    Case(
        "stateless_dropout",
        [normal(4, 5)],
        lambda x: tf.nn.experimental.stateless_dropout(x, 0.4, seed=[1, 2]) * x,
        known=gaps.NOISE_OF_A_TYPE | gaps.NOISE_IN_XLA,
    ),
    Case(
        "random_gamma",
        [constant(SHAPES)],
        drawn_gamma,
        reference=gamma_quantile,
        known=gaps.NO_HALF
        | gaps.no_second("RandomGammaGrad", "second")
        | gaps.not_compiled("StatelessRandomGammaV3"),
    ),
    Case(
        "random_normal",
        [normal(4), positive(4)],
        reparametrised_normal("auto_select"),
        known=gaps.NOISE_IN_XLA,
    ),
    Case("random_normal_philox", [normal(4), positive(4)], reparametrised_normal("philox")),
)
