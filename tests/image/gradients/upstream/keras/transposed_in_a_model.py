"""ops.conv_transpose cannot be called in a model.

`ConvTranspose.call` passes `output_padding` where the backend takes `padding`, and `padding` where
it takes `output_padding`, so that a functional model with it raises once it runs. A call on tensors
is right, and so are the layers.

A mend: the other order. Until then: a layer.

It prints:

    found    AttributeError
    expected (1, 6, 1)
    remedy   (1, 6, 1)
"""

import keras
import numpy as np

inputs = keras.KerasTensor((1, 3, 2))
kernel, numbers = np.ones((2, 1, 2), "float32"), np.ones((1, 3, 2), "float32")


def shape(output):
    return tuple(keras.Function(inputs, output)(numbers).shape)


try:
    print("found   ", shape(keras.ops.conv_transpose(inputs, kernel, 2)))
except AttributeError as error:
    print("found   ", type(error).__name__)
print("expected", tuple(keras.ops.conv_transpose(numbers, kernel, 2).shape))
print("remedy  ", shape(keras.layers.Conv1DTranspose(1, 2, 2)(inputs)))
