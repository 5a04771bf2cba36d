"""The gradient of a batch that DTensor lays out over two logical CPUs: writes it to a file.

A program of its own: devices are divided before TensorFlow starts, and only then.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.experimental import dtensor

from distributed.cases import data, loss, start

#: Rows of the batch, as in the even one of `parts.BATCHES`.
BATCH = 32


def gradient() -> list[np.ndarray]:
    """Return the gradient in each variable, a row for each device."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    mesh = dtensor.create_mesh([("batch", 2)], device_type="CPU")
    variables = []
    for one in start(tf.distribute.get_strategy()):
        layout = dtensor.Layout.replicated(mesh, one.shape.rank)
        variables.append(dtensor.DVariable(dtensor.copy_to_mesh(one.value(), layout)))

    def shared(array: np.ndarray) -> tf.Tensor:
        layout = dtensor.Layout.batch_sharded(mesh, "batch", rank=array.ndim)
        return dtensor.pack(np.split(array, 2), layout)

    @tf.function
    def compute(x: tf.Tensor, t: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            value = loss(variables, x, t, BATCH)
        return tape.gradient(value, variables)

    parts = compute(*map(shared, data(BATCH)))
    return [np.stack([copy.numpy() for copy in dtensor.unpack(part)]) for part in parts]


if __name__ == "__main__":
    found = {str(index): part for index, part in enumerate(gradient())}
    np.savez(Path(sys.argv[1]), **found)
