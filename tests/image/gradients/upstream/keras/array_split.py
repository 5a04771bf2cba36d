"""ops.array_split gives one part where a size is unknown with the TensorFlow backend.

`array_split` writes the sizes of parts as `[avg_size + 1] * remainder + [avg_size] * (...)`. In a
graph that does not know the size along the axis, `remainder` is a tensor: there a list is not
repeated, but multiplied, and the two are added. What comes out is one part, the whole.

A mend: `tf.where(tf.range(num_splits) < remainder, avg_size + 1, avg_size)`, and `num` for
`tf.split`. Until then: have the size in the input's signature.

It prints:

    found    [[0.0, 1.0, 2.0, 3.0, 4.0]]
    expected [[0.0, 1.0, 2.0], [3.0, 4.0]]
    remedy   [[0.0, 1.0, 2.0], [3.0, 4.0]]
"""

import keras
import numpy as np
import tensorflow as tf

numbers = np.arange(5.0)


def parts(size):
    @tf.function(input_signature=[tf.TensorSpec([size], "float64")])
    def function(x):
        return keras.ops.array_split(x, 2)

    return [part.numpy().tolist() for part in function(numbers)]


print("found   ", parts(None))
print("expected", [part.tolist() for part in np.array_split(numbers, 2)])
print("remedy  ", parts(5))
