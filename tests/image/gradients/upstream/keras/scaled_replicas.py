"""LossScaleOptimizer looks for an overflow in the first replica alone.

`_tf_apply` says "Each replica computed the same `finite` value, since `grads` is all-reduced
across replicas", and takes that of the first. But gradients are added up later, in the optimizer
inside. An overflow in any other replica is not seen, and the weights become infinite, or NaN.
Under `MultiWorkerMirroredStrategy` workers that differ in it wait for each other without end.

A mend: `reduce` the values by a minimum. Until then: add up in the replica, so that all see the
same.

It prints:

    found    [-inf]
    expected [1.]
    remedy   [1.]
"""

import keras
import tensorflow as tf

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


def step(shared):
    """Take a step in which the second replica's gradient is infinite."""
    with strategy.scope():
        weight, sgd = tf.Variable([1.0]), keras.optimizers.SGD(0.5)
        optimizer = keras.optimizers.LossScaleOptimizer(sgd, initial_scale=1.0)
        optimizer.build([weight])

    def replica():
        context = tf.distribute.get_replica_context()
        infinite = context.replica_id_in_sync_group == 1
        gradient = tf.where(infinite, [float("inf")], [0.0])
        optimizer.apply([shared(context, gradient)], [weight])

    tf.function(lambda: strategy.run(replica))()
    return weight.numpy()


def summed(context, gradient):
    return context.all_reduce("SUM", gradient) / context.num_replicas_in_sync


print("found   ", step(lambda context, gradient: gradient))
print("expected", tf.ones(1).numpy())
print("remedy  ", step(summed))
