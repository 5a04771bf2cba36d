"""ops.add takes a column for a bias, and adds it to another axis with the TensorFlow backend.

Where all sizes of `x2` but one are 1, `add` of the TensorFlow backend squeezes it and calls
`tf.nn.bias_add`: along the last axis of `x1`, if that is as long, or else along its second. Which
axis `x2` itself is long in is not asked. A column beside a batch of squares is added as a row;
beside four axes, of which the second is as long as the third, to the second. So a layer with
`data_format="channels_first"` adds its bias to the places, not to the channels, wherever the last
size is the number of filters: convolutions of all kinds, on a GPU, too, 64 filters over images 64
wide, say. `tf.nn.bias_add` came with keras-team/keras#20386.

A mend: do so where `x2` has one axis, or where its long axis is that axis of `x1`. Until then:
`x1 - -x2`, which has no such way, and in a layer no bias, and a layer that adds one so.

It prints:

    found    [[1. 2.] [1. 2.]]
    expected [[1. 1.] [2. 2.]]
    remedy   [[1. 1.] [2. 2.]]
"""

import keras
import numpy as np


def flat(matrix):
    return str(np.array(matrix)).replace("\n", "")


layer = keras.layers.SeparableConv1D(2, 1, data_format="channels_first")
layer.build((1, 3, 2))
layer.bias.assign([1.0, 2.0])
inputs, bias = np.zeros((1, 3, 2), "float32"), np.array([[[1.0], [2.0]]], "float32")
plain = keras.layers.SeparableConv1D(2, 1, data_format="channels_first", use_bias=False)
print("found   ", flat(layer(inputs)[0]))
print("expected", flat((np.zeros((1, 2, 2)) + bias)[0]))
print("remedy  ", flat(keras.ops.subtract(plain(inputs), -bias)[0]))
