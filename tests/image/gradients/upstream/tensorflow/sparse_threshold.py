"""tf.sparse.add applies its threshold only where both tensors have a number.

A sum with a magnitude below `threshold` shall not be included, and in the docstring's example
.1 and -.2 vanish below 0.21. `SparseAdd` compares sums of two numbers alone; what one operand has
by itself is copied, however small it is (`tensorflow/core/kernels/sparse_add_op.cc`).

A mend: compare these, too, or say so in the docstring. Until then: `tf.sparse.retain` what is large
enough.

It prints:

    found    [2.0, 0.1, 6.0, -0.2]
    expected [2.0, 6.0]
    remedy   [2.0, 6.0]
"""

import tensorflow as tf

one = tf.sparse.from_dense([[0.0, 2.0], [0.1, 0.0], [0.0, 0.0]])
other = tf.sparse.from_dense([[0.0, 0.0], [0.0, 0.0], [6.0, -0.2]])


def shown(values):
    return [round(value, 3) for value in values.numpy().tolist()]


total = tf.sparse.add(one, other)
print("found   ", shown(tf.sparse.add(one, other, threshold=0.21).values))
print("expected", shown(total.values[tf.abs(total.values) >= 0.21]))
print("remedy  ", shown(tf.sparse.retain(total, tf.abs(total.values) >= 0.21).values))
