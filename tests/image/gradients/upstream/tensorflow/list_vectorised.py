"""pfor reads several elements of a TensorArray with their axes in the wrong order.

Where the list is another in each iteration, and the indices are not, `_convert_tensor_list_gather`
returns what it gathered as it is: the places' axis comes first, and the iterations' second. Where
both have the same size nothing tells of it. `_convert_tensor_list_stack` swaps both.

A mend: swap them. Until then: gather from what `stack` returns.

It prints:

    found    [[3.0, 4.0], [1.0, 2.0]]
    expected [[3.0, 1.0], [4.0, 2.0]]
    remedy   [[3.0, 1.0], [4.0, 2.0]]
"""

import tensorflow as tf

x = tf.constant([1.0, 2.0])


def written(each):
    return tf.TensorArray("float32", 2).write(0, each).write(1, each + 2)


def gathered(each):
    return written(each).gather([1, 0])


def stacked(each):
    return tf.gather(written(each).stack(), [1, 0])


print("found   ", tf.vectorized_map(gathered, x).numpy().tolist())
print("expected", [gathered(each).numpy().tolist() for each in x])
print("remedy  ", tf.vectorized_map(stacked, x).numpy().tolist())
