"""The Hessian through tf.nn.moments is wrong.

`moments` computes `variance = reduce_mean(squared_difference(y, stop_gradient(mean)))`. The first
derivative is right, since that of the mean adds up to 0, as its comment says (#19609). The second
is not: the gradient 2 (y - mean) / n depends on the mean, and does not know it.
`batch_normalization` by these moments, Keras's LayerNormalization, GroupNormalization and, in
training, BatchNormalization inherit that. The Hessian stays symmetric, so no check of symmetry
sees it.

A mend: without `stop_gradient`. Until then: `tf.math.reduce_variance`.

It prints:

    found    [[1.0, 0.0], [0.0, 1.0]]
    expected [[0.5, -0.5], [-0.5, 0.5]]
    remedy   [[0.5, -0.5], [-0.5, 0.5]]
"""

import tensorflow as tf

x = tf.constant([1.0, 3.0])


def hessian(function):
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = function(x)
        slope = inner.gradient(y, x)
    return outer.jacobian(slope, x).numpy().tolist()


print("found   ", hessian(lambda x: tf.nn.moments(x, 0)[1]))
print("expected", [[0.5, -0.5], [-0.5, 0.5]])
print("remedy  ", hessian(tf.math.reduce_variance))
