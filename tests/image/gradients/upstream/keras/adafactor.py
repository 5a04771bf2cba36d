"""Adafactor bounds its rate by the step's number without relative_step.

`update_step` computes `rho_t = ops.minimum(lr, 1 / ops.sqrt(local_step))` whatever
`relative_step` is, though its documentation says that the rate is adjusted by the iterations
where `relative_step=True`. A rate of 2 is 1 in the first step, and any rate falls with the root
of their number.

A mend: that minimum in the branch of `relative_step` alone, above it. Until then: undo it.

It prints:

    found    [0.]
    expected [-1.]
    remedy   [-1.]
"""

import keras
import tensorflow as tf


class Mended(keras.optimizers.Adafactor):
    """Adafactor whose rate is what it was told."""

    def update_step(self, gradient, variable, learning_rate):
        before = keras.ops.copy(variable)
        super().update_step(gradient, variable, learning_rate)
        number = keras.ops.cast(self.iterations + 1, variable.dtype)
        bounded = keras.ops.minimum(learning_rate, 1 / keras.ops.sqrt(number))
        variable.assign(before + (variable - before) * learning_rate / bounded)


def trained(kind):
    weight = keras.Variable([1.0])
    kind(2.0, relative_step=False).apply([tf.ones(1)], [weight])
    return weight.numpy()


print("found   ", trained(keras.optimizers.Adafactor))
print("expected", keras.ops.array([1.0 - 2.0]).numpy())
print("remedy  ", trained(Mended))
