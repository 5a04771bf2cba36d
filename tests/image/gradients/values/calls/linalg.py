"""tf.linalg: what is made of decompositions in Python, and how its arguments are taken."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg
import tensorflow as tf

from gradients.values.calls import Rows
from gradients.values.calls.inputs import COMPLEX, CUBE, MATRICES, POSITIVE, SYMMETRIC, X

ORDERS = (1, 2, "euclidean", np.inf, 3)
RIGHT = CUBE[:, :, :2]
CHOLESKY = np.linalg.cholesky(SYMMETRIC)
#: Diagonals above, on and below: what stands outside of the matrix counts nothing.
BANDS = np.stack([X[0], 4 + X[1], X[2]])
BANDED = np.diag(BANDS[1]) + np.diag(BANDS[0, :3], 1) + np.diag(BANDS[2, 1:], -1)
COLUMNS = POSITIVE.T
LOWER = np.diag(BANDS[1]) + np.diag(BANDS[2, 1:], -1)
BATCHES = np.stack([MATRICES, 2 - MATRICES, MATRICES.swapaxes(1, 2)])
EIGENVALUES = scipy.linalg.eigh_tridiagonal(BANDS[1], BANDS[0, :3], eigvals_only=True)
FLAT = np.outer(X[0], X[1]) + np.outer(X[2], X[0])


def solved(matrix: np.ndarray, right: np.ndarray, ridge: float) -> np.ndarray:
    """Return the least squares' solution, with a penalty."""
    return np.linalg.solve(matrix.T @ matrix + ridge * np.eye(matrix.shape[1]), matrix.T @ right)


