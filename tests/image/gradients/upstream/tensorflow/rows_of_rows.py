"""The gradient of rows that `gather` takes of rows of `gather_nd` is said to be of another size.

The gradient of `gather_nd` with one index each is IndexedSlices, whose values are what flows in:
IndexedSlices again, where `gather` comes next. Where a table is read so twice and more, they are
made flat before they are added, and `FlattenNestedIndexedSlices` gives what it makes the size of
the inner ones: of the rows that were taken first, and not of the table. What converts it to a
tensor fails, or makes a tensor of too few rows. Five readings and more fail at once, as
tensorflow/tensorflow#34093 told of embedding columns.

A mend: `grad.dense_shape` in place of `g.dense_shape`, and IndexedSlices made dense before a
gradient is counted. Until then: `gather` in place of `gather_nd`.

It prints:

    found    [3, 2]
    expected [5, 2]
    remedy   [5, 2]
"""

import tensorflow as tf

x = tf.reshape(tf.range(10.0), [5, 2])


def size(taken):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = sum(tf.reduce_sum(tf.gather(taken(x), [0, 0, 2])) for _ in range(2))
    return tape.gradient(y, x).dense_shape.numpy().tolist()


print("found   ", size(lambda x: tf.gather_nd(x, [[2], [1], [0]])))
print("expected", x.shape.as_list())
print("remedy  ", size(lambda x: tf.identity(tf.gather(x, [2, 1, 0]))))
