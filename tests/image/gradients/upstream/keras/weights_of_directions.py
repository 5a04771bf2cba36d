"""Bidirectional takes weights, and starts from others.

`Bidirectional(layer, weights=...)` sets `initial_weights` of both layers, which no layer of Keras 3
reads: they start from what their initializers draw.

A mend: `set_weights` once they are built. Until then: do it yourself.

It prints:

    found    False
    expected True
    remedy   True
"""

import keras
import numpy as np

weights = [np.full(shape, 0.5, "float32") for shape in ((3, 2), (2, 2), (2,))] * 2


def alike(layer):
    return all(np.array_equal(a, b) for a, b in zip(layer.get_weights(), weights, strict=True))


layer = keras.layers.Bidirectional(keras.layers.SimpleRNN(2), weights=weights)
layer.build((None, 4, 3))
print("found   ", alike(layer))
print("expected", True)
layer.set_weights(weights)
print("remedy  ", alike(layer))
