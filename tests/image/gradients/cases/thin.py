"""Sparse and ragged tensors: by rank, by shapes that broadcast, by axes, flags and conjugates."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf
from tensorflow.python.ops.linalg.sparse import sparse_csr_matrix_ops as csr

from gradients import gaps
from gradients.case import Generator
from gradients.cases.complexes import STANDING, flags, pair, parts
from gradients.inputs import normal, off_zero
from gradients.sweep import sweep

raw = tf.raw_ops
Function = Callable[..., tf.Tensor]
Row = tuple[Sequence[Generator], Function]
BOTH = (False, True)
IN_SPACE = [[0, 1, 1], [0, 1, 2], [0, 2, 0], [1, 0, 0], [1, 0, 3], [1, 2, 1]]
IN_PLANE = [[0, 1], [1, 0], [2, 3], [2, 0]]
SIX, FOUR = normal(6), normal(4)


def cube(values: tf.Tensor) -> tf.SparseTensor:
    """Return 2 x 3 x 4 numbers, of which six are there."""
    return tf.SparseTensor(IN_SPACE, values, [2, 3, 4])


def plane(values: tf.Tensor) -> tf.SparseTensor:
    """Return 3 x 4 numbers, of which four are there, the last of them not in their order."""
    return tf.SparseTensor(IN_PLANE, values, [3, 4])


ROWS: dict[str, Row] = {
    "reorder": (
        [FOUR],
        lambda v: (
            tf.sparse.reorder(tf.SparseTensor([[2, 3], [0, 1], [1, 0], [0, 3]], v, [3, 4])).values
        ),
    ),
    "softmax": ([SIX], lambda v: tf.sparse.softmax(cube(v)).values),
    "times_row": ([FOUR, normal(4)], lambda v, b: (plane(v) * b).values),
    "times_column": ([FOUR, normal(3, 1)], lambda v, b: (plane(v) * b).values),
    "times_matrix": ([SIX, normal(3, 4)], lambda v, b: (cube(v) * b).values),
    "by_row": ([FOUR, off_zero(4)], lambda v, b: (plane(v) / b).values),
    "by_columns": ([SIX, off_zero(3, 1)], lambda v, b: (cube(v) / b).values),
    "sum_all": ([SIX], lambda v: tf.sparse.reduce_sum(cube(v)) * v[0]),
    "sum_back": ([SIX], lambda v: tf.sparse.reduce_sum(cube(v), [-1])),
    "sum_ends": ([SIX], lambda v: tf.sparse.reduce_sum(cube(v), [2, 0], keepdims=True)),
    "sum_middle": ([SIX], lambda v: tf.sparse.reduce_sum(cube(v), 1)),
    "slice": ([SIX], lambda v: tf.sparse.slice(cube(v), [0, 1, 0], [2, 2, 3]).values),
    "add": (
        [normal(3), normal(3)],
        lambda v, w: (
            tf.sparse.add(
                tf.SparseTensor([[0, 1], [1, 0], [2, 3]], v, [3, 4]),
                tf.SparseTensor([[0, 1], [1, 1], [2, 3]], w, [3, 4]),
            ).values
        ),
    ),
    "plus_dense": ([SIX, normal(2, 3, 4)], lambda v, b: tf.sparse.add(cube(v), b)),
    "fill_rows": (
        [normal(3), normal()],
        lambda v, d: raw.SparseFillEmptyRows(
            indices=np.array([[0, 1], [0, 3], [3, 0]]),
            values=v,
            dense_shape=[5, 4],
            default_value=d,
        )[1],
    ),
    "to_dense": ([SIX], lambda v: tf.sparse.to_dense(cube(v), 2.0)),
    "ragged_gather": (
        [normal(6, 2)],
        # Of rows of rows of rows: one, none and one.
        lambda v: (
            tf.gather(
                tf.RaggedTensor.from_row_lengths(nested(v), [1, 0, 1]), [[2, 0], [2, 1]]
            ).flat_values
        ),
    ),
    "ragged_to_tensor": (
        [normal(6, 2), normal(2)],
        lambda v, d: nested(v).to_tensor(d),
    ),
    "ragged_to_tensor_ids": (
        [normal(5, 2, 3), normal(1, 3)],
        lambda v, d: tf.RaggedTensor.from_value_rowids(v, [0, 0, 2, 3, 3], 5).to_tensor(d),
    ),
    "ragged_to_tensor_number": (
        [normal(5), normal()],
        lambda v, d: tf.RaggedTensor.from_row_splits(v, [0, 3, 3, 5]).to_tensor(d),
    ),
    "ragged_to_sparse": ([normal(6)], lambda v: nested(v).to_sparse().values),
    "ragged_fill_rows": (
        [normal(3), normal()],
        lambda v, d: raw.RaggedFillEmptyRows(
            value_rowids=np.array([0, 2, 2]), values=v, nrows=np.int64(5), default_value=d
        )[1],
    ),
}


#: What these lack.
LACKING = {
    "softmax": gaps.no_second("SparseDenseCwiseAdd", "second"),
    "slice": gaps.no_second("SparseSliceGrad", "second"),
    "add": gaps.SPARSE_ADD,
    "fill_rows": gaps.no_second("SparseFillEmptyRowsGrad", "second"),
    "ragged_fill_rows": gaps.no_second("RaggedFillEmptyRowsGrad", "second"),
}


def nested(values: tf.Tensor) -> tf.RaggedTensor:
    """Return two rows of rows, of two, none and one, and of three numbers."""
    return tf.RaggedTensor.from_nested_row_lengths(values, [[3, 1], [2, 0, 1, 3]])


def turned(shape: tuple[int, int], over: bool) -> tuple[int, int]:
    """Return the shape of what has another one once it is transposed."""
    return shape[::-1] if over else shape


def compressed(values: tf.Tensor, shape: tuple[int, int], at: np.ndarray) -> tf.Tensor:
    """Return a matrix in compressed rows."""
    return csr.sparse_tensor_to_csr_sparse_matrix(at, values, shape)


#: Where numbers are in a matrix of 2 x 3, and in its transpose.
AT = np.array([[0, 1], [1, 0], [1, 2]], np.int64)
TURNED = np.array([[0, 1], [1, 0], [2, 1]], np.int64)


def left(v: tf.Tensor, of_a: str) -> tf.Tensor:
    """Return a complex operand that is 2 x 3 once it stands as it is told to."""
    return compressed(pair(v), *(((2, 3), AT) if of_a == "is" else ((3, 2), TURNED)))


def times_dense(
    v: tf.Tensor, b: tf.Tensor, of_a: str, of_b: str, turn: bool, conjugate: bool
) -> tf.Tensor:
    """Return a product with a dense matrix."""
    output = {"transpose_output": turn, "conjugate_output": conjugate}
    return parts(csr.sparse_matrix_mat_mul(left(v, of_a), pair(b), **flags(of_a, of_b), **output))


def dense(matrix: tf.Tensor, of: tf.DType) -> tf.Tensor:
    """Return a complex matrix of compressed rows, by its parts."""
    return parts(csr.csr_sparse_matrix_to_dense(matrix, type=of))


def kind(v: tf.Tensor) -> tf.DType:
    """Return of which type complex numbers are whose parts are these."""
    return tf.complex128 if v.dtype == tf.float64 else tf.complex64


CASES = (
    *sweep(
        "thin",
        lambda of: ROWS[of][0],
        lambda *x, of: ROWS[of][1](*x) ** 2,
        known=lambda of: LACKING.get(of, {}),
        of=tuple(ROWS),
    ),
    *sweep(
        "thin_complex",
        lambda adjoint_a, adjoint_b: [
            normal(2, 4),
            normal(2, *turned((3 if adjoint_a else 4, 2), adjoint_b)),
        ],
        lambda v, b, adjoint_a, adjoint_b: parts(
            tf.sparse.sparse_dense_matmul(plane(pair(v)), pair(b), adjoint_a, adjoint_b)
        ),
        adjoint_a=BOTH,
        adjoint_b=BOTH,
    ),
    *sweep(
        "csr_times_dense",
        lambda of_b: [normal(2, 3), normal(2, *turned((3, 2), of_b != "is"))],
        times_dense,
        known=gaps.STATIC_SHAPES,
        only=lambda turn, conjugate: turn == conjugate,
        of_a=STANDING,
        of_b=STANDING,
        turn=BOTH,
        conjugate=BOTH,
    ),
    *sweep(
        "csr_transpose",
        [normal(2, 3)],
        lambda v, conjugate: dense(
            csr.sparse_matrix_transpose(left(v, "is"), conjugate=conjugate, type=kind(v)), kind(v)
        ),
        known=gaps.STATIC_SHAPES,
        conjugate=BOTH,
    ),
)
