"""Reductions by axes of 64 bits have no gradient where sizes are unknown.

`tf.reduce_sum`, `mean`, `prod`, `max` and `min` and the Euclidean norm take axes as `tf.int64`.
Where their rules do not know the shape, `reduced_shape` mixes the axes with a range of `tf.int32`:
a graph that knows no sizes raises, although the same function has its gradient eagerly.
`raw_ops.ConcatV2` has the like with `FloorMod`.

A mend: `math_ops.cast(axes, dtypes.int32)` in `reduced_shape`. Until then: axes of 32 bits.

It prints:

    found    TypeError
    expected [[1. 1. 1.]]
    remedy   [[1. 1. 1.]]
"""

import tensorflow as tf


def gradient(dtype):
    @tf.function(input_signature=[tf.TensorSpec([None, None])], autograph=False)
    def function(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(x, tf.constant([1], dtype))
        return tape.gradient(y, x)

    try:
        return function(tf.zeros([1, 3])).numpy()
    except TypeError as error:
        return type(error).__name__


print("found   ", gradient(tf.int64))
print("expected", tf.ones([1, 3]).numpy())
print("remedy  ", gradient(tf.int32))
