"""ops.image.map_coordinates reflects and mirrors wrongly with the TensorFlow backend.

`process_coordinates` takes `tf.abs` of a place first, whatever the mode. In "reflect", whose edge
is half a step before the first number (`d c b a | a b c d | d c b a`), -1 is 0, not 1. In "mirror"
(`d c b | a b c d | c b a`) what lies beyond the last must come back one step earlier: of three
numbers place 3 becomes 3 again, and `GatherNd` raises "does not index into param shape", or, on a
GPU, gives 0. PyTorch's backend calls `_mirror_index_fixer` and `_reflect_index_fixer`
for it; TensorFlow's file has both, too, and calls neither.

A mend: call them. Until then: move the places into the range before the call.

It prints:

    found    [1.0, 0.0, 1.0, 2.0, 2.0, 1.0]
    expected [0.0, 0.0, 1.0, 2.0, 2.0, 1.0]
    remedy   [0.0, 0.0, 1.0, 2.0, 2.0, 1.0]
"""

import keras
import numpy as np
from scipy import ndimage

values, places = np.arange(3.0), np.arange(-1.0, 5.0)[None]
folded = np.abs((places + 0.5) % 6 - 3)
look = keras.ops.image.map_coordinates
print("found   ", look(values, places, order=1, fill_mode="reflect").numpy().tolist())
print("expected", ndimage.map_coordinates(values, places, order=1, mode="reflect").tolist())
print("remedy  ", look(values, 2.5 - folded, order=1, fill_mode="nearest").numpy().tolist())
