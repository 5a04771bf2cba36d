"""The gradient of one batch on one device, and shared out over two: prints both as JSON.

A program of its own: devices are divided before TensorFlow starts, and only then.
"""

from __future__ import annotations

import json

import numpy as np
import tensorflow as tf

BATCH, INPUTS, HIDDEN = 32, 6, 5


def main() -> None:
    """Divide the CPU, and compute the same gradient both ways."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    random = np.random.default_rng(11)
    inputs, targets = random.standard_normal((BATCH, INPUTS)), random.standard_normal(BATCH)
    start = [random.standard_normal((INPUTS, HIDDEN)), random.standard_normal((HIDDEN, 1))]

    strategy = tf.distribute.MirroredStrategy(
        ["CPU:0", "CPU:1"], cross_device_ops=tf.distribute.ReductionToOneDevice()
    )
    with strategy.scope():
        variables = [tf.Variable(array) for array in start]

    def gradient(batch: tuple[tf.Tensor, tf.Tensor]) -> list[tf.Tensor]:
        images, wanted = batch
        with tf.GradientTape() as tape:
            outputs = tf.tanh(images @ variables[0]) @ variables[1]
            # Of the whole batch: each replica adds its part.
            loss = tf.reduce_sum((outputs[:, 0] - wanted) ** 2) / BATCH
        return tape.gradient(loss, variables)

    @tf.function
    def everywhere(batch: tuple[tf.Tensor, tf.Tensor]) -> list[tf.Tensor]:
        parts = strategy.run(gradient, args=(batch,))
        return [strategy.reduce(tf.distribute.ReduceOp.SUM, part, axis=None) for part in parts]

    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
    data = tf.data.Dataset.from_tensor_slices((inputs, targets)).batch(BATCH).with_options(options)
    shared = everywhere(next(iter(strategy.experimental_distribute_dataset(data))))
    alone = gradient((tf.constant(inputs), tf.constant(targets)))
    print(
        json.dumps(
            {
                "replicas": strategy.num_replicas_in_sync,
                "alone": [array.numpy().tolist() for array in alone],
                "shared": [array.numpy().tolist() for array in shared],
            }
        )
    )


if __name__ == "__main__":
    main()
