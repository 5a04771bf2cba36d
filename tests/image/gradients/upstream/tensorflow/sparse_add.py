"""The gradient of tf.sparse.add has no gradient, and says nothing.

`SparseAddGrad` is an operation without a rule, so a second derivative through `tf.sparse.add` of
two sparse tensors is None: a tape takes the gradient for a constant.

A mend: a rule, which is a gather and an addition; `SparseAddGrad` is linear. Until then: gather
what is added, or add dense.

It prints:

    found    None
    expected [2.]
    remedy   [2.]
"""

import tensorflow as tf

x = tf.constant([3.0])


def second(add):
    one, other = (tf.SparseTensor([[0]], value, [2]) for value in (x, tf.constant([1.0])))
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = tf.reduce_sum(add(one, other) ** 2)
        slope = inner.gradient(y, x)
    found = outer.gradient(slope, x)
    return found if found is None else found.numpy()


def dense(one, other):
    return tf.sparse.to_dense(one) + tf.sparse.to_dense(other)


print("found   ", second(lambda one, other: tf.sparse.to_dense(tf.sparse.add(one, other))))
print("expected", tf.constant([2.0]).numpy())
print("remedy  ", second(dense))
