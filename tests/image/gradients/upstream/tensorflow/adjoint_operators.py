"""LinearOperatorLowerTriangular.matmul drops the upper half of its own adjoint.

`matmul(x, adjoint=True)` of two operators calls `self._linop_matmul(self.adjoint(), x)`. Where `x`
is a LinearOperatorDiag, that method of a LinearOperatorLowerTriangular makes another one of the
product, as if the left operand were lower triangular still.

A mend: call the method of the left operand. Until then: take the adjoint before.

It prints:

    found    [[1.0, 0.0], [0.0, 15.0]]
    expected [[1.0, 10.0], [0.0, 15.0]]
    remedy   [[1.0, 10.0], [0.0, 15.0]]
"""

import tensorflow as tf

matrix = tf.constant([[1.0, 0.0], [2.0, 3.0]])
lower = tf.linalg.LinearOperatorLowerTriangular(matrix)
diagonal = tf.linalg.LinearOperatorDiag([1.0, 5.0])


def shown(product):
    return product.numpy().tolist()


print("found   ", shown(lower.matmul(diagonal, adjoint=True).to_dense()))
print("expected", shown(tf.matmul(matrix, diagonal.to_dense(), adjoint_a=True)))
print("remedy  ", shown(lower.adjoint().matmul(diagonal).to_dense()))
