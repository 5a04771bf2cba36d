"""SimpleRNN forgets its activity_regularizer.

`SimpleRNN.__init__` takes `activity_regularizer`, and does not pass it to `super().__init__`, as
LSTM and GRU do. The layer has no penalty, its configuration says null, and nobody is told.

A mend: `activity_regularizer=activity_regularizer` in that call. Until then: set the attribute.

It prints:

    found    0
    expected 1
    remedy   1
"""

import keras
import numpy as np


def penalty(layer):
    layer(np.ones((1, 3, 2)))
    return len(layer.losses)


mended = keras.layers.SimpleRNN(2)
mended.activity_regularizer = keras.regularizers.L2(0.1)
print("found   ", penalty(keras.layers.SimpleRNN(2, activity_regularizer="l2")))
print("expected", penalty(keras.layers.LSTM(2, activity_regularizer="l2")))
print("remedy  ", penalty(mended))
