"""Keras's optimizers on several replicas: those that look at a gradient before they add it up."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from distributed.parts import Arrays, Strategy, mine, rank, rows

Optimizer = tf.keras.optimizers.Optimizer


def loss_scale(rate: float) -> Optimizer:
    """Return SGD of a scaled loss; the scale doubles after each five steps."""
    sgd = tf.keras.optimizers.SGD(rate, momentum=0.9)
    return tf.keras.optimizers.LossScaleOptimizer(sgd, initial_scale=1024, dynamic_growth_steps=5)


#: By name: what makes an optimizer, of its rate.
KERAS: dict[str, Callable[[float], Optimizer]] = {
    "sgd": lambda rate: tf.keras.optimizers.SGD(rate, momentum=0.9),
    "adam": tf.keras.optimizers.Adam,
    "global_clipnorm": lambda rate: tf.keras.optimizers.SGD(rate, global_clipnorm=0.1),
    "loss_scale": loss_scale,
    "decayed": lambda rate: tf.keras.optimizers.AdamW(rate, weight_decay=0.1),
}
#: What Keras makes of one step of several is a branch of the graph, and fails by its own.
BRANCHED: dict[str, Callable[[], Optimizer]] = {
    "accumulated": lambda: tf.keras.optimizers.SGD(gradient_accumulation_steps=2),
    "averaged": lambda: tf.keras.optimizers.SGD(use_ema=True, ema_overwrite_frequency=2),
}


def branched(strategy: Strategy) -> Arrays:
    """Add up gradients over steps, and put averages in the weights' place: what that raises."""
    found: Arrays = {}
    for name, make in BRANCHED.items():
        with strategy.scope():
            weights = tf.Variable(np.zeros(2))
            keras = make()
            keras.build([weights])

        def replica(weights: tf.Variable = weights, keras: Optimizer = keras) -> None:
            keras.apply_gradients([(tf.ones_like(weights), weights)])

        step = tf.function(lambda replica=replica: strategy.run(replica))
        try:
            step()
        except Exception as error:  # whatever it is: the test tells what is known
            found[name] = np.array(f"{type(error).__name__}: {error}")
        else:
            found[name] = np.array("")
    return found


def overflow(strategy: Strategy) -> Arrays:
    """Train with a scaled loss; in step 1 the first part overflows, in step 3 all the others do.

    Both steps must be left out by all: two of four are made, and the scale is a quarter.
    """
    random = np.random.default_rng(6)
    x, t = random.standard_normal((32, 4)), random.standard_normal((32, 1))
    with strategy.scope():
        weights = tf.Variable(random.normal(0, 0.5, (4, 1)))
        keras = loss_scale(0.1)
        keras.build([weights])

    def replica(factors: tf.Tensor) -> None:
        part = mine(len(x), "even")
        with tf.GradientTape() as tape:
            value = tf.reduce_sum((tf.constant(x[part]) @ weights - t[part]) ** 2) / len(x)
            scaled = keras.scale_loss(value * factors[min(rank(), 1)])
        keras.apply_gradients(zip(tape.gradient(scaled, [weights]), [weights], strict=True))

    step = tf.function(lambda factors: strategy.run(replica, args=(factors,)))
    for factors in ([1, 1], [np.inf, 1], [1, 1], [1, np.inf]):
        step(tf.constant(factors, tf.float64))
    return {
        "weights": rows(strategy, weights),
        "scale": rows(strategy, keras.dynamic_scale.value),
        "steps": rows(strategy, keras.iterations.value),
    }
