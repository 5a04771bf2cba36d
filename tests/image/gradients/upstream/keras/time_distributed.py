"""TimeDistributed with an unknown number of time steps loops over the batch size.

`call` takes `input_shape = ops.shape(inputs)` before it swaps the axes of batch and time, and,
where the number of time steps is not static, runs `vectorized_map(step_function,
ops.arange(input_shape[0]))` on what is swapped: `input_shape[0]` is the batch size. So of two
sequences of five steps it returns two steps, and of five sequences of two it raises "slice index
2 of dimension 0 out of bounds". `predict` comes that way at the second shape of a batch, when it
traces again with relaxed shapes.

A mend: `ops.arange(ops.shape(inputs)[0])`. Until then: fold the steps into the batch.

It prints:

    found    (2, 2, 4)
    expected (2, 5, 4)
    remedy   (2, 5, 4)
"""

import keras
import tensorflow as tf

inputs = tf.ones([2, 5, 3])
dense = keras.layers.Dense(4)
layer = keras.layers.TimeDistributed(dense)
layer.build((2, 5, 3))


def folded(x):
    steps = dense(tf.reshape(x, [-1, 3]))
    return tf.reshape(steps, [tf.shape(x)[0], -1, 4])


def unsized(function):
    signature = [tf.TensorSpec([None, None, 3])]
    return tf.function(function, input_signature=signature, autograph=False)


print("found   ", unsized(layer)(inputs).shape)
print("expected", layer(inputs).shape)
print("remedy  ", unsized(folded)(inputs).shape)
