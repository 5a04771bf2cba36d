"""Products, decompositions and solvers of complex matrices: rules that must take conjugates.

A complex matrix is given by its two real parts, along a first axis. No function here depends on
the sign, or phase, or scale of a vector that a decomposition is free to choose.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from gradients import gaps
from gradients.case import Generator
from gradients.inputs import normal
from gradients.sweep import sweep

Function = Callable[..., tf.Tensor]
#: How an operand of a product stands: as it is, transposed, or transposed with conjugates.
STANDING = ("is", "transpose", "adjoint")
BOTH = (False, True)


def pair(x: tf.Tensor) -> tf.Tensor:
    """Return complex numbers from their parts."""
    return tf.complex(x[0], x[1])


def parts(z: tf.Tensor) -> tf.Tensor:
    """Return real and imaginary parts as one real tensor."""
    return tf.stack([tf.math.real(z), tf.math.imag(z)])


def regular(size: int, *batch: int) -> Generator:
    """Draw complex matrices, as parts, that are far from singular and not symmetric."""

    def draw(random: np.random.Generator) -> np.ndarray:
        drawn = random.standard_normal((2, *batch, size, size))
        drawn[0] += 3 * np.diag(np.arange(1, size + 1))
        return drawn

    return draw


def hermitian(z: tf.Tensor) -> tf.Tensor:
    """Return a matrix that is its own adjoint."""
    return z + tf.linalg.adjoint(z)


def definite(z: tf.Tensor) -> tf.Tensor:
    """Return a matrix whose eigenvalues are real and positive."""
    return tf.matmul(z, z, adjoint_b=True)


def scaled(vectors: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    """Return vectors, each multiplied by its value."""
    return vectors * tf.cast(values, vectors.dtype)[..., None, :]


def by_eigh(z: tf.Tensor) -> tf.Tensor:
    """Return a function of a Hermitian matrix, by its eigenvalues."""
    values, vectors = tf.linalg.eigh(hermitian(z))
    return tf.matmul(scaled(vectors, tf.tanh(values / 9)), vectors, adjoint_b=True)


def by_eig(z: tf.Tensor) -> tf.Tensor:
    """Return a function of any matrix, by its eigenvalues: no vector's length counts."""
    values, vectors = tf.linalg.eig(z)
    return tf.matmul(scaled(vectors, tf.sin(values)), tf.linalg.inv(vectors))


def by_svd(z: tf.Tensor) -> tf.Tensor:
    """Return a matrix of other singular values."""
    values, left, right = tf.linalg.svd(z)
    return tf.matmul(scaled(left, tf.tanh(values)), right, adjoint_b=True)


def beyond(z: tf.Tensor) -> tf.Tensor:
    """Return the projection on what a matrix takes to 0: the last of all singular vectors."""
    right = tf.linalg.svd(z, full_matrices=True)[2][..., -1:]
    return tf.matmul(right, right, adjoint_b=True)


def real(function: Function) -> Function:
    """Return a function whose values are real as one of complex values."""
    return lambda z: tf.complex(function(z), tf.zeros_like(function(z)))


def vectors(z: tf.Tensor) -> tf.Tensor:
    """Return the right sides for which a system is solved."""
    return z[..., :2] ** 2


