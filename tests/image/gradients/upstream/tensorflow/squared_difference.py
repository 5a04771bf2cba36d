"""The gradient of tf.math.squared_difference in complex numbers takes the imaginary part along.

For complex numbers the operation is conj(x - y)(x - y), which is real whatever x and y are. So
the imaginary part of what flows in has no effect, and the gradient in x is 2 (x - y) times its
real part. `_SquaredDifferenceGrad` multiplies by all of it. Where the square is added up and its
real part taken, it is right; where it is multiplied by a complex number, as below by one that
leaves nothing real, it is not.

A mend: `math_ops.cast(math_ops.real(grad), grad.dtype)`. Until then: square the absolute value.

It prints:

    found    [4.-2.j]
    expected [0.+0.j]
    remedy   [0.+0.j]
"""

import tensorflow as tf

x, y = tf.constant([1.0 + 2.0j]), tf.constant([0.0j])


def gradient(square):
    with tf.GradientTape() as tape:
        tape.watch(x)
        nothing = tf.math.real(1j * square(x, y))
    return tape.gradient(nothing, x).numpy()


print("found   ", gradient(tf.math.squared_difference))
print("expected", tf.zeros_like(x).numpy())
print("remedy  ", gradient(lambda x, y: tf.complex(tf.abs(x - y) ** 2, 0 * tf.abs(y))))
