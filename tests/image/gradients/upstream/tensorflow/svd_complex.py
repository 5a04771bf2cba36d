"""The second derivative through tf.linalg.svd of a complex matrix is wrong, and says nothing.

The operation has its singular values in the matrix's own type, and `tf.linalg.svd` takes their
real part. `_SvdGrad` reads the operation's output, so its own gradient sends back an imaginary
part into `s`, which a real number cannot take; `grad_s` is used with it. First derivatives are
right, and so are all of real matrices.

A mend: `grad_s = math_ops.cast(math_ops.real(grad_s), a.dtype)`, the first line of `_SvdGrad`.
Until then: `tf.linalg.eigh` of the product with the adjoint, whose gradient has it right.

It prints:

    found    -1.538477
    expected -1.300529
    remedy   -1.300529
"""

import numpy as np
import tensorflow as tf

STEP = 1e-5
random = np.random.default_rng(0)
matrix, direction, weights = (
    tf.constant(random.standard_normal((3, 2)) + 1j * random.standard_normal((3, 2)))
    for _ in range(3)
)


def by_svd(z):
    """Return z with the hyperbolic tangents of its singular values."""
    values, left, right = tf.linalg.svd(z)
    return tf.matmul(left * tf.cast(tf.tanh(values), z.dtype), right, adjoint_b=True)


def by_eigh(z):
    squares, right = tf.linalg.eigh(tf.matmul(z, z, adjoint_a=True))
    values = tf.sqrt(tf.math.real(squares))
    scaled = right * tf.cast(tf.tanh(values) / values, z.dtype)
    return tf.matmul(z, tf.matmul(scaled, right, adjoint_b=True))


def slope(function, z):
    """Return the derivative along the direction of a sum of the function's numbers."""
    with tf.GradientTape() as tape:
        tape.watch(z)
        total = tf.reduce_sum(tf.math.real(weights * function(z)))
    return tf.reduce_sum(tf.math.real(tf.math.conj(direction) * tape.gradient(total, z)))


def second(function):
    with tf.GradientTape() as tape:
        tape.watch(matrix)
        found = slope(function, matrix)
    return tf.reduce_sum(tf.math.real(tf.math.conj(direction) * tape.gradient(found, matrix)))


above, below = (slope(by_svd, matrix + step * direction) for step in (STEP, -STEP))
print("found   ", round(float(second(by_svd)), 6))
print("expected", round(float(above - below) / (2 * STEP), 6))
print("remedy  ", round(float(second(by_eigh)), 6))