SQUARE: dict[str, Function] = {
    "inv": tf.linalg.inv,
    "inv_adjoint": lambda z: tf.linalg.inv(z, adjoint=True),
    "det": tf.linalg.det,
    "slogdet": real(lambda z: tf.math.real(tf.linalg.slogdet(z)[1])),
    "solve": lambda z: tf.linalg.solve(z, vectors(z)),
    "solve_adjoint": lambda z: tf.linalg.solve(z, vectors(z), adjoint=True),
    "triangular_solve": lambda z: tf.linalg.triangular_solve(z, vectors(z)),
    "triangular_solve_adjoint": lambda z: tf.linalg.triangular_solve(z, vectors(z), adjoint=True),
    "triangular_solve_upper": lambda z: tf.linalg.triangular_solve(z, vectors(z), lower=False),
    "cholesky": lambda z: tf.linalg.cholesky(definite(z)),
    "eigvalsh": lambda z: tf.cast(tf.linalg.eigvalsh(hermitian(z)), z.dtype),
    "eigh": by_eigh,
    "eigvals": lambda z: tf.reduce_sum(tf.sin(tf.linalg.eigvals(z) / 4), -1),
    "eig": by_eig,
    "svd": by_svd,
    "singular_values": real(lambda z: tf.linalg.svd(z, compute_uv=False)),
    "trace": tf.linalg.trace,
    "diag_part": lambda z: tf.linalg.diag_part(z, k=1),
    "set_diag": lambda z: tf.linalg.set_diag(z, z[..., 0] ** 2),
    "band_part": lambda z: tf.linalg.band_part(z, 1, 0) * z,
    "norm": real(lambda z: tf.math.real(tf.norm(z, axis=(-2, -1)))),
}
#: Of matrices that are higher, or wider.
OBLONG: dict[str, Function] = {
    "qr": lambda z: tf.linalg.qr(z)[0] if z.shape[-2] < z.shape[-1] else tf.linalg.qr(z)[1],
    "svd": by_svd,
    "singular_values": real(lambda z: tf.linalg.svd(z, compute_uv=False)),
    "tridiagonal_matmul": lambda z: tf.linalg.tridiagonal_matmul(
        tf.stack([z[0], z[1] ** 2, z[2]]), tf.transpose(z)
    ),
    "tridiagonal_solve": lambda z: tf.linalg.tridiagonal_solve(
        tf.stack([z[0], z[1] ** 2 + 16, z[2]]), tf.transpose(z)
    ),
    "norm_of_rows": real(lambda z: tf.math.real(tf.norm(z, axis=-1))),
}
#: What is wrong with these, or what they lack.
LACKING = {
    "det": gaps.DET_COMPLEX,
    "svd": gaps.SVD_COMPLEX | gaps.STATIC_SHAPES,
    "qr": gaps.STATIC_SHAPES,
    "tridiagonal_solve": gaps.TRIDIAGONAL_COMPLEX,
}
#: A matrix that no gradient is asked for.
FIXED = np.array([[1 + 2j, 0.5, -1j], [2 - 1j, 1j, 1.5], [-1, 0.25 + 1j, 3 - 2j]])
SUBSCRIPTS = ("ij,jk->ik", "ij,kj->ik", "ij,kj->", "...ij,jk->k...i", "ij,jk->i", "ii,ij->j")


def flags(of_a: str, of_b: str) -> dict[str, bool]:
    """Return what a product is told of how its operands stand."""
    return {f"{how}_{which}": True for how, which in ((of_a, "a"), (of_b, "b")) if how != "is"}


def product(a: tf.Tensor, b: tf.Tensor, of_a: str, of_b: str) -> tf.Tensor:
    """Return a product of square operands that stand in any way."""
    return tf.matmul(a, b, **flags(of_a, of_b))


def with_a_constant(z: tf.Tensor, of_a: str, of_b: str, *, left: bool) -> tf.Tensor:
    """Return a product of which one operand is a constant."""
    fixed = tf.constant(FIXED, z.dtype)
    return product(*((fixed, z) if left else (z, fixed)), of_a, of_b)


CASES = (
    *sweep(
        "complex_product",
        lambda batch: [normal(2, *batch, 3, 3), normal(2, *batch, 3, 3)],
        lambda a, b, of_a, of_b, batch: parts(product(pair(a), pair(b), of_a, of_b)),
        only=lambda of_a, of_b, batch: not batch or "transpose" not in (of_a, of_b),
        of_a=STANDING,
        of_b=STANDING,
        batch=((), (2,)),
    ),
    *sweep(
        # Where the gradient in one operand alone is asked for, other code works it out.
        "complex_product_with_a_constant",
        [normal(2, 3, 3)],
        lambda x, of_a, of_b, left: parts(with_a_constant(pair(x), of_a, of_b, left=left)),
        of_a=STANDING[:2],
        of_b=STANDING[:2],
        left=BOTH,
    ),
    *sweep(
        "complex_einsum",
        [normal(2, 3, 3), normal(2, 3, 3)],
        lambda a, b, of: parts(tf.einsum(of, pair(a), pair(b))),
        of=SUBSCRIPTS,
    ),
    *sweep(
        "complex_nothing",
        [normal(2, 3, 4)],
        lambda x: parts(beyond(pair(x))),
        known=gaps.STATIC_SHAPES,
    ),
    *sweep(
        "complex_square",
        [regular(3, 2)],
        lambda x, of: parts(SQUARE[of](pair(x))),
        known=lambda of: LACKING.get(of, {}),
        of=tuple(SQUARE),
    ),
    *sweep(
        "complex_oblong",
        lambda shape: [normal(2, *shape)],
        lambda x, of, shape: parts(OBLONG[of](pair(x))),
        known=lambda of: LACKING.get(of, {}),
        of=tuple(OBLONG),
        shape=((3, 4), (4, 3)),
    ),
)
