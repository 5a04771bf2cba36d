"""ops.segment_sum counts the segments that occur with the TensorFlow backend.

Where `num_segments` is not given, the documentation says that it is inferred from the largest id.
`segment_sum` of the TensorFlow backend takes the number of `tf.unique(segment_ids)` instead: with
an id left out, it raises on a CPU; a GPU, where it was not tried, drops what is out of range.
`segment_max` was the same (keras-team/keras#22804), and takes the largest id by now, as
`segment_min` and `segment_prod` do.

A mend: the same line. Until then: give `num_segments`.

It prints:

    found    InvalidArgumentError
    expected [1. 0. 2.]
    remedy   [1. 0. 2.]
"""

import keras
import numpy as np
import tensorflow as tf

values, ids = np.array([1.0, 2.0]), np.array([0, 2])
try:
    print("found   ", keras.ops.segment_sum(values, ids).numpy())
except tf.errors.InvalidArgumentError as error:
    print("found   ", type(error).__name__)
print("expected", np.bincount(ids, values))
print("remedy  ", keras.ops.segment_sum(values, ids, num_segments=3).numpy())
