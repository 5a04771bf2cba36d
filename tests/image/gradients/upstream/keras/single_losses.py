"""A model with one output and several losses trains on the first alone, and says nothing.

Where neither targets nor outputs are in a structure, `CompileLoss.call` computes the value of each
of its losses, and ends with `return loss_values[0]`. The same losses of the same output in a
dictionary are added up, as the manual has it: the loss that is minimized is the sum of all.

A mend: `return sum(loss_values)`. Until then: give the output a name.

It prints:

    found    4.0
    expected 6.0
    remedy   6.0
"""

import keras
import numpy as np


def told(named):
    inputs = keras.Input((1,))
    output = keras.layers.Identity(name="a")(inputs)
    model = keras.Model(inputs, {"a": output} if named else output)
    both = ["mean_squared_error", "mean_absolute_error"]
    model.compile(loss={"a": both} if named else both, run_eagerly=True)
    targets = np.array([[2.0]])
    told = model.test_on_batch(np.array([[0.0]]), {"a": targets} if named else targets)
    return float(np.ravel(told)[0])


print("found   ", told(named=False))
print("expected", 2.0**2 + 2.0)
print("remedy  ", told(named=True))