ROWS: Rows = {
    **{
        f"norm_{order}": (
            lambda order=order: tf.norm(CUBE, ord=order, axis=1),
            np.linalg.norm(CUBE, 2 if order == "euclidean" else order, axis=1),
        )
        for order in ORDERS
    },
    **{
        f"norm_matrix_{order}": (
            lambda order=order: tf.norm(CUBE, ord=order, axis=[1, 2], keepdims=True),
            np.linalg.norm(CUBE, order, axis=(1, 2), keepdims=True),
        )
        for order in (1, 2, np.inf, "fro")
    },
    "norm_axes": (
        lambda: tf.norm(CUBE, ord=1, axis=[2, 0]),
        np.linalg.norm(CUBE, 1, axis=(2, 0)),
    ),
    "norm_whole": (lambda: tf.norm(CUBE), np.sqrt((CUBE**2).sum())),
    "norm_complex": (lambda: tf.norm(COMPLEX, axis=0), np.linalg.norm(COMPLEX, axis=0)),
    "logdet": (lambda: tf.linalg.logdet(SYMMETRIC), np.linalg.slogdet(SYMMETRIC)[1]),
    "adjoint": (lambda: tf.linalg.adjoint(COMPLEX), COMPLEX.conj().T),
    **{
        f"expm_{scale}": (
            lambda scale=scale: tf.linalg.expm(scale * MATRICES / 8),
            np.stack([scipy.linalg.expm(scale * one / 8) for one in MATRICES]),
        )
        # One for each order of the approximation, and one that is squared afterwards.
        for scale in (0.01, 0.25, 1.0, 3.0, 5.0, 16.0)
    },
    "eye": (
        lambda: tf.eye(2, 3, batch_shape=[2], dtype="float64"),
        np.stack([np.eye(2, 3)] * 2),
    ),
    "cholesky_solve": (
        lambda: tf.linalg.cholesky_solve(CHOLESKY, RIGHT),
        np.linalg.solve(SYMMETRIC, RIGHT),
    ),
    "triangular_solve": (
        lambda: tf.linalg.triangular_solve(CHOLESKY, RIGHT, adjoint=True),
        np.linalg.solve(CHOLESKY.swapaxes(1, 2), RIGHT),
    ),
    "triangular_solve_upper": (
        lambda: tf.linalg.triangular_solve(CHOLESKY.swapaxes(1, 2), RIGHT, lower=False),
        np.linalg.solve(CHOLESKY.swapaxes(1, 2), RIGHT),
    ),
    "lstsq": (lambda: tf.linalg.lstsq(X.T, COLUMNS), solved(X.T, COLUMNS, 0)),
    "lstsq_ridge": (
        lambda: tf.linalg.lstsq(X.T, COLUMNS, l2_regularizer=0.5),
        solved(X.T, COLUMNS, 0.5),
    ),
    "lstsq_wide": (
        lambda: tf.linalg.lstsq(X, POSITIVE, l2_regularizer=0.5),
        solved(X, POSITIVE, 0.5),
    ),
    "lstsq_slow": (
        lambda: tf.linalg.lstsq(X, POSITIVE, fast=False),
        np.linalg.pinv(X) @ POSITIVE,
    ),
    "pinv": (lambda: tf.linalg.pinv(X), np.linalg.pinv(X)),
    "pinv_cut": (lambda: tf.linalg.pinv(MATRICES, rcond=0.5), np.linalg.pinv(MATRICES, rcond=0.5)),
    "pinv_flat": (lambda: tf.linalg.pinv(FLAT), np.linalg.pinv(FLAT)),
    "matrix_rank": (
        lambda: tf.linalg.matrix_rank(np.stack([FLAT, np.eye(4), np.outer(X[0], X[1])])),
        np.array([2, 4, 1]),
    ),
    "lu_solve": (
        lambda: tf.linalg.lu_solve(*tf.linalg.lu(MATRICES), RIGHT),
        np.linalg.solve(MATRICES, RIGHT),
    ),
    "lu_matrix_inverse": (
        lambda: tf.linalg.lu_matrix_inverse(*tf.linalg.lu(MATRICES)),
        np.linalg.inv(MATRICES),
    ),
    "lu_reconstruct": (lambda: tf.linalg.lu_reconstruct(*tf.linalg.lu(MATRICES)), MATRICES),
    "tridiagonal_matmul": (lambda: tf.linalg.tridiagonal_matmul(BANDS, COLUMNS), BANDED @ COLUMNS),
    "tridiagonal_matmul_sequence": (
        lambda: tf.linalg.tridiagonal_matmul(
            (BANDS[0], BANDS[1], BANDS[2]), COLUMNS, diagonals_format="sequence"
        ),
        BANDED @ COLUMNS,
    ),
    "tridiagonal_matmul_matrix": (
        lambda: tf.linalg.tridiagonal_matmul(BANDED, COLUMNS, diagonals_format="matrix"),
        BANDED @ COLUMNS,
    ),
    "tridiagonal_solve": (
        lambda: _between(BANDS, COLUMNS),
        np.linalg.solve(BANDED, COLUMNS),
    ),
    "tridiagonal_solve_vector": (
        lambda: _between(BANDS, COLUMNS[:, 0]),
        np.linalg.solve(BANDED, COLUMNS[:, 0]),
    ),
    "tridiagonal_solve_rows": (
        lambda: _between(BANDS, POSITIVE, transpose_rhs=True),
        np.linalg.solve(BANDED, COLUMNS),
    ),
    "tridiagonal_solve_matrix": (
        lambda: _between(BANDED, COLUMNS, diagonals_format="matrix"),
        np.linalg.solve(BANDED, COLUMNS),
    ),
    "tridiagonal_solve_sequence": (
        lambda: _between(list(BANDS), COLUMNS, diagonals_format="sequence"),
        np.linalg.solve(BANDED, COLUMNS),
    ),
    "banded_solve": (
        lambda: tf.linalg.banded_triangular_solve(BANDS[1:], COLUMNS),
        np.linalg.solve(LOWER, COLUMNS),
    ),
    "banded_solve_adjoint": (
        lambda: tf.linalg.banded_triangular_solve(BANDS[1:], COLUMNS, adjoint=True),
        np.linalg.solve(LOWER.T, COLUMNS),
    ),
    "banded_solve_upper": (
        lambda: tf.linalg.banded_triangular_solve(BANDS[:2], COLUMNS, lower=False),
        np.linalg.solve(np.diag(BANDS[1]) + np.diag(BANDS[0, :3], 1), COLUMNS),
    ),
    "eigh_tridiagonal": (
        lambda: tf.linalg.eigh_tridiagonal(BANDS[1], BANDS[0, :3]),
        scipy.linalg.eigh_tridiagonal(BANDS[1], BANDS[0, :3], eigvals_only=True),
    ),
    "svd_values": (lambda: tf.linalg.svd(CUBE, compute_uv=False), np.linalg.svd(CUBE)[1]),
    "svd_whole": (
        lambda: tf.einsum("ij,kj->ik", *_scaled(*tf.linalg.svd(X, full_matrices=True))),
        X,
    ),
    "cross": (
        lambda: tf.linalg.cross(MATRICES[0], MATRICES[1]),
        np.cross(MATRICES[0], MATRICES[1]),
    ),
    "pinv_batch": (
        lambda: tf.linalg.pinv(np.stack([FLAT, 9 * np.eye(4)]), rcond=1e-3),
        np.stack([np.linalg.pinv(FLAT), np.eye(4) / 9]),
    ),
    "tridiagonal_solve_conjugate": (
        lambda: [
            _between(BANDS + 0j, COMPLEX.T, conjugate_rhs=True),
            _between(BANDS + 0j, COMPLEX[0], conjugate_rhs=True),
            _between(BANDS + 0j, COMPLEX, transpose_rhs=True, conjugate_rhs=True),
        ],
        [
            np.linalg.solve(BANDED, right)
            for right in (COMPLEX.T.conj(), COMPLEX[0].conj(), COMPLEX.T.conj())
        ],
    ),
    "tridiagonal_solve_short": (
        lambda: _between(
            [BANDS[0, :3], BANDS[1], BANDS[2, 1:]], COLUMNS, diagonals_format="sequence"
        ),
        np.linalg.solve(BANDED, COLUMNS),
    ),
    "eigh_tridiagonal_some": (
        lambda: [
            tf.linalg.eigh_tridiagonal(BANDS[1], BANDS[0, :3], select="i", select_range=(1, 2)),
            tf.linalg.eigh_tridiagonal(
                BANDS[1], BANDS[0, :3], select="v", select_range=(4.0, 99.0)
            ),
        ],
        [EIGENVALUES[1:3], EIGENVALUES[EIGENVALUES > 4]],
    ),
    "eigh_tridiagonal_vectors": (
        lambda: _rebuilt(*tf.linalg.eigh_tridiagonal(BANDS[1], BANDS[0, :3], eigvals_only=False)),
        np.diag(BANDS[1]) + np.diag(BANDS[0, :3], 1) + np.diag(BANDS[0, :3], -1),
    ),
    "eigh_tridiagonal_complex": (
        lambda: tf.linalg.eigh_tridiagonal(BANDS[1] + 0j, COMPLEX[0, :3]),
        np.linalg.eigvalsh(
            np.diag(BANDS[1] + 0j) + np.diag(COMPLEX[0, :3], 1) + np.diag(COMPLEX[0, :3].conj(), -1)
        ),
    ),
    "lu_solve_batches": (
        lambda: tf.linalg.lu_solve(*tf.linalg.lu(MATRICES), RIGHT[0]),
        np.linalg.solve(MATRICES, RIGHT[0]),
    ),
    "lu_batches_of_batches": (
        lambda: [
            tf.linalg.lu_reconstruct(*tf.linalg.lu(BATCHES)),
            tf.linalg.lu_matrix_inverse(*tf.linalg.lu(BATCHES)),
        ],
        [BATCHES, np.linalg.inv(BATCHES)],
    ),
    "rank_given": (
        lambda: tf.linalg.matrix_rank(np.diag([1.0, 0.5, 0.01]), tol=0.1),
        2,
    ),
    "matvec": (
        lambda: [
            tf.linalg.matvec(COMPLEX, COMPLEX[0]),
            tf.linalg.matvec(COMPLEX, COMPLEX[:, 0], transpose_a=True),
            tf.linalg.matvec(COMPLEX, COMPLEX[:, 0], adjoint_a=True),
        ],
        [COMPLEX @ COMPLEX[0], COMPLEX.T @ COMPLEX[:, 0], COMPLEX.conj().T @ COMPLEX[:, 0]],
    ),
    "einsum_implied": (
        lambda: [
            tf.einsum("ba", X),
            tf.einsum("cb,ba", X, COLUMNS),
            tf.einsum("zi,iy,yx->zx", X, COLUMNS, X),
            tf.einsum("...ij,...jk,kl->...il", CUBE, CUBE.swapaxes(1, 2), X),
            tf.einsum("ii->i", MATRICES[0]),
            tf.einsum("i,j", X[0], X[1]),
        ],
        [
            np.einsum("ba", X),
            np.einsum("cb,ba", X, COLUMNS),
            X @ COLUMNS @ X,
            CUBE @ CUBE.swapaxes(1, 2) @ X,
            np.diagonal(MATRICES[0]),
            np.outer(X[0], X[1]),
        ],
    ),
}


def _rebuilt(values: tf.Tensor, vectors: tf.Tensor) -> tf.Tensor:
    return tf.einsum("ij,j,kj->ik", vectors, values, vectors)


def _scaled(s: tf.Tensor, u: tf.Tensor, v: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    return u * s, v[:, : s.shape[0]]


def _between(bands: Any, right: np.ndarray, **options: Any) -> tf.Tensor:
    """Solve with three diagonals: TensorFlow asks arguments for shapes that NumPy's lack."""
    return tf.linalg.tridiagonal_solve(
        tf.nest.map_structure(tf.constant, bands), tf.constant(right), **options
    )
