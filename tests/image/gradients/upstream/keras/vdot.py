"""ops.vdot of complex numbers takes no conjugate with the TensorFlow backend.

`vdot` makes both vectors flat and calls `dot`. The documentation says that the conjugate of the
first is taken, as NumPy and JAX do. `dtypes.result_type(result_dtype, float)` makes complex64 of
complex128 besides.

A mend: `tf.math.conj(x1)`. Until then: do it yourself.

It prints:

    found    (-5+13j)
    expected (11-5j)
    remedy   (11-5j)
"""

import keras
import numpy as np

one, other = np.array([1 + 2j, 3j], "complex64"), np.array([3 + 4j, 1], "complex64")
print("found   ", keras.ops.vdot(one, other).numpy())
print("expected", np.vdot(one, other))
print("remedy  ", keras.ops.vdot(keras.ops.conj(one), other).numpy())
