"""A bicubic resize in 16 bits has no gradient, and says nothing.

`_ResizeBicubicGrad` leaves `grad0 = None` where the type is not float32 or float64, though the
forward pass takes float16 and bfloat16. A tape then takes the images for constants: what lies
before the resize is not trained in mixed precision, without an error.

A mend: cast the gradient. Until then: cast the images.

It prints:

    found    None
    expected [4. 4. 4. 4.]
    remedy   [4. 4. 4. 4.]
"""

import tensorflow as tf

x = tf.ones([1, 2, 2, 1], tf.float16)


def gradient(resize):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = resize(x)
    slope = tape.gradient(y, x)
    return slope if slope is None else slope.numpy().ravel()


def bicubic(x):
    return tf.image.resize(x, [4, 4], "bicubic")


print("found   ", gradient(bicubic))
print("expected", tf.fill([4], tf.constant(4.0, tf.float16)).numpy())
print("remedy  ", gradient(lambda x: bicubic(tf.cast(x, tf.float32))))
