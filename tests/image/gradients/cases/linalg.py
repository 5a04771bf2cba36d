"""Products, decompositions, and functions of matrices."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from gradients import gaps
from gradients.case import Case
from gradients.inputs import normal, positive, positive_definite


def well_separated(random: np.random.Generator) -> np.ndarray:
    """Draw a matrix whose eigenvalues are real, and far apart."""
    return np.diag([1.0, 2.0, 4.0, 8.0]) + 0.1 * random.standard_normal((4, 4))


def symmetric(matrix: tf.Tensor) -> tf.Tensor:
    """Return the symmetric part: a perturbation must not leave a function's domain."""
    return (matrix + tf.linalg.adjoint(matrix)) / 2


def singular_vectors(matrix: tf.Tensor) -> tf.Tensor:
    """Use both sides of singular vectors, so that their signs do not count."""
    values, left, right = tf.linalg.svd(matrix)
    return tf.matmul(left * tf.tanh(values)[..., None, :], right, transpose_b=True)


def eigenvectors(matrix: tf.Tensor) -> tf.Tensor:
    """Use eigenvectors on both sides, so that their signs do not count."""
    values, vectors = tf.linalg.eigh(symmetric(matrix))
    return tf.matmul(vectors * tf.exp(values)[..., None, :], vectors, transpose_b=True)


def logarithm(matrix: tf.Tensor) -> tf.Tensor:
    """Return the real part of a matrix's logarithm, which TensorFlow has in complex alone."""
    wide = tf.complex128 if matrix.dtype == tf.float64 else tf.complex64
    return tf.math.real(tf.linalg.logm(tf.cast(matrix, wide)))


