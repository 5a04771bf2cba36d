"""ops.mean of tf.IndexedSlices along an axis raises in a graph with the TensorFlow backend.

`mean` takes the rank of slices from `tf.shape(dense_shape)[0]`, which is a tensor, and hands it to
`canonicalize_axis`, which compares it with the axis in Python: in a graph there is no number to
compare, and TensorFlow refuses. Outside of a graph, and over all axes, the mean is right.

A mend: take the rank from `x.values`, which has as many axes, and a rank that is known. Until then:
make the slices dense before.

It prints:

    found    OperatorNotAllowedInGraphError
    expected [1.0, 1.0]
    remedy   [1.0, 1.0]
"""

import keras
import tensorflow as tf

gradient = tf.IndexedSlices(tf.ones([3, 2]), tf.constant([0, 1, 2]), tf.constant([3, 2]))


def mean(given):
    try:
        return tf.function(lambda: keras.ops.mean(given(), axis=0))().numpy().tolist()
    except tf.errors.OperatorNotAllowedInGraphError as error:
        return type(error).__name__


print("found   ", mean(lambda: gradient))
print("expected", keras.ops.mean(gradient, axis=0).numpy().tolist())
print("remedy  ", mean(lambda: tf.convert_to_tensor(gradient)))
