"""keras.ops.geomspace takes signs along the last axis, whichever axis it goes along.

With TensorFlow `geomspace` multiplies what it made of sizes by `tf.sign(start)`, which lacks the
axis that was added: along any axis but the first the signs of several starts belong to its
steps, or the shapes do not fit and it raises. NumPy's have each their own.

A mend: `tf.expand_dims(start_sign, axis)` before the product, where `start` is no single number.
Until then: go along the first axis, and move that.

It prints:

    found    [[-1.0, 8.0], [-4.0, 32.0]]
    expected [[-1.0, -8.0], [4.0, 32.0]]
    remedy   [[-1.0, -8.0], [4.0, 32.0]]
"""

import numpy as np
from keras import ops

STARTS, STOPS = [-1.0, 4.0], [-8.0, 32.0]


def told(x):
    return np.round(ops.convert_to_numpy(x), 3).tolist()


print("found   ", told(ops.geomspace(STARTS, STOPS, 2, axis=-1)))
print("expected", told(np.geomspace(STARTS, STOPS, 2, axis=-1)))
print("remedy  ", told(ops.moveaxis(ops.geomspace(STARTS, STOPS, 2), 0, -1)))