def tridiagonal(diagonals: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    """Solve with a matrix whose diagonal outweighs its neighbours."""
    heavy = tf.constant([[0.0], [4.0], [0.0]], diagonals.dtype)
    return tf.linalg.tridiagonal_solve(diagonals + heavy, right)


#: XLA iterates to less than full precision.
ITERATED = {"xla": 1e-6}

CASES = (
    Case("matmul", [normal(3, 4), normal(4, 5)], tf.matmul),
    Case("matmul_blocks", [normal(24, 48), normal(48, 20)], tf.matmul),
    Case(
        "matmul_batch_transposed",
        [normal(2, 3, 4), normal(2, 5, 4)],
        lambda a, b: tf.matmul(a, b, transpose_b=True),
    ),
    Case(
        "einsum",
        [normal(2, 3, 4), normal(4, 3, 5)],
        lambda a, b: tf.einsum("bij,jik->bk", a, b),
    ),
    Case(
        "tensordot",
        [normal(2, 3, 4), normal(4, 3, 2)],
        lambda a, b: tf.tensordot(a, b, [[1, 2], [1, 0]]),
    ),
    Case(
        "cholesky",
        [positive_definite(4)],
        lambda a: tf.linalg.cholesky(symmetric(a)),
        known=gaps.NO_HALF,
    ),
    Case(
        "triangular_solve",
        [positive_definite(4), normal(4, 2)],
        lambda a, b: tf.linalg.triangular_solve(tf.linalg.band_part(a, -1, 0), b),
        known=gaps.NO_HALF,
    ),
    Case(
        "solve",
        [positive_definite(4), normal(4, 2)],
        tf.linalg.solve,
        known=gaps.NO_HALF,
    ),
    Case(
        "inv",
        [positive_definite(4)],
        tf.linalg.inv,
        known=gaps.NO_BFLOAT16,
    ),
    Case(
        "det",
        [positive_definite(4)],
        tf.linalg.det,
        known=gaps.NO_HALF | gaps.not_compiled("MatrixDeterminant", 125536),
    ),
    Case(
        "slogdet",
        [positive_definite(4)],
        lambda a: tf.linalg.slogdet(a)[1],
        known=gaps.NO_HALF | gaps.not_compiled("LogMatrixDeterminant"),
    ),
    Case(
        "qr",
        [normal(5, 3)],
        lambda a: tf.concat(tf.linalg.qr(a), 0),
        known=gaps.STATIC_SHAPES | gaps.NO_HALF,
    ),
    Case(
        "svd_values",
        [normal(4, 3)],
        lambda a: tf.linalg.svd(a, compute_uv=False),
        known=gaps.NO_HALF,
        tolerances=ITERATED,
    ),
    Case(
        "svd_vectors",
        [normal(4, 3)],
        singular_vectors,
        known=gaps.STATIC_SHAPES | gaps.NO_HALF,
        tolerances=ITERATED,
    ),
    Case(
        "eigh_values",
        [positive_definite(4)],
        lambda a: tf.linalg.eigvalsh(symmetric(a)),
        known=gaps.NO_HALF,
        tolerances=ITERATED,
    ),
    Case(
        "eigh_vectors",
        [positive_definite(4)],
        eigenvectors,
        known=gaps.NO_HALF,
        tolerances=ITERATED,
    ),
    Case(
        "eig_values",
        [well_separated],
        lambda a: tf.sort(tf.math.real(tf.linalg.eigvals(a))),
        known=gaps.EIG_HALF | gaps.not_compiled("Eig"),
    ),
    Case(
        "lstsq",
        [normal(5, 3), normal(5, 2)],
        tf.linalg.lstsq,
        known=gaps.NO_HALF,
    ),
    Case(
        "expm",
        [normal(3, 3)],
        tf.linalg.expm,
        known=gaps.NO_HALF | gaps.UNBOUNDED_LOOP,
    ),
    Case(
        "logm",
        [positive_definite(3)],
        logarithm,
        known=gaps.no_gradient("MatrixLogarithm", 26321) | gaps.NO_HALF,
    ),
    Case(
        "sqrtm",
        [positive_definite(3)],
        tf.linalg.sqrtm,
        known=gaps.NO_HALF | gaps.not_compiled("MatrixSquareRoot"),
    ),
    Case(
        "lu",
        [positive_definite(4)],
        lambda a: tf.linalg.lu(a)[0],
        known=gaps.no_gradient("Lu", 61106) | gaps.NO_HALF,
    ),
    Case(
        "pinv",
        [normal(5, 3)],
        tf.linalg.pinv,
        known=gaps.STATIC_SHAPES | gaps.NO_HALF,
        tolerances=ITERATED,
    ),
    Case(
        "tridiagonal_solve",
        [positive(3, 5), normal(5, 1)],
        tridiagonal,
        known=gaps.NO_HALF | gaps.PIVOTING,
    ),
    Case("band_part", [normal(4, 4)], lambda a: tf.linalg.band_part(a, 1, 1) ** 2),
    Case("cross", [normal(4, 3), normal(4, 3)], tf.linalg.cross),
    Case(
        "trace_of_diagonal",
        [normal(4, 3), normal(4, 3)],
        lambda a, b: (
            a
            * tf.linalg.trace(
                tf.linalg.diag(tf.linalg.diag_part(tf.matmul(a, b, transpose_b=True)))
            )
        ),
    ),
    Case(
        "set_diag",
        [normal(3, 3), normal(3)],
        lambda a, b: tf.linalg.set_diag(a, b) ** 2,
    ),
    Case("norm", [normal(3, 4)], lambda a: tf.norm(a, axis=1) * tf.norm(a, ord=1)),
    Case(
        "tensor_diag",
        [normal(4)],
        lambda a: tf.linalg.tensor_diag(a) ** 2,
        known=gaps.NO_BFLOAT16,
    ),
    Case(
        "tensor_diag_part",
        [normal(4, 4)],
        lambda a: tf.linalg.tensor_diag_part(a) ** 2,
        known=gaps.NO_BFLOAT16,
    ),
    Case(
        "tridiagonal_matmul",
        [normal(3, 5), normal(5, 2)],
        lambda d, b: tf.linalg.tridiagonal_matmul(d, b),
        known=gaps.NO_HALF,
    ),
    Case(
        "banded_triangular_solve",
        [positive(2, 4), normal(4, 2)],
        lambda a, b: tf.linalg.banded_triangular_solve(a, b),
        known=gaps.NO_HALF | gaps.not_compiled("BandedTriangularSolve"),
    ),
)
