"""The gradient of a batch that DTensor lays out over two logical CPUs."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from tensorflow.experimental import dtensor

from distributed.cases import data, loss, start
from distributed.parts import Arrays

#: Rows of the batch, as in the even one of `parts.BATCHES`.
BATCH = 32


def laid_out() -> Arrays:
    """Return the gradient in each variable by its number, a row for each device.

    It needs a process of its own: devices are divided before TensorFlow starts, and only then.
    """
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
    return {
        str(index): np.stack([copy.numpy() for copy in dtensor.unpack(part)])
        for index, part in enumerate(parts)
    }
