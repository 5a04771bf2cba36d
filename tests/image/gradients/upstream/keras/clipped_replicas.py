"""global_clipnorm clips each replica's gradient before they are added up.

`BaseOptimizer._backend_apply_gradients` clips, and `TFOptimizer._backend_update_step` adds up
over the replicas afterwards. So under `tf.distribute` what is clipped to a norm of 1 has a norm
of up to the number of replicas, in another direction; `clipnorm` and `clipvalue` are the same.

A mend: add up before `_clip_gradients`. Until then: add up and clip in the replica, and give the
optimizer its share.

It prints:

    found    [1. 1.]
    expected [0.707 0.707]
    remedy   [0.707 0.707]
"""

import keras
import tensorflow as tf

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


def step(clip, **options):
    """Take a step of two replicas, whose gradients are [2, 0] and [0, 2]."""
    with strategy.scope():
        weight, optimizer = tf.Variable([0.0, 0.0]), keras.optimizers.SGD(1.0, **options)
        optimizer.build([weight])

    def replica():
        context = tf.distribute.get_replica_context()
        gradient = 2 * tf.one_hot(context.replica_id_in_sync_group, 2)
        optimizer.apply([clip(context, gradient)], [weight])

    tf.function(lambda: strategy.run(replica))()
    return (-weight.numpy()).round(3)


def clipped(context, gradient):
    (whole,), _ = tf.clip_by_global_norm([context.all_reduce("SUM", gradient)], 1.0)
    return whole / context.num_replicas_in_sync


print("found   ", step(lambda context, gradient: gradient, global_clipnorm=1.0))
print("expected", tf.clip_by_norm([2.0, 2.0], 1.0).numpy().round(3))
print("remedy  ", step(clipped))
