"""The gradient of a bilinear resize has no gradient, and says nothing.

`image_grad.py` has `ops.NotDifferentiable("ResizeBilinearGrad")`, so a second derivative through
`tf.image.resize` is None, or lacks a term, without an error. `ResizeBilinearGrad` is linear in
what flows in: its gradient is `ResizeBilinear` of the same size. A gradient penalty of a
generator that resizes comes here.

A mend: that rule. Until then: a resize is a matrix; multiply by it.

It prints:

    found    None
    expected [4. 4.]
    remedy   [4. 4.]
"""

import tensorflow as tf

x = tf.constant([[[[1.0], [2.0]]]])


def resized(x):
    return tf.image.resize(x, [1, 4])


MATRIX = tf.reshape(resized(tf.reshape(tf.eye(2), [2, 1, 2, 1])), [2, 4])


def second(resize):
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = tf.reduce_sum(resize(x) ** 2)
        slope = inner.gradient(y, x)
    found = outer.gradient(slope, x)
    return found if found is None else found.numpy().ravel()


print("found   ", second(resized))
print("expected", (2 * MATRIX @ tf.reduce_sum(MATRIX, 0)[:, None]).numpy().ravel())
print("remedy  ", second(lambda x: tf.reshape(x, [1, 2]) @ MATRIX))
