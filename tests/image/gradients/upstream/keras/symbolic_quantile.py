"""ops.quantile in a functional model forgets its method.

The operation's object keeps `method`, and `Quantile.call` does not pass it on: in a model, or in a
layer that is built from what has no numbers, each quantile is linear. Called with numbers the
function passes it.

A mend: `method=self.method`. Until then: call it inside of a layer of one's own.

It prints:

    found    2.5
    expected 2.0
    remedy   2.0
"""

import keras
import numpy as np


class Lower(keras.layers.Layer):
    """The lower median."""

    def call(self, x):
        return keras.ops.quantile(x, 0.5, method="lower")


values, inputs = np.arange(1.0, 5.0), keras.Input(batch_shape=(4,))
model = keras.Function(inputs, keras.ops.quantile(inputs, 0.5, method="lower"))
print("found   ", float(model(values)))
print("expected", float(np.quantile(values, 0.5, method="lower")))
print("remedy  ", float(keras.Function(inputs, Lower()(inputs))(values)))
