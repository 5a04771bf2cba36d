"""EinsumDense says the axes of an ellipsis in reverse.

For an ellipsis at the left `_analyze_split_string` inserts each size at place 1, one after the
other: of inputs of (2, 3, 4, 5) it says (2, 4, 3, 6), where the layer returns (2, 3, 4, 6). Models
are made of what layers say, so a functional model with two unlike axes there has a wrong
`output_shape`, and what comes after it is built for another one.

A mend: `output_shape.insert(i, input_shape[i])`. Until then: name the axes in the equation.

It prints:

    found    (2, 4, 3, 6)
    expected (2, 3, 4, 6)
    remedy   (2, 3, 4, 6)
"""

import keras
import numpy as np

inputs = keras.Input(batch_shape=(2, 3, 4, 5))
layer = keras.layers.EinsumDense("...x,xy->...y", 6)
named = keras.layers.EinsumDense("abcx,xy->abcy", (3, 4, 6))
print("found   ", layer(inputs).shape)
print("expected", tuple(layer(np.zeros((2, 3, 4, 5), "float32")).shape))
print("remedy  ", named(inputs).shape)
