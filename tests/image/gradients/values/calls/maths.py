"""tf.math, and what adds up: functions of one number, of two, and of many."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from scipy.special import (
    erfcinv,
    erfinv,
    expit,
    gammaln,
    log_expit,
    logsumexp,
    ndtri,
    xlog1py,
    xlogy,
)

from gradients.values.calls import Rows
from gradients.values.calls.inputs import COMPLEX, CUBE, MATRICES, POSITIVE, UNIT, X, Y

#: Zeros among numbers, and numbers that are no whole ones on both sides of 0.
HOLES = np.where(np.abs(X) < 0.6, 0, X)
HALVES = np.array([-2.5, -1.5, -0.75, -0.5, 0.5, 1.25, 1.5, 2.5, 3.5])
ROW = np.array([3.0, -2.0, 1.5, 4.0])
SEGMENTS = np.array([0, 2, 0])
IDS, GROUPS = np.array([2, 0, 2, 1]), np.array([0, 0, 1, 1])
GATHERED = X[IDS]


def segments(x: np.ndarray, divide: str) -> np.ndarray:
    """Return sums of a first, a missing and a last segment, divided by what they count."""
    count = {"sum": 1.0, "mean": 2.0, "sqrt": np.sqrt(2)}[divide]
    return np.stack([(x[0] + x[2]) / count, 0 * x[0], x[1]])


def pairs(divide: float) -> np.ndarray:
    """Return the sums of gathered rows, two and two."""
    return np.stack([GATHERED[0] + GATHERED[1], GATHERED[2] + GATHERED[3]]) / divide


def exclusive(x: np.ndarray, axis: int, first: float) -> np.ndarray:
    """Return what comes before each place."""
    moved = np.moveaxis(x, axis, 0)
    return np.moveaxis(np.concatenate([np.full_like(moved[:1], first), moved[:-1]]), 0, axis)


def _sampled_sum() -> tf.Tensor:
    """Return two numbers of a product, each beside another."""
    found = tf.sparse.sampled_addmm(
        *([[1, 2], [0, 1]], [3.0, 4.0], [3, 3], X, Y.T), beta=0.5, alpha=2.0, output_type="float64"
    )
    return found[1]


ROWS: Rows = {
    "linspace": (lambda: tf.linspace(X, Y, 5), np.linspace(X, Y, 5)),
    "linspace_axis_behind": (
        lambda: tf.linspace(X, Y, 4, axis=-2),
        np.linspace(X, Y, 4, axis=-2),
    ),
    "linspace_axis": (lambda: tf.linspace(X, Y, 4, axis=-1), np.linspace(X, Y, 4, axis=-1)),
    "range": (lambda: tf.range(2.5, -3.0, -0.75, dtype="float64"), np.arange(2.5, -3, -0.75)),
    "argmax": (lambda: tf.argmax(CUBE, 1), CUBE.argmax(1)),
    "argmin": (lambda: tf.argmin(CUBE, -1), CUBE.argmin(-1)),
    "softplus": (lambda: tf.math.softplus(X), np.log1p(np.exp(X))),
    "sigmoid": (lambda: tf.math.sigmoid(X), expit(X)),
    "log_sigmoid": (lambda: tf.math.log_sigmoid(9 * X), log_expit(9 * X)),
    "scalar_mul": (lambda: tf.math.scalar_mul(2.5, X), 2.5 * X),
    "sign": (lambda: tf.sign(HOLES), np.sign(HOLES)),
    "sign_complex": (lambda: tf.sign(COMPLEX), COMPLEX / np.abs(COMPLEX)),
    "abs_complex": (lambda: tf.abs(COMPLEX), np.abs(COMPLEX)),
    "angle": (lambda: tf.math.angle(COMPLEX), np.angle(COMPLEX)),
    "angle_real": (lambda: tf.math.angle(X), np.angle(X)),
    "real": (lambda: [tf.math.real(COMPLEX), tf.math.imag(COMPLEX)], [X, Y]),
    "conj": (lambda: tf.math.conj(COMPLEX), COMPLEX.conj()),
    "complex": (lambda: tf.complex(X, Y), COMPLEX),
    "round": (lambda: tf.round(HALVES), np.round(HALVES)),
    "saturated": (
        lambda: tf.saturate_cast(np.array([-300.0, -7.0, 5.0, 300.0]), "int8"),
        np.array([-128, -7, 5, 127]),
    ),
    "divide": (lambda: tf.constant(X) / Y, X / Y),
    "divide_right": (lambda: 2.0 / tf.constant(Y), 2 / Y),
    "floordiv": (lambda: tf.constant(X) // 0.3, X // 0.3),
    "floormod": (lambda: tf.constant(X) % 0.3, X % 0.3),
    "subtract_right": (lambda: 2.0 - tf.constant(X), 2 - X),
    "power": (lambda: POSITIVE ** tf.constant(X), POSITIVE**X),
    "power_right": (lambda: 2.0 ** tf.constant(X), 2**X),
    "matmul_right": (lambda: X.T @ tf.constant(Y), X.T @ Y),
    "divide_no_nan": (
        lambda: tf.math.divide_no_nan(X, HOLES),
        np.where(HOLES == 0, 0, X / np.where(HOLES == 0, 1, HOLES)),
    ),
    "multiply_no_nan": (
        lambda: tf.math.multiply_no_nan(np.where(HOLES == 0, np.inf, X), HOLES),
        X * HOLES,
    ),
    "reciprocal_no_nan": (
        lambda: tf.math.reciprocal_no_nan(HOLES),
        np.where(HOLES == 0, 0, 1 / np.where(HOLES == 0, 1, HOLES)),
    ),
    "xdivy": (lambda: tf.math.xdivy(HOLES, Y), HOLES / Y),
    "xlogy": (lambda: tf.math.xlogy(HOLES, POSITIVE), xlogy(HOLES, POSITIVE)),
    "xlog1py": (lambda: tf.math.xlog1py(HOLES, POSITIVE), xlog1py(HOLES, POSITIVE)),
    "erfinv": (lambda: tf.math.erfinv(2 * UNIT - 1), erfinv(2 * UNIT - 1)),
    "erfcinv": (lambda: tf.math.erfcinv(2 * UNIT), erfcinv(2 * UNIT)),
    "ndtri": (lambda: tf.math.ndtri(UNIT), ndtri(UNIT)),
    "logical_xor": (lambda: tf.math.logical_xor(X > 0, Y > 0), (X > 0) ^ (Y > 0)),
    "polyval": (lambda: tf.math.polyval([X, Y, POSITIVE], UNIT), X * UNIT**2 + Y * UNIT + POSITIVE),
    "add_n": (lambda: tf.add_n([X, Y, POSITIVE]), X + Y + POSITIVE),
    "accumulate_n": (lambda: tf.math.accumulate_n([X, Y, POSITIVE]), X + Y + POSITIVE),
    "trace": (lambda: tf.linalg.trace(MATRICES), np.trace(MATRICES, axis1=1, axis2=2)),
    "matvec": (lambda: tf.linalg.matvec(X, ROW), X @ ROW),
    "matvec_transposed": (lambda: tf.linalg.matvec(X.T, ROW, transpose_a=True), X @ ROW),
    "matmul_adjoint": (
        lambda: tf.matmul(COMPLEX, COMPLEX, adjoint_b=True),
        COMPLEX @ COMPLEX.conj().T,
    ),
    "matmul_transposed": (
        lambda: tf.matmul(COMPLEX, COMPLEX, transpose_a=True),
        COMPLEX.T @ COMPLEX,
    ),
    "matmul_batches": (lambda: tf.matmul(CUBE, CUBE, transpose_b=True), CUBE @ CUBE.swapaxes(1, 2)),
    "tensordot": (
        lambda: tf.tensordot(CUBE, CUBE, [[1, 2], [1, 2]]),
        np.tensordot(CUBE, CUBE, 2 * [[1, 2]]),
    ),
    "tensordot_last": (lambda: tf.tensordot(CUBE, Y.T, 1), np.tensordot(CUBE, Y.T, 1)),
    "tensordot_none": (lambda: tf.tensordot(X, Y, 0), np.tensordot(X, Y, 0)),
    "tensordot_crossed": (
        lambda: tf.tensordot(CUBE, CUBE, [[2, 0], [2, 0]]),
        np.einsum("abc,adc->bd", CUBE, CUBE),
    ),
    "einsum": (lambda: tf.einsum("abc,dc->bda", CUBE, Y), np.einsum("abc,dc->bda", CUBE, Y)),
    "einsum_diagonal": (lambda: tf.einsum("aii->ai", MATRICES), np.einsum("aii->ai", MATRICES)),
    "einsum_ellipsis": (
        lambda: tf.einsum("...b,b->...", CUBE, ROW),
        CUBE @ ROW,
    ),
    "cumsum": (lambda: tf.cumsum(CUBE, axis=1), CUBE.cumsum(1)),
    "cumsum_both": (
        lambda: tf.cumsum(X, axis=1, exclusive=True, reverse=True),
        exclusive(X[:, ::-1].cumsum(1), 1, 0)[:, ::-1],
    ),
    "cumprod_exclusive": (
        lambda: tf.math.cumprod(X, axis=0, exclusive=True),
        exclusive(X.cumprod(0), 0, 1),
    ),
    "cumprod_reverse": (
        lambda: tf.math.cumprod(X, axis=1, reverse=True),
        X[:, ::-1].cumprod(1)[:, ::-1],
    ),
    "cumulative_logsumexp": (
        lambda: tf.math.cumulative_logsumexp(X, axis=1),
        np.log(np.exp(X).cumsum(1)),
    ),
    "cumulative_logsumexp_exclusive": (
        lambda: tf.math.cumulative_logsumexp(X, axis=1, exclusive=True)[:, 1:],
        np.log(np.exp(X).cumsum(1))[:, :-1],
    ),
    "cumulative_logsumexp_reverse": (
        lambda: tf.math.cumulative_logsumexp(X, axis=0, reverse=True),
        np.log(np.exp(X)[::-1].cumsum(0))[::-1],
    ),
    "logsumexp": (lambda: tf.reduce_logsumexp(CUBE, [0, 2]), logsumexp(CUBE, (0, 2))),
    "logsumexp_kept": (
        lambda: tf.reduce_logsumexp(800 * CUBE, 1, keepdims=True),
        logsumexp(800 * CUBE, 1, keepdims=True),
    ),
    "logsumexp_infinite": (
        lambda: tf.reduce_logsumexp(np.array([-np.inf, 0.5, -np.inf])),
        0.5,
    ),
    "variance": (lambda: tf.math.reduce_variance(CUBE, [0, 2]), CUBE.var((0, 2))),
    "variance_kept": (
        lambda: tf.math.reduce_variance(CUBE, 1, keepdims=True),
        CUBE.var(1, keepdims=True),
    ),
    "variance_complex": (lambda: tf.math.reduce_variance(COMPLEX, 1), COMPLEX.var(1)),
    "deviation": (lambda: tf.math.reduce_std(CUBE, 1), CUBE.std(1)),
    "euclidean_norm": (
        lambda: tf.math.reduce_euclidean_norm(CUBE, [1], keepdims=True),
        np.sqrt((CUBE**2).sum(1, keepdims=True)),
    ),
    "count_nonzero": (
        lambda: tf.math.count_nonzero(HOLES, 0, keepdims=True),
        (HOLES != 0).sum(0, keepdims=True),
    ),
    "prod": (lambda: tf.reduce_prod(CUBE, [-1, 0]), CUBE.prod((-1, 0))),
    "all": (lambda: tf.reduce_all(X > -1, 0), (X > -1).all(0)),
    "any": (lambda: tf.reduce_any(X > 1, 1, keepdims=True), (X > 1).any(1, keepdims=True)),
    "segment_mean": (lambda: tf.math.unsorted_segment_mean(X, SEGMENTS, 3), segments(X, "mean")),
    "segment_sqrt_n": (
        lambda: tf.math.unsorted_segment_sqrt_n(X, SEGMENTS, 3),
        segments(X, "sqrt"),
    ),
    "segment_sum": (lambda: tf.math.unsorted_segment_sum(X, SEGMENTS, 3), segments(X, "sum")),
    "sparse_segment_sum": (lambda: tf.sparse.segment_sum(X, IDS, GROUPS), pairs(1)),
    "sparse_segment_mean": (lambda: tf.sparse.segment_mean(X, IDS, GROUPS), pairs(2)),
    "sparse_segment_sqrt_n": (lambda: tf.sparse.segment_sqrt_n(X, IDS, GROUPS), pairs(np.sqrt(2))),
    "sparse_segment_gap": (
        lambda: tf.sparse.segment_sum(X, IDS, 2 * GROUPS, num_segments=4),
        np.stack([pairs(1)[0], 0 * X[0], pairs(1)[1], 0 * X[0]]),
    ),
    "bincount": (
        lambda: tf.math.bincount([1, 3, 1, 0], weights=ROW, minlength=5),
        np.bincount([1, 3, 1, 0], ROW, 5),
    ),
    "bincount_rows": (
        lambda: tf.math.bincount([[1, 3, 1], [0, 0, 2]], axis=-1),
        np.array([[0, 2, 0, 1], [2, 0, 1, 0]]),
    ),
    "count_nonzero_axes": (
        lambda: [
            tf.math.count_nonzero(HOLES, [0, 1]),
            tf.math.count_nonzero(HOLES > 0, 1, dtype="int32"),
        ],
        [(HOLES != 0).sum(), (HOLES > 0).sum(1)],
    ),
    "saturated_edges": (
        lambda: [
            tf.saturate_cast(np.float32([-3e9, 3e9, 2.0**31, 7.9]), "int32"),
            tf.saturate_cast(np.array([-5, 70000]), "uint16"),
            tf.saturate_cast(np.array([-5.0, 300.0]), "uint8"),
            tf.saturate_cast(np.array([1e300, -1e300]), "float32"),
            tf.saturate_cast(COMPLEX, "float64"),
        ],
        [
            np.array([-(2**31), 2**31 - 128, 2**31 - 128, 7]),
            np.array([0, 65535]),
            np.array([0, 255]),
            np.array([1, -1]) * np.finfo("float32").max.astype(float),
            X,
        ],
    ),
    "sampled_addmm": (
        _sampled_sum,
        np.array([2 * (X @ Y.T)[1, 2] + 1.5, 2 * (X @ Y.T)[0, 1] + 2]),
    ),
    "bincount_bounds": (
        lambda: [
            tf.math.bincount([1, 3, 1], maxlength=3),
            tf.math.bincount([1, 0, 1], maxlength=5),
            tf.math.bincount([1, 3, 1, 0], binary_output=True),
            tf.math.bincount([[1, 3, 1]], minlength=6, axis=-1),
            tf.math.bincount([[1, 3], [1, 1]], weights=X[:2, :2], axis=-1),
        ],
        [
            *(np.array([0, 2, 0]), np.array([1, 2]), np.array([1, 1, 0, 1])),
            *(
                np.array([[0, 2, 0, 1, 0, 0]]),
                np.array([[0, X[0, 0], 0, X[0, 1]], [0, X[1, :2].sum(), 0, 0]]),
            ),
        ],
    ),
    "polyval_rows": (
        lambda: [
            tf.math.polyval([POSITIVE, X, Y], tf.constant(Y)),
            tf.math.polyval([], tf.constant(Y)),
        ],
        [(POSITIVE * Y + X) * Y + Y, 0 * Y],
    ),
    "lbeta": (
        lambda: tf.math.lbeta(POSITIVE),
        gammaln(POSITIVE).sum(1) - gammaln(POSITIVE.sum(1)),
    ),
    "confusion": (
        lambda: tf.math.confusion_matrix(
            [1, 0, 1, 2], [1, 2, 0, 2], 4, weights=[0.5, 2, 3, 1], dtype="float64"
        ),
        np.array([[0, 0, 2, 0], [3, 0.5, 0, 0], [0, 0, 1, 0], [0] * 4]),
    ),
    "sparse_segment_gaps": (
        lambda: [
            of(X, IDS, 2 * GROUPS, num_segments=4)
            for of in (tf.sparse.segment_mean, tf.sparse.segment_sqrt_n)
        ],
        [
            np.stack([pairs(divide)[0], 0 * X[0], pairs(divide)[1], 0 * X[0]])
            for divide in (2, np.sqrt(2))
        ],
    ),
}
