"""Linear operators of complex numbers, of batches and of unlike sizes.

Beside the table of `operators`, whose matrices are real, square, and one at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import scipy.linalg
import tensorflow as tf

from gradients.values.calls import Rows
from gradients.values.calls.inputs import MATRICES, X

_random = np.random.default_rng(26)


def _complex(*shape: int) -> np.ndarray:
    return _random.standard_normal(shape) + 1j * _random.standard_normal(shape)


def _blocks(rows: list[list[np.ndarray]]) -> np.ndarray:
    """Return a matrix of blocks, with zeros above its diagonal."""
    sizes = [row[-1].shape[1] for row in rows]
    whole = [
        [*row, *(np.zeros((row[0].shape[0], size)) for size in sizes[len(row) :])] for row in rows
    ]
    return np.block(whole)


WHOLE = _complex(3, 3) + 4 * np.eye(3)
DIAGONAL = _complex(3)
POSITIVE = WHOLE @ WHOLE.conj().T
BANDS = _complex(3, 4) + np.array([0, 5, 0])[:, None]
BANDED = np.diag(BANDS[1]) + np.diag(BANDS[0, :3], 1) + np.diag(BANDS[2, 1:], -1)
U, V = _complex(2, 3, 2)
SCALE = np.array([0.5 + 1j, 0.7 - 0.2j])
FLAT = _random.standard_normal((2, 3))
TALL = _random.standard_normal((4, 2))
SPECTRUM = _complex(4)
TURNED = np.stack([np.roll(np.fft.ifft(SPECTRUM), step) for step in range(4)], axis=1)
FIRST, LAST = (_complex(3) + np.array([4, 0, 0]) for _ in range(2))
LAST[0] = FIRST[0]
PARTS = [[MATRICES[0]], [X[:2, :3], MATRICES[1, :2, :2]], [X[:, :3], X[:, 1:3], MATRICES[1]]]

_linalg = tf.linalg
_full: Callable[..., Any] = tf.linalg.LinearOperatorFullMatrix
_diag: Callable[..., Any] = tf.linalg.LinearOperatorDiag
#: How each is made, and what matrix it is; all have an inverse.
SQUARE: dict[str, tuple[Callable[[], Any], np.ndarray]] = {
    "full": (lambda: _full(WHOLE), WHOLE),
    "positive": (
        lambda: _full(POSITIVE, is_self_adjoint=True, is_positive_definite=True),
        POSITIVE,
    ),
    "diag": (lambda: _diag(DIAGONAL), np.diag(DIAGONAL)),
    "identity": (
        lambda: _linalg.LinearOperatorScaledIdentity(3, tf.constant(2.5 - 1j, "complex128")),
        (2.5 - 1j) * np.eye(3),
    ),
    "one": (lambda: _linalg.LinearOperatorIdentity(3, dtype="complex128"), np.eye(3) + 0j),
    "lower": (lambda: _linalg.LinearOperatorLowerTriangular(WHOLE), np.tril(WHOLE)),
    "compact": (lambda: _linalg.LinearOperatorTridiag(BANDS, "compact"), BANDED),
    "sequence": (
        lambda: _linalg.LinearOperatorTridiag([*map(tf.constant, BANDS)], "sequence"),
        BANDED,
    ),
    "matrix": (lambda: _linalg.LinearOperatorTridiag(BANDED, "matrix"), BANDED),
    "toeplitz": (
        lambda: _linalg.LinearOperatorToeplitz(FIRST, LAST),
        scipy.linalg.toeplitz(FIRST, LAST),
    ),
    "circulant": (
        lambda: _linalg.LinearOperatorCirculant(SPECTRUM, input_output_dtype="complex128"),
        TURNED,
    ),
    "householder": (
        lambda: _linalg.LinearOperatorHouseholder(DIAGONAL),
        np.eye(3) - 2 * np.outer(DIAGONAL, DIAGONAL.conj()) / (np.abs(DIAGONAL) ** 2).sum(),
    ),
    "permutation": (
        lambda: _linalg.LinearOperatorPermutation(np.int32([2, 0, 1, 3]), dtype="complex128"),
        np.eye(4)[[2, 0, 1, 3]] + 0j,
    ),
    "low_rank": (
        lambda: _linalg.LinearOperatorLowRankUpdate(_diag(DIAGONAL), U, SCALE, V),
        np.diag(DIAGONAL) + U @ np.diag(SCALE) @ V.conj().T,
    ),
    "low_rank_plain": (
        lambda: _linalg.LinearOperatorLowRankUpdate(_full(WHOLE), U),
        WHOLE + U @ U.conj().T,
    ),
    "low_rank_positive": (
        lambda: _linalg.LinearOperatorLowRankUpdate(
            _full(POSITIVE, is_self_adjoint=True, is_positive_definite=True),
            *(U, np.abs(SCALE) + 0j),
            is_diag_update_positive=True,
        ),
        POSITIVE + U @ np.diag(np.abs(SCALE)) @ U.conj().T,
    ),
    "composition": (
        lambda: _linalg.LinearOperatorComposition([_full(WHOLE), _diag(DIAGONAL), _full(POSITIVE)]),
        WHOLE @ np.diag(DIAGONAL) @ POSITIVE,
    ),
    "adjoint": (lambda: _linalg.LinearOperatorAdjoint(_full(WHOLE)), WHOLE.conj().T),
    "inversion": (lambda: _linalg.LinearOperatorInversion(_full(WHOLE)), np.linalg.inv(WHOLE)),
    "kronecker": (
        lambda: _linalg.LinearOperatorKronecker([_full(WHOLE), _full(POSITIVE[:2, :2])]),
        np.kron(WHOLE, POSITIVE[:2, :2]),
    ),
    "blocks": (
        lambda: _linalg.LinearOperatorBlockDiag([_full(WHOLE), _diag(DIAGONAL)]),
        scipy.linalg.block_diag(WHOLE, np.diag(DIAGONAL)),
    ),
    "lower_blocks": (
        lambda: _linalg.LinearOperatorBlockLowerTriangular(
            [[_full(x) for x in row] for row in PARTS]
        ),
        _blocks(PARTS),
    ),
    "batch": (lambda: _full(MATRICES), MATRICES),
}
#: Those that are wider or higher.
OBLONG: dict[str, tuple[Callable[[], Any], np.ndarray]] = {
    "full": (lambda: _full(FLAT), FLAT),
    "kronecker": (
        lambda: _linalg.LinearOperatorKronecker([_full(FLAT), _full(TALL)]),
        np.kron(FLAT, TALL),
    ),
    "composition": (
        lambda: _linalg.LinearOperatorComposition([_full(TALL), _full(FLAT)]),
        TALL @ FLAT,
    ),
    "blocks": (
        lambda: _linalg.LinearOperatorBlockDiag([_full(FLAT), _full(TALL)]),
        scipy.linalg.block_diag(FLAT, TALL),
    ),
    "zeros": (
        lambda: _linalg.LinearOperatorZeros(
            *(2, 3), is_square=False, is_self_adjoint=False, dtype="float64"
        ),
        0 * FLAT,
    ),
}


def _columns(size: int, like: np.ndarray) -> np.ndarray:
    """Return as many rows of numbers, in the type that a matrix has."""
    draw = np.random.default_rng(7).standard_normal((2, size, 2))
    return draw[0] + 1j * draw[1] if np.iscomplexobj(like) else draw[0]


def turned(x: np.ndarray) -> np.ndarray:
    """Return adjoint matrices."""
    return x.conj().swapaxes(-1, -2)


def products(make: Callable[[], Any], matrix: np.ndarray) -> list[tf.Tensor]:
    """Return products by what is adjoint."""
    one, high, wide = make(), *(_columns(size, matrix) for size in matrix.shape[:-3:-1])
    return [
        one.matmul(high),
        one.matmul(wide, adjoint=True),
        one.matmul(turned(high), adjoint_arg=True),
        one.matmul(turned(wide), adjoint=True, adjoint_arg=True),
        one.matvec(high[:, 0]),
        one.matvec(wide[:, 0], adjoint=True),
    ]


def multiplied(matrix: np.ndarray) -> list[np.ndarray]:
    """Return the same of matrices."""
    high, wide = (_columns(size, matrix) for size in matrix.shape[:-3:-1])
    right, left = matrix @ high, turned(matrix) @ wide
    return [right, left, right, left, right[..., 0], left[..., 0]]


def _solutions(make: Callable[[], Any], matrix: np.ndarray) -> list[tf.Tensor]:
    """Return solutions by what is adjoint."""
    one, right = make(), _columns(matrix.shape[-1], matrix)
    return [
        one.solve(right),
        one.solve(right, adjoint=True),
        one.solve(turned(right), adjoint_arg=True),
        one.solve(turned(right), adjoint=True, adjoint_arg=True),
        one.solvevec(right[:, 0]),
        one.solvevec(right[:, 0], adjoint=True),
    ]


def _solved(matrix: np.ndarray) -> list[np.ndarray]:
    inverse, right = np.linalg.inv(matrix), _columns(matrix.shape[-1], matrix)
    straight, other = inverse @ right, turned(inverse) @ right
    return [straight, other, straight, other, straight[..., 0], other[..., 0]]


def _facts(make: Callable[[], Any], matrix: np.ndarray) -> list[tf.Tensor]:
    """Return what each tells of its matrix, its adjoint and its inverse."""
    one = make()
    return [
        *(one.to_dense(), one.trace(), one.diag_part(), one.add_to_tensor(matrix.conj())),
        *(one.determinant(), tf.math.real(one.log_abs_determinant())),
        *(one.adjoint().to_dense(), one.inverse().to_dense()),
    ]


def _known(matrix: np.ndarray) -> list[np.ndarray]:
    sign, size = np.linalg.slogdet(matrix)
    return [
        *(matrix, np.trace(matrix, axis1=-2, axis2=-1), np.diagonal(matrix, 0, -2, -1)),
        *(matrix + matrix.conj(), sign * np.exp(size), size),
        *(turned(matrix), np.linalg.inv(matrix)),
    ]


def _spectrum(make: Callable[[], Any]) -> list[tf.Tensor]:
    """Return sums of powers of the eigenvalues, in whatever order these come."""
    values = tf.cast(make().eigvals(), "complex128")
    return [tf.reduce_sum(values**power) for power in (1, 2, 3)]


def _powers(matrix: np.ndarray) -> list[np.ndarray]:
    return [np.trace(np.linalg.matrix_power(matrix, power)) for power in (1, 2, 3)]


def _condition(make: Callable[[], Any]) -> tf.Tensor:
    return tf.abs(make().cond())


REAL = np.array([2.0, -1.5, 3.0, 0.5])
_own = {"is_self_adjoint": True}
#: What may tell eigenvalues: such as are said to be self-adjoint.
HERMITIAN: dict[str, tuple[Callable[[], Any], np.ndarray]] = {
    "positive": SQUARE["positive"],
    "householder": SQUARE["householder"],
    "diag": (lambda: _diag(REAL, **_own), np.diag(REAL)),
    "identity": (
        lambda: _linalg.LinearOperatorScaledIdentity(3, tf.constant(-2.5, "float64"), **_own),
        -2.5 * np.eye(3),
    ),
    "circulant": (
        lambda: _linalg.LinearOperatorCirculant(tf.complex(REAL, 0 * REAL), "complex128", **_own),
        np.stack([np.roll(np.fft.ifft(REAL), step) for step in range(4)], axis=1),
    ),
    "kronecker": (
        lambda: _linalg.LinearOperatorKronecker(
            [_full(POSITIVE, **_own), _full(POSITIVE[:2, :2], **_own)], **_own
        ),
        np.kron(POSITIVE, POSITIVE[:2, :2]),
    ),
    "blocks": (
        lambda: _linalg.LinearOperatorBlockDiag(
            [_full(POSITIVE, **_own), _full(POSITIVE[:2, :2], **_own)], **_own
        ),
        scipy.linalg.block_diag(POSITIVE, POSITIVE[:2, :2]),
    ),
    "inversion": (
        lambda: _linalg.LinearOperatorInversion(_full(POSITIVE, **_own), **_own),
        np.linalg.inv(POSITIVE),
    ),
    "adjoint": (
        lambda: _linalg.LinearOperatorAdjoint(_full(POSITIVE, **_own), **_own),
        POSITIVE,
    ),
}
ROWS: Rows = {
    **{
        f"{name}_products": (partial(products, make, matrix), multiplied(matrix))
        for name, (make, matrix) in (
            SQUARE | {f"{key}_oblong": OBLONG[key] for key in OBLONG}
        ).items()
    },
    **{
        f"{name}_solutions": (partial(_solutions, make, matrix), _solved(matrix))
        for name, (make, matrix) in SQUARE.items()
    },
    **{
        f"{name}_facts": (partial(_facts, make, matrix), _known(matrix))
        for name, (make, matrix) in SQUARE.items()
    },
    **{
        f"{name}_spectrum": (partial(_spectrum, make), _powers(matrix))
        for name, (make, matrix) in HERMITIAN.items()
    },
    **{
        f"{name}_condition": (partial(_condition, make), np.linalg.cond(matrix))
        for name, (make, matrix) in SQUARE.items()
    },
}
