"""Products of two sparse matrices in compressed rows, against NumPy's of dense ones.

Such a matrix is a variant, of which nothing outside a graph makes zeros: the gradient is taken
inside.
"""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.ops.linalg.sparse import sparse_csr_matrix_ops as csr

from gradients.cases.complexes import STANDING, flags
from gradients.tracing import traced

#: Where numbers are, in operands of 2 x 3 and 3 x 2 that stand as they are.
LEFT = np.array([[0, 1], [1, 0], [1, 2]])
RIGHT = np.array([[0, 0], [1, 1], [2, 0]])
SHAPES = (2, 3), (3, 2)


def stood(at: np.ndarray, shape: tuple[int, int], how: str) -> tuple[np.ndarray, tuple[int, int]]:
    """Return places and shape of an operand that stands as it is told to."""
    if how == "is":
        return at, shape
    turned = at[:, ::-1]
    return turned[np.lexsort(turned.T[::-1])], shape[::-1]


def standing(matrix: np.ndarray, how: str) -> np.ndarray:
    """Return a matrix as it stands in the product; the same again gives it back."""
    return {"is": matrix, "transpose": matrix.T, "adjoint": matrix.conj().T}[how]


@traced
def gradients(v: tf.Tensor, w: tf.Tensor, into: tf.Tensor, of_a: str, of_b: str):
    """Return the product, dense, and the gradients in the numbers of both operands."""
    sides = ((v, LEFT, SHAPES[0], of_a), (w, RIGHT, SHAPES[1], of_b))
    with tf.GradientTape() as tape:
        tape.watch([v, w])
        left, right = (
            csr.sparse_tensor_to_csr_sparse_matrix(places, values, shape)
            for values, at, of, how in sides
            for places, shape in [stood(at, of, how)]
        )
        product = csr.sparse_matrix_sparse_mat_mul(
            left, right, type=tf.complex128, **flags(of_a, of_b)
        )
        y = csr.csr_sparse_matrix_to_dense(product, type=tf.complex128)
    return y, *tape.gradient(y, [v, w], output_gradients=into)


@pytest.mark.parametrize("of_a", STANDING)
@pytest.mark.parametrize("of_b", STANDING)
def test_a_product_of_compressed_rows_has_the_gradient_of_a_dense_one(of_a: str, of_b: str) -> None:
    random = np.random.default_rng(97)
    v, w = random.standard_normal((2, 3)) + 1j * random.standard_normal((2, 3))
    into = random.standard_normal((2, 2)) + 1j * random.standard_normal((2, 2))
    operands, places = [], []
    for values, at, of, how in ((v, LEFT, SHAPES[0], of_a), (w, RIGHT, SHAPES[1], of_b)):
        at, shape = stood(at, of, how)
        matrix = np.zeros(shape, complex)
        matrix[tuple(at.T)] = values
        operands.append(standing(matrix, how))
        places.append(tuple(at.T))
    a, b = operands
    found, in_v, in_w = gradients(*map(tf.constant, (v, w, into)), of_a, of_b)
    np.testing.assert_allclose(found, a @ b, rtol=1e-12)
    np.testing.assert_allclose(in_v, standing(into @ b.conj().T, of_a)[places[0]], rtol=1e-12)
    np.testing.assert_allclose(in_w, standing(a.conj().T @ into, of_b)[places[1]], rtol=1e-12)
