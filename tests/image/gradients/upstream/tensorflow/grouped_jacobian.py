"""The vectorised Jacobian of a grouped conv2d is wrong.

`_convert_conv2d_backprop_filter` of pfor puts the rows of the Jacobian into the channels of the
gradient, channels last in the order row, channel, and asks for a filter of as many more outputs.
With groups the first channels of the output belong to the first group, so the gradients of one
group meet the inputs of another: no error, and numbers that are off by more than their own size.

A mend: put the rows inside the groups. Until then: `experimental_use_pfor=False`.

It prints:

    found    [[1, 0, 2, 0], [0, 1, 0, 2], [7, 0, 8, 0], [0, 7, 0, 8]]
    expected [[1, 0, 2, 0], [0, 3, 0, 4], [5, 0, 6, 0], [0, 7, 0, 8]]
    remedy   [[1, 0, 2, 0], [0, 3, 0, 4], [5, 0, 6, 0], [0, 7, 0, 8]]
"""

import tensorflow as tf

x, kernel = tf.reshape(tf.range(1.0, 9.0), [1, 1, 2, 4]), tf.ones([1, 1, 2, 2])


def parts(x, kernel):
    pairs = zip(tf.split(x, 2, -1), tf.split(kernel, 2, -1), strict=True)
    return tf.concat([tf.nn.conv2d(*pair, 1, "SAME") for pair in pairs], -1)


def jacobian(convolve, **options):
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(kernel)
        y = convolve(x, kernel)
    rows = tape.jacobian(y, kernel, **options)
    return tf.reshape(rows, [4, 4]).numpy().astype(int).tolist()


def grouped(x, kernel):
    return tf.nn.conv2d(x, kernel, 1, "SAME")


print("found   ", jacobian(grouped))
print("expected", jacobian(parts))
print("remedy  ", jacobian(grouped, experimental_use_pfor=False))
