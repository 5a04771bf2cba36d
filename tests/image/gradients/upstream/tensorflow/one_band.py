"""The gradient of `tf.linalg.banded_triangular_solve` in a single band has lost an axis.

`_BandedTriangularSolveGrad` reads the bands back by `matrix_diag_part` with `k=(0, 0)`, which is
one diagonal, and so has no axis of diagonals (`tensorflow/python/ops/linalg_grad.py`). Where the
batches of both operands are the same, that is returned: of bands of the shape [..., 1, n] a
gradient of the shape [..., n]. What the bands were made from has a wrong gradient then, or none:
a slice of them raises.

Below is the shape of the gradient of one band. A mend: reshape it to that of the bands. Until then:
divide by the band, which is a diagonal.

It prints:

    found    (3,)
    expected (1, 3)
    remedy   (1, 3)
"""

import tensorflow as tf

bands, right = tf.constant([[2.0, -4.0, 5.0]]), tf.constant([[1.0], [3.0], [-2.0]])


def gradient(solve):
    with tf.GradientTape() as tape:
        tape.watch(bands)
        y = solve()
    return tape.gradient(y, bands)


print("found   ", tuple(gradient(lambda: tf.linalg.banded_triangular_solve(bands, right)).shape))
print("expected", tuple(bands.shape))
print("remedy  ", tuple(gradient(lambda: right / tf.transpose(bands)).shape))
