"""The vectorised Jacobian of a conv2d with explicit padding raises.

`_convert_conv2d_backprop_filter` of pfor hands on `padding`, which is "EXPLICIT", and not
`explicit_paddings`: "explicit_paddings attribute must contain ...".

A mend: hand that on, too. Until then: `experimental_use_pfor=False`, or pad by `tf.pad`.

It prints:

    found    InvalidArgumentError
    expected [[0.0, 1.0], [1.0, 2.0], [2.0, 3.0]]
    remedy   [[0.0, 1.0], [1.0, 2.0], [2.0, 3.0]]
"""

import tensorflow as tf

x, kernel = tf.reshape(tf.range(1.0, 4.0), [1, 1, 3, 1]), tf.ones([1, 2, 1, 1])


def jacobian(convolve, **options):
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(kernel)
        y = convolve()
    try:
        return tape.jacobian(y, kernel, **options).numpy().reshape(-1, 2).tolist()
    except (ValueError, tf.errors.InvalidArgumentError) as error:
        return type(error).__name__


def explicit():
    return tf.nn.conv2d(x, kernel, 1, [[0, 0], [0, 0], [1, 0], [0, 0]])


def padded():
    return tf.nn.conv2d(tf.pad(x, [[0, 0], [0, 0], [1, 0], [0, 0]]), kernel, 1, "VALID")


print("found   ", jacobian(explicit))
print("expected", [[0.0, 1.0], [1.0, 2.0], [2.0, 3.0]])
print("remedy  ", jacobian(padded))
