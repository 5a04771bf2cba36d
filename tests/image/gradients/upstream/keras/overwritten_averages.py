"""ema_overwrite_frequency fails under a distribution strategy.

`BaseOptimizer._backend_apply_gradients` overwrites the weights by their averages in a branch of
`ops.cond`. There `_overwrite_model_variables_with_average_value` calls `extended.update`, which
replicas must meet for: "merge_call called while defining a new graph or a tf.function". The same
happens with `gradient_accumulation_steps`, which is keras-team/keras#20582.

A mend: without a branch, as by `assign(where(should, average, variable))`, which is right for
accumulation, too. Until then: overwrite between steps.

It prints:

    found    RuntimeError
    expected [0.5]
    remedy   [0.5]
"""

import keras
import numpy as np
import tensorflow as tf

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


class Overwriting(keras.callbacks.Callback):
    """Puts the averages in the weights' place after every second step."""

    def on_train_batch_end(self, batch, logs=None):
        if (batch + 1) % 2 == 0:
            self.model.optimizer.finalize_variable_values(self.model.trainable_variables)


def trained(strategy, callbacks=(), **options):
    with strategy.scope():
        model = keras.Sequential([keras.layers.Dense(1, kernel_initializer="ones")])
        model.build((None, 1))
        model.compile(keras.optimizers.SGD(0.25, use_ema=True, ema_momentum=0.5, **options), "mse")
    try:
        model.fit(np.ones((8, 1)), np.zeros((8, 1)), 2, verbose=0, callbacks=list(callbacks))
    except RuntimeError as error:
        return type(error).__name__
    return model.layers[0].kernel.numpy().ravel().round(4)


print("found   ", trained(strategy, ema_overwrite_frequency=2))
print("expected", trained(tf.distribute.get_strategy(), ema_overwrite_frequency=2))
print("remedy  ", trained(strategy, [Overwriting()]))
