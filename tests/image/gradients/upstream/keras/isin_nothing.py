"""ops.isin of nothing says that nothing is missing with the TensorFlow backend.

Where one of the arrays is empty, `isin` of the TensorFlow backend returns False for each number,
before it looks at `invert`: with `invert=True` no number is said to be missing from a list that has
none.

A mend: fill with `invert`. Until then: negate it.

It prints:

    found    [False False]
    expected [ True  True]
    remedy   [ True  True]
"""

import keras
import numpy as np

numbers, none = np.array([1, 2]), np.array([], "int64")
print("found   ", keras.ops.isin(numbers, none, invert=True).numpy())
print("expected", np.isin(numbers, none, invert=True))
print("remedy  ", keras.ops.logical_not(keras.ops.isin(numbers, none)).numpy())
