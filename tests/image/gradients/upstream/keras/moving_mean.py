"""BatchNormalization keeps another moving mean in each replica.

Without `synchronized=True` each replica assigns its own moving statistics, and `build` makes the
variables without an aggregation, so the copies of one mirrored variable drift apart, under
`MirroredStrategy` and `MultiWorkerMirroredStrategy` alike. What is evaluated depends on the
replica, and what is saved is of the first one's share of the data alone. Keras 2 made them with
`aggregation=tf.VariableAggregation.MEAN`.

A mend: `aggregation="mean"` for both. Until then: `synchronized=True`.

It prints:

    found    [1. 3.]
    expected [2. 2.]
    remedy   [2. 2.]
"""

import keras
import tensorflow as tf

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


def means(**options):
    """Train on 2 in the first replica and on 6 in the second; return each one's moving mean."""
    with strategy.scope():
        layer = keras.layers.BatchNormalization(momentum=0.5, **options)
        layer.build((None, 1))

    def replica():
        number = tf.distribute.get_replica_context().replica_id_in_sync_group
        layer(tf.fill([4, 1], 2.0 + 4.0 * tf.cast(number, tf.float32)), training=True)

    tf.function(lambda: strategy.run(replica))()
    return tf.concat(strategy.experimental_local_results(layer.moving_mean.value), 0).numpy()


print("found   ", means())
print("expected", tf.fill([2], 0.5 * (2.0 + 6.0) / 2).numpy())
print("remedy  ", means(synchronized=True))
