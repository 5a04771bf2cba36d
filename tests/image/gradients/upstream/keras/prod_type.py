"""keras.ops.prod does not come in the type that is asked for with the TensorFlow backend.

`prod` of `keras/src/backend/tensorflow/numpy.py` casts what it is given where `dtype` is None, to
the type that is inferred; where one is told it casts nothing. So whole numbers overflow in their
own type, and fractions are as exact as they came. `cumprod`, and `prod` of NumPy, come as asked.

A mend: take the line `x = tf.cast(x, dtype)` out of the branch. Until then: cast before.

It prints:

    found    65536 int32
    expected 4295032832 int64
    remedy   4295032832 int64
"""

import numpy as np
from keras import ops

NUMBERS = np.array([65536, 65537], "int32")


def told(product):
    product = ops.convert_to_numpy(product)
    return f"{product} {product.dtype}"


print("found   ", told(ops.prod(NUMBERS, dtype="int64")))
print("expected", told(np.prod(NUMBERS, dtype="int64")))
print("remedy  ", told(ops.prod(ops.cast(NUMBERS, "int64"))))
