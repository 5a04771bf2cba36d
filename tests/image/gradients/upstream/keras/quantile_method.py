"""ops.quantile in a model forgets its method.

`Quantile.call` does not pass `self.method` on, so that what a functional model computes is always
the linear one. A call on tensors is right, and so are `percentile` and `nanquantile`.

A mend: pass it. Until then: `percentile`, of a hundredfold `q`.

It prints:

    found    1.5
    expected 1.0
    remedy   1.0
"""

import keras
import numpy as np

inputs = keras.KerasTensor((4,))
numbers = np.arange(4.0, dtype="float32")


def model(output):
    return float(keras.Function(inputs, output)(numbers))


print("found   ", model(keras.ops.quantile(inputs, 0.5, method="lower")))
print("expected", np.quantile(numbers, 0.5, method="lower"))
print("remedy  ", model(keras.ops.percentile(inputs, 50.0, method="lower")))
