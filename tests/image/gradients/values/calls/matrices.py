"""keras.ops of matrices that NumPy has elsewhere, if at all, and what Keras makes of a tape."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg
import tensorflow as tf
from keras import ops

from gradients.values.calls import Rows
from gradients.values.calls.inputs import CUBE, MATRICES, POSITIVE, SYMMETRIC, X, Y

CHOLESKY = np.linalg.cholesky(SYMMETRIC[0])
RIGHT = CUBE[:, :, :2]
#: Whose rows take each other's places in a circle.
TURNED = np.array([[0.1, 9.0, 1.0], [0.2, 1.0, 8.0], [9.0, 2.0, 3.0]])

_SIZES = dict(zip("abcdef", (2, 3, 4, 5, 6, 3), strict=True))
#: Of what is summed up, and in which order, two arrays of the sizes that its letters have.
PAIRS = {
    kind: [
        np.random.default_rng(number).standard_normal([_SIZES[letter] for letter in part])
        for number, part in enumerate(kind.split("->")[0].split(","))
    ]
    for kind in (
        *("a,b->ab", "ab,b->a", "ab,bc->ac", "ab,cb->ac", "abc,cd->abd", "abc,dc->abd"),
        *("abcd,abde->abce", "abcd,abed->abce", "abcd,acbe->adbe", "abcd,adbe->acbe"),
        *("abcd,aecd->acbe", "abcd,aecd->aceb", "abc,cde->abde", "abc,dce->abde"),
        *("abc,dec->abde", "abcd,cde->abe", "abcd,ced->abe", "abcd,ecd->abe"),
        *("abcde,aebf->adbcf", "abcde,afce->acdbf", "ab,ac->bc"),
    )
}

ROWS: Rows = {
    # What Keras does not leave to TensorFlow, and, as the last, one that it does.
    "einsum_kinds": (
        lambda: [ops.einsum(kind, *pair) for kind, pair in PAIRS.items()],
        [np.einsum(kind, *pair) for kind, pair in PAIRS.items()],
    ),
    "einsum_small": (
        lambda: ops.einsum("ij,jk", *(np.full(sizes, 100, "int8") for sizes in ((2, 3), (3, 2)))),
        np.full((2, 2), 30000),
    ),
    **{
        f"norm_{order}": (
            lambda order=order: ops.norm(CUBE, order, axis=1, keepdims=True),
            np.linalg.norm(CUBE, order, axis=1, keepdims=True),
        )
        for order in (None, 0, 1, 2, 3, np.inf, -np.inf)
    },
    **{
        f"norm_matrix_{order}": (
            lambda order=order: ops.norm(CUBE, order, axis=(2, 0)),
            np.linalg.norm(CUBE, order, axis=(2, 0)),
        )
        for order in (None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)
    },
    "norm_matrix_kept": (
        lambda: ops.norm(CUBE, 1, axis=(0, 1), keepdims=True),
        np.linalg.norm(CUBE, 1, axis=(0, 1), keepdims=True),
    ),
    "cholesky_upper": (
        lambda: ops.cholesky(SYMMETRIC, upper=True),
        np.linalg.cholesky(SYMMETRIC).swapaxes(1, 2),
    ),
    "cholesky_inverse": (lambda: ops.cholesky_inverse(CHOLESKY), np.linalg.inv(SYMMETRIC[0])),
    "cholesky_inverse_upper": (
        lambda: ops.cholesky_inverse(CHOLESKY.T, upper=True),
        np.linalg.inv(SYMMETRIC[0]),
    ),
    # LAPACK's pivots are another way to tell the same order.
    "lu_factor": (lambda: ops.lu_factor(MATRICES[0])[0], scipy.linalg.lu_factor(MATRICES[0])[0]),
    "lu_factor_order": (lambda: _ordered(*ops.lu_factor(TURNED)), TURNED),
    "solve": (lambda: ops.solve(MATRICES, RIGHT), np.linalg.solve(MATRICES, RIGHT)),
    "solve_vector": (
        lambda: ops.solve(tf.constant(MATRICES), tf.constant(RIGHT[..., 0])),
        np.linalg.solve(MATRICES, RIGHT[..., :1])[..., 0],
    ),
    "solve_triangular": (
        lambda: ops.solve_triangular(MATRICES, RIGHT, lower=True),
        np.linalg.solve(np.tril(MATRICES), RIGHT),
    ),
    "solve_triangular_upper": (
        lambda: ops.solve_triangular(MATRICES, RIGHT),
        np.linalg.solve(np.triu(MATRICES), RIGHT),
    ),
    "qr": (
        lambda: [ops.matmul(*ops.qr(X.T)), ops.shape(ops.qr(X.T, mode="complete")[0])],
        [X.T, 4, 4],
    ),
    "svd": (lambda: _multiplied(*ops.svd(X, full_matrices=False)), X),
    "svd_values": (lambda: ops.svd(CUBE, compute_uv=False), np.linalg.svd(CUBE)[1]),
    "lstsq": (lambda: ops.lstsq(X.T, POSITIVE.T), np.linalg.lstsq(X.T, POSITIVE.T)[0]),
    "lstsq_vector": (lambda: ops.lstsq(X, X[:, 0] ** 2), np.linalg.lstsq(X, X[:, 0] ** 2)[0]),
    "pinv": (lambda: ops.pinv(X), np.linalg.pinv(X)),
    "matrix_rank": (lambda: ops.matrix_rank(np.outer(X[0], X[1])), 1),
    "jvp": (
        lambda: ops.jvp(lambda x: x**3, (tf.constant(X),), (tf.constant(Y),)),
        [X**3, 3 * X**2 * Y],
    ),
}


def _ordered(factors: Any, order: Any) -> Any:
    lower, upper = np.tril(factors, -1) + np.eye(3), np.triu(factors)
    return (lower @ upper)[np.asarray(order)]


def _multiplied(u: Any, s: Any, v: Any) -> Any:
    return (u * s) @ v
