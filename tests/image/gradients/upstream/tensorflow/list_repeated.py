"""In a graph a place of a TensorArray that is read or written twice has a wrong gradient.

Of indices that `gather` reads twice only the last one counts: `_TensorListGatherGrad` scatters what
flows in into a new list, where each write takes the place of the one before; nothing is added up.
Of values that `scatter` writes to one place, each has the gradient of the last, which alone is
there: `_TensorListScatterGrad` gathers it for all of them. Computed at once, both are right.

A mend: for the first, add up by `unsorted_segment_sum`; for the second, let only the last of each
place have what flows in. Until then: `tf.gather` of what `stack` returns, and no index twice.

It prints:

    found    [1.0, 0.0, 1.0] [1.0, 1.0, 1.0]
    expected [1.0, 0.0, 2.0] [0.0, 1.0, 1.0]
    remedy   [1.0, 0.0, 2.0] [0.0, 1.0, 1.0]
"""

import tensorflow as tf

x = tf.constant([1.0, 2.0, 3.0])


def read(x):
    return tf.TensorArray("float32", 3).unstack(x).gather([2, 0, 2])


def written(x):
    return tf.TensorArray("float32", 2).scatter([1, 0, 1], x).stack()


def read_of_stack(x):
    return tf.gather(tf.TensorArray("float32", 3).unstack(x).stack(), [2, 0, 2])


def written_once(x):
    return tf.TensorArray("float32", 2).scatter([1, 0], tf.gather(x, [2, 1])).stack()


def gradient(function):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return tf.convert_to_tensor(tape.gradient(y, x)).numpy().tolist()


print("found   ", gradient(tf.function(read)), gradient(tf.function(written)))
print("expected", gradient(read), gradient(written))
print("remedy  ", gradient(tf.function(read_of_stack)), gradient(tf.function(written_once)))
