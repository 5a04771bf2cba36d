"""pfor rolls along the wrong axis where it is counted from the end.

`_convert_roll` adds one to the axis, whatever its sign: -1 becomes 0, which is the loop's own, so
`tf.vectorized_map` hands each element's numbers to another element. Where the shift differs from
element to element, it is the next one's shift that is taken.

A mend: add one to axes from 0 on alone, as other converters do. Until then: count from the front.

It prints:

    found    [[3.0, 4.0], [1.0, 2.0]]
    expected [[2.0, 1.0], [4.0, 3.0]]
    remedy   [[2.0, 1.0], [4.0, 3.0]]
"""

import tensorflow as tf

x = tf.constant([[1.0, 2.0], [3.0, 4.0]])


def all_at_once(function):
    return tf.vectorized_map(function, x).numpy().tolist()


print("found   ", all_at_once(lambda each: tf.roll(each, 1, -1)))
print("expected", [tf.roll(each, 1, -1).numpy().tolist() for each in x])
print("remedy  ", all_at_once(lambda each: tf.roll(each, 1, 0)))
