"""OrthogonalRegularizer raises for weights that are not float32.

`__init__` makes `self.factor` a tensor of the usual type, and `__call__` multiplies it by a sum of
the weights' type: of float64 weights "cannot compute Mul as input #1 was expected to be a float
tensor but is a double tensor". L1 casts its factor to `x.dtype` first; L2 has a number of Python.

A mend: keep `self.factor` a number. Until then: cast the weights, and the penalty back.

It prints:

    found    InvalidArgumentError
    expected 0.71
    remedy   0.71
"""

import keras
import numpy as np

weights = np.array([[1.0, 0.0], [1.0, 1.0]])
penalty = keras.regularizers.OrthogonalRegularizer(1.0)
try:
    found = penalty(keras.ops.convert_to_tensor(weights))
except Exception as error:
    found = type(error).__name__
print("found   ", found)
print("expected", round(1 / np.sqrt(2), 2))
print("remedy  ", round(float(penalty(keras.ops.convert_to_tensor(weights, "float32"))), 2))
