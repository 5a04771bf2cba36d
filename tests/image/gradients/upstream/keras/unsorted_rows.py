"""Sums and products of tf.IndexedSlices whose rows are not in order mix up the rows.

`indexed_slices_union_indices_and_values` and `indexed_slices_intersection_indices_and_values` of
the TensorFlow backend find the indices in order. Where they are as many as an operand has, they
take its values as they are, in the order of its own indices. `add`, `multiply`, `maximum` and
`minimum` of two such tensors give values of one row to another.

A mend: gather the values in either case. Until then: sort the rows, or make them dense.

It prints:

    found    [100.0, 0.0, 1.0]
    expected [1.0, 0.0, 100.0]
    remedy   [1.0, 0.0, 100.0]
"""

import keras
import tensorflow as tf


def squared(indices):
    values = [[float(1 + 9 * (index == 2))] for index in indices]
    parts = [tf.IndexedSlices(values, tf.constant(indices), tf.constant([3, 1])) for _ in "ab"]
    return keras.ops.multiply(*parts)


def shown(rows):
    return tf.convert_to_tensor(rows)[:, 0].numpy().tolist()


print("found   ", shown(squared([2, 0])))
print("expected", [1.0, 0.0, 100.0])
print("remedy  ", shown(squared([0, 2])))
