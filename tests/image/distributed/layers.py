"""Keras on several replicas: batch normalisation, and mixed precision with loss scaling."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from distributed.parts import Arrays, Strategy, mine, rank, rows, together

FEATURES, BATCH = 3, 24


def normalised(strategy: Strategy) -> Arrays:
    """Normalise a batch across replicas, and each part within: outputs, gradient, statistics."""
    random = np.random.default_rng(3)
    x = 2 + 3 * random.standard_normal((BATCH, FEATURES))
    weights = random.standard_normal((BATCH, FEATURES))
    found: Arrays = {}
    for name, synchronised in (("across", True), ("within", False)):
        with strategy.scope():
            layer = tf.keras.layers.BatchNormalization(
                synchronized=synchronised, dtype="float64", momentum=0.5
            )
            layer.build((None, FEATURES))

        # Across replicas, each counts by its rows; within, equal parts are looked at one by one.
        share = "uneven" if synchronised else "even"

        def replica(layer: tf.keras.layers.Layer = layer, share: str = share) -> list[tf.Tensor]:
            part = mine(BATCH, share)
            inputs = tf.constant(x[part])
            with tf.GradientTape() as tape:
                tape.watch(inputs)
                outputs = layer(inputs, training=True)
                value = tf.reduce_sum(outputs**2 * weights[part])
            context = tf.distribute.get_replica_context()
            slopes = tape.gradient(value, [layer.gamma.value, layer.beta.value, inputs])
            return [
                context.all_gather(outputs, axis=0),
                *context.all_reduce(tf.distribute.ReduceOp.SUM, slopes[:2]),
                context.all_gather(slopes[2], axis=0),
            ]

        names = ("outputs", "gamma", "beta", "inputs")
        for one, array in zip(names, together(strategy, replica), strict=True):
            found[f"{name}/{one}"] = array
        found[f"{name}/moving_mean"] = rows(strategy, layer.moving_mean.value)
        found[f"{name}/moving_variance"] = rows(strategy, layer.moving_variance.value)
    return found


def scaled(strategy: Strategy) -> Arrays:
    """Train with float16 products and a scaled loss; in step 2 one replica's part overflows.

    All must leave out that step, and halve the scale: the decision is made on the sum.
    """
    random = np.random.default_rng(2)
    x, t = random.standard_normal((32, 4)), random.standard_normal((32, 1))
    with strategy.scope():
        weights = tf.Variable(random.normal(0, 0.5, (4, 1)).astype("float32"))
        scale = tf.Variable(1024.0)
        skipped = tf.Variable(0.0)

    def replica(factor: tf.Tensor) -> None:
        part = mine(len(x), "even")
        with tf.GradientTape() as tape:
            half = tf.constant(x[part], tf.float16) @ tf.cast(weights, tf.float16)
            wrong = tf.cast(half, tf.float32) - tf.constant(t[part], tf.float32)
            value = scale * tf.reduce_sum(wrong**2) / len(x)
            if rank() == 0:
                value *= factor
        (gradient,) = tape.gradient(value, [weights])
        context = tf.distribute.get_replica_context()
        whole = context.all_reduce(tf.distribute.ReduceOp.SUM, gradient) / scale
        fine = tf.reduce_all(tf.math.is_finite(whole))
        weights.assign_sub(tf.where(fine, 0.1 * whole, tf.zeros_like(whole)))
        scale.assign(tf.where(fine, scale, scale / 2))
        skipped.assign_add(tf.where(fine, 0.0, 1.0))

    step = tf.function(lambda factor: strategy.run(replica, args=(factor,)))
    for number in range(6):
        step(tf.constant(1e38 if number == 2 else 1.0))
    named = {"weights": weights, "scale": scale, "skipped": skipped}
    return {name: rows(strategy, one) for name, one in named.items()}


def fit(strategy: Strategy) -> Arrays:
    """Call Keras's own loop: what it raises, if it does."""
    random = np.random.default_rng(4)
    x, t = random.standard_normal((16, 3)), random.standard_normal((16, 1))
    with strategy.scope():
        model = tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(1)])
        model.compile(optimizer="sgd", loss="mse")
    try:
        model.fit(x, t, batch_size=8, epochs=1, verbose=0)
    except Exception as error:  # whatever it is: the test tells what is known
        return {"error": np.array(f"{type(error).__name__}: {error}")}
    return {"error": np.array("")}
