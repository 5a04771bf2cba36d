"""pfor pads with zeros, whatever number it is told to pad with.

`_convert_pad_v2` hands on the tensor and the paddings of `PadV2`, and not `constant_values`, so
`tf.vectorized_map` of a `tf.pad` with any other number answers another thing than the function
itself.

A mend: hand that on, too. Until then: shift the numbers before, and back afterwards.

It prints:

    found    [[0.0, 1.0], [0.0, 2.0]]
    expected [[7.0, 1.0], [7.0, 2.0]]
    remedy   [[7.0, 1.0], [7.0, 2.0]]
"""

import tensorflow as tf

x = tf.constant([[1.0], [2.0]])


def padded(each):
    return tf.pad(each, [[1, 0]], constant_values=7.0)


def shifted(each):
    return tf.pad(each - 7.0, [[1, 0]]) + 7.0


print("found   ", tf.vectorized_map(padded, x).numpy().tolist())
print("expected", [padded(each).numpy().tolist() for each in x])
print("remedy  ", tf.vectorized_map(shifted, x).numpy().tolist())
