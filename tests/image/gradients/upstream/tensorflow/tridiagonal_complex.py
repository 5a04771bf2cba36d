"""The gradient of tf.linalg.tridiagonal_solve in complex numbers lacks its conjugates.

The gradient in the right side solves with the adjoint matrix. `_TridiagonalSolveGrad` solves with
the transpose, and what flows to the diagonals is multiplied by the solution, not by its conjugate:
both gradients are wrong wherever the matrix or the solution is not real. `tridiagonal_matmul`, a
few lines above it, takes its conjugates.

A mend: `math_ops.conj(diags)` before it is transposed, and `math_ops.conj(x)` in the product. Until
then: `tf.linalg.solve` of the whole matrix.

It prints:

    found    [0.294118+0.176471j 0.411765-0.352941j]
    expected [0.294118-0.176471j 0.411765+0.352941j]
    remedy   [0.294118-0.176471j 0.411765+0.352941j]
"""

import numpy as np
import tensorflow as tf

whole = np.array([[2, 1j], [1, 2 + 1j]])
diagonals = tf.constant([[1j, 0], [2, 2 + 1j], [0, 1]], tf.complex128)
right = tf.constant([[1.0], [1j]], tf.complex128)


def gradient(solve):
    with tf.GradientTape() as tape:
        tape.watch(right)
        y = solve(right)
    return tape.gradient(y, right, output_gradients=tf.ones_like(y)).numpy().ravel().round(6)


print("found   ", gradient(lambda b: tf.linalg.tridiagonal_solve(diagonals, b)))
print("expected", np.linalg.solve(whole.conj().T, np.ones(2)).round(6))
print("remedy  ", gradient(lambda b: tf.linalg.solve(tf.constant(whole), b)))
