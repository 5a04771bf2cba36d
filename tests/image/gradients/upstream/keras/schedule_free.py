"""ScheduleFreeAdamW takes the new momentum for the old one with the TensorFlow backend.

`update_step` keeps `momentum_old = momentum.value` to recover `x_old` after
`self.assign_sub(momentum, grad_scaled)`. With the TensorFlow backend `value` is the `tf.Variable`
itself, not what was in it: `x_old = (y_old - (1 - beta_1) * momentum_old) / beta_1` reads it
after the assignment. From the second step on the weights are others than those of Defazio et al.,
exactly those of `x_old` computed from the new iterate; eager execution, `tf.function` and XLA
agree.

Below the gradient is 1 in each step, so z goes down by the rate, and x is the mean of all z. A
mend: `momentum_old = ops.copy(momentum)`, or work `x_old` out before the assignment. Until then:
put back what is missing, which is the last step of z.

It prints:

    found    [0.75]
    expected [0.6875]
    remedy   [0.6875]
"""

import keras
import tensorflow as tf


class Mended(keras.optimizers.ScheduleFreeAdamW):
    """The optimizer, with what its step leaves out."""

    def update_step(self, gradient, variable, learning_rate):
        momentum = self._momentums[self._get_variable_index(variable)]
        before = tf.identity(momentum.value)
        super().update_step(gradient, variable, learning_rate)
        left = 1 - 1 / keras.ops.cast(self.iterations + 1, variable.dtype)
        self.assign_add(variable, (1 - self.beta_1) * left * (momentum - before))


def trained(kind):
    optimizer, weight = kind(0.125, beta_1=0.5, warmup_steps=0), keras.Variable([1.0])
    for _ in range(3):
        optimizer.apply([tf.ones(1)], [weight])
    return weight.numpy().round(4)


z = [1 - 0.125 * step for step in (1, 2, 3)]
print("found   ", trained(keras.optimizers.ScheduleFreeAdamW))
print("expected", keras.ops.array([0.5 * z[-1] + 0.5 * sum(z) / 3]).numpy())
print("remedy  ", trained(Mended))
