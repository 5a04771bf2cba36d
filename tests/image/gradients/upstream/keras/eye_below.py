"""ops.eye of another diagonal has another shape than it was asked for with the TensorFlow backend.

`eye` pads a square of `min(M - k, N + k)`, which is more than `M` where `N` is larger and `k` is
negative, and more than `N` where `M` is larger and `k` is positive: five rows and three columns
with `k=-1` are six and four. `trace` of what is not square raises for the same reason.

A mend: `min(M - max(k, 0), N + min(k, 0))`. Until then: cut it.

It prints:

    found    (6, 4)
    expected (5, 3)
    remedy   (5, 3)
"""

import keras
import numpy as np

found = keras.ops.eye(5, 3, k=-1)
print("found   ", tuple(found.shape))
print("expected", np.eye(5, 3, k=-1).shape)
print("remedy  ", tuple(found[:5, :3].shape))
