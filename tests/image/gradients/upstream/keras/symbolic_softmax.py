"""ops.softmax and ops.log_softmax over several axes raise in a functional model.

The functions put the axes together before they call the backend; `Softmax.call` and
`LogSoftmax.call`, which a model calls, pass the tuple on as it is to `tf.nn.softmax`, which takes
one axis. Called with numbers they are right.

A mend: move what the functions do into what both call. Until then: the layer Softmax.

It prints:

    found    TypeError
    expected [0.25, 0.25, 0.25, 0.25]
    remedy   [0.25, 0.25, 0.25, 0.25]
"""

import keras
import numpy as np

values, inputs = np.ones((1, 2, 2), "float32"), keras.Input((2, 2))
model = keras.Function(inputs, keras.ops.softmax(inputs, axis=(1, 2)))
try:
    found = np.ravel(model(values)).tolist()
except Exception as error:
    found = type(error).__name__
layer = keras.layers.Softmax(axis=(1, 2))
print("found   ", found)
print("expected", np.ravel(keras.ops.softmax(values, axis=(1, 2))).tolist())
print(
    "remedy  ",
    [round(float(x), 6) for x in np.ravel(keras.Function(inputs, layer(inputs))(values))],
)
