"""LossScaleOptimizer.set_weights leaves the optimizer inside as it was.

`variables` of a `LossScaleOptimizer` are its own and those of the optimizer inside, but
`set_weights`, inherited from `BaseOptimizer`, sets those of `self._variables` alone, and drops
the rest without a word. So `set_weights([v.numpy() for v in optimizer.variables])` gives no
momenta.

A mend: `zip(self.variables, weights)`. Until then: assign them one by one.

It prints:

    found    [0.]
    expected [-0.5]
    remedy   [-0.5]
"""

import keras
import tensorflow as tf


def made():
    sgd = keras.optimizers.SGD(0.5, momentum=0.5)
    optimizer, weight = (
        keras.optimizers.LossScaleOptimizer(sgd, initial_scale=1.0),
        keras.Variable([1.0]),
    )
    optimizer.build([weight])
    return optimizer, weight


first, weight = made()
first.apply([tf.ones(1)], [weight])
values = [variable.numpy() for variable in first.variables]
other, mended = made()[0], made()[0]
other.set_weights(values)
for variable, value in zip(mended.variables, values, strict=True):
    variable.assign(value)
print("found   ", other.variables[-1].numpy())
print("expected", first.variables[-1].numpy())
print("remedy  ", mended.variables[-1].numpy())
