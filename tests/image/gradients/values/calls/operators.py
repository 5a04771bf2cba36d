"""Linear operators: whatever each makes of its structure, against the matrix that it stands for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import scipy.linalg
import tensorflow as tf

from gradients.values.calls import Rows
from gradients.values.calls.inputs import CUBE, MATRICES, SYMMETRIC, X

ONE, OTHER = MATRICES
FIRST, LAST = X[0, :3] + 3, np.append(X[0, 0] + 3, X[1, 1:3])
LOWER = np.tril(ONE)
UNIT = X[0] / np.sqrt((X[0] ** 2).sum())
RIGHT = CUBE[0]
DIAGONAL = np.array([2.0, -1.5, 3.0])
U, V = CUBE[0, :, :2], CUBE[1, :, :2]
BANDS = np.stack([X[0, :3], X[1, :3] + 4, X[2, :3]])
SPECTRUM = np.array([4.0, 2.0, 3.0])
TURNED = np.stack([np.roll(np.fft.ifft(SPECTRUM), step) for step in range(3)], axis=1)

_linalg = tf.linalg
_full: Callable[..., Any] = tf.linalg.LinearOperatorFullMatrix
#: How each is made, and what matrix it is.
OPERATORS: dict[str, tuple[Callable[[], Any], np.ndarray]] = {
    "full": (lambda: _full(ONE), ONE),
    "positive": (
        lambda: _full(SYMMETRIC[0], is_self_adjoint=True, is_positive_definite=True),
        SYMMETRIC[0],
    ),
    "diag": (lambda: _linalg.LinearOperatorDiag(DIAGONAL), np.diag(DIAGONAL)),
    "identity": (
        lambda: _linalg.LinearOperatorScaledIdentity(3, tf.constant(2.5, "float64")),
        2.5 * np.eye(3),
    ),
    "lower": (lambda: _linalg.LinearOperatorLowerTriangular(ONE), LOWER),
    "tridiag": (
        lambda: _linalg.LinearOperatorTridiag(BANDS, "compact"),
        np.diag(BANDS[1]) + np.diag(BANDS[0, :2], 1) + np.diag(BANDS[2, 1:], -1),
    ),
    "toeplitz": (
        lambda: _linalg.LinearOperatorToeplitz(FIRST, LAST),
        scipy.linalg.toeplitz(FIRST, LAST),
    ),
    "circulant": (
        lambda: _linalg.LinearOperatorCirculant(
            SPECTRUM.astype("complex128"), input_output_dtype="complex128"
        ),
        TURNED,
    ),
    "householder": (
        lambda: _linalg.LinearOperatorHouseholder(X[0, :3]),
        np.eye(3) - 2 * np.outer(X[0, :3], X[0, :3]) / (X[0, :3] ** 2).sum(),
    ),
    "permutation": (
        lambda: _linalg.LinearOperatorPermutation(np.array([2, 0, 1], "int32"), dtype="float64"),
        np.eye(3)[[2, 0, 1]],
    ),
    "low_rank": (
        lambda: _linalg.LinearOperatorLowRankUpdate(
            _linalg.LinearOperatorDiag(np.abs(DIAGONAL)), U, np.array([0.5, 0.7]), V
        ),
        np.diag(np.abs(DIAGONAL)) + U @ np.diag([0.5, 0.7]) @ V.T,
    ),
    "composition": (
        lambda: _linalg.LinearOperatorComposition([_full(ONE), _full(OTHER)]),
        ONE @ OTHER,
    ),
    "adjoint": (lambda: _linalg.LinearOperatorAdjoint(_full(ONE)), ONE.T),
    "inversion": (lambda: _linalg.LinearOperatorInversion(_full(ONE)), np.linalg.inv(ONE)),
    "kronecker": (
        lambda: _linalg.LinearOperatorKronecker([_full(ONE), _full(SYMMETRIC[0, :2, :2])]),
        np.kron(ONE, SYMMETRIC[0, :2, :2]),
    ),
    "blocks": (
        lambda: _linalg.LinearOperatorBlockDiag([_full(ONE), _full(SYMMETRIC[0, :2, :2])]),
        scipy.linalg.block_diag(ONE, SYMMETRIC[0, :2, :2]),
    ),
    "lower_blocks": (
        lambda: _linalg.LinearOperatorBlockLowerTriangular(
            [[_full(ONE)], [_full(ONE[:2]), _full(SYMMETRIC[0, :2, :2])]]
        ),
        np.block([[ONE, np.zeros((3, 2))], [ONE[:2], SYMMETRIC[0, :2, :2]]]),
    ),
}


def columns(matrix: np.ndarray) -> np.ndarray:
    """Return as many rows of numbers as a matrix takes, in the type that it has."""
    return np.random.default_rng(5).standard_normal((len(matrix), 2)).astype(matrix.dtype)


#: What is asked of each.
QUESTIONS: dict[str, tuple[Callable[..., Any], Callable[[np.ndarray], Any]]] = {
    "matmul": (lambda one, x: one.matmul(x), lambda a: a @ columns(a)),
    "matmul_adjoint": (
        lambda one, x: one.matmul(x, adjoint=True),
        lambda a: a.conj().T @ columns(a),
    ),
    "solve": (lambda one, x: one.solve(x), lambda a: np.linalg.solve(a, columns(a))),
    "solve_adjoint": (
        lambda one, x: one.solve(x, adjoint=True),
        lambda a: np.linalg.solve(a.conj().T, columns(a)),
    ),
    "rest": (
        lambda one, x: [
            *(one.to_dense(), one.trace(), one.diag_part()),
            *(one.determinant(), one.log_abs_determinant()),
        ],
        lambda a: [a, a.trace(), a.diagonal(), np.linalg.det(a), np.log(abs(np.linalg.det(a)))],
    ),
}


def _asked(ask: Callable[..., Any], make: Callable[[], Any], matrix: np.ndarray) -> Any:
    return ask(make(), columns(matrix))


ROWS: Rows = {
    f"{name}_{question}": (partial(_asked, ask, make, matrix), answer(matrix))
    for name, (make, matrix) in OPERATORS.items()
    for question, (ask, answer) in QUESTIONS.items()
}
