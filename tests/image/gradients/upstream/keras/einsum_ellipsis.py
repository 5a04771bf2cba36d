"""EinsumDense with an ellipsis cannot be quantized.

`_set_quantization_info` gives `self.input_spec.ndim`, a number, to the analysis of the equation,
which wants a shape to find what an ellipsis stands for: "object of type 'int' has no len()".

A mend: keep the shape in `build`. Until then: write the letters out for the rank that there is.

It prints:

    found    TypeError
    expected [[3. 3.]]
    remedy   [[3. 3.]]
"""

import keras
import numpy as np


def rounded(equation):
    layer = keras.layers.EinsumDense(equation, 2, kernel_initializer="ones")
    layer.build((1, 3))
    try:
        layer.quantize("int8")
    except TypeError as error:
        return type(error).__name__
    return layer(np.ones((1, 3))).numpy().round(3)


print("found   ", rounded("...x,xy->...y"))
print("expected", np.full((1, 2), 3.0, "float32"))
print("remedy  ", rounded("ax,xy->ay"))
