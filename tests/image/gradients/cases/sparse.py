"""Sparse and ragged tensors, by their values."""

from __future__ import annotations

import tensorflow as tf

from gradients import gaps
from gradients.case import Case
from gradients.inputs import distinct, normal


def sparse(values: tf.Tensor) -> tf.SparseTensor:
    """Return a 3 x 4 matrix of three values."""
    return tf.SparseTensor([[0, 1], [1, 0], [2, 3]], values, [3, 4])


def two_rows(values: tf.Tensor) -> tf.SparseTensor:
    """Return a 2 x 4 matrix of two values a row."""
    return tf.SparseTensor([[0, 1], [0, 3], [1, 0], [1, 2]], values, [2, 4])


CASES = (
    Case(
        "dense_matmul",
        [normal(3), normal(4, 2)],
        lambda v, b: tf.sparse.sparse_dense_matmul(sparse(v), b),
        known=gaps.not_compiled("SparseTensorDenseMatMul"),
    ),
    Case(
        "reduce_sum",
        [normal(3)],
        lambda v: tf.sparse.reduce_sum(sparse(v), 1) ** 2,
        known=gaps.not_compiled("SparseReduceSum"),
    ),
    Case(
        "softmax",
        [normal(4)],
        lambda v: tf.sparse.softmax(two_rows(v)).values ** 2,
        known=gaps.NO_BFLOAT16
        | gaps.no_second("SparseDenseCwiseAdd")
        | gaps.not_compiled("SparseSoftmax"),
    ),
    Case(
        "add",
        [normal(3), normal(3)],
        lambda v, w: tf.sparse.to_dense(tf.sparse.add(sparse(v), sparse(w))) ** 2,
        known=gaps.NO_HALF | gaps.SPARSE_ADD | gaps.not_compiled("SparseAdd"),
    ),
    Case("to_dense", [normal(3)], lambda v: tf.sparse.to_dense(sparse(v)) ** 2),
    Case(
        "ragged_reduce",
        [normal(6)],
        lambda v: tf.reduce_sum(tf.RaggedTensor.from_row_lengths(v, [2, 1, 3]) ** 2, 1),
    ),
    Case(
        "times_dense",
        [normal(3), normal(3, 4)],
        lambda v, b: (sparse(v) * b).values,
        known=gaps.not_compiled("SparseDenseCwiseMul"),
    ),
    Case(
        "plus_dense",
        [normal(3), normal(3, 4)],
        lambda v, b: tf.sparse.add(sparse(v), b) ** 2,
        known=gaps.not_compiled("SparseTensorDenseAdd"),
    ),
    Case(
        "reorder",
        [normal(3)],
        lambda v: (
            tf.sparse.reorder(tf.SparseTensor([[2, 3], [1, 0], [0, 1]], v, [3, 4])).values ** 2
        ),
        known=gaps.not_compiled("SparseReorder"),
    ),
    Case(
        "slice",
        [normal(3)],
        lambda v: tf.sparse.slice(sparse(v), [0, 0], [2, 4]).values ** 2,
        known=gaps.no_second("SparseSliceGrad") | gaps.not_compiled("SparseSlice"),
    ),
    Case(
        "ragged_to_tensor",
        [normal(6)],
        lambda v: tf.RaggedTensor.from_row_lengths(v, [2, 1, 3]).to_tensor() ** 2,
        known=gaps.SLICES_FORWARD | gaps.not_compiled("RaggedTensorToTensor"),
    ),
    Case(
        "maximum",
        [distinct(3), distinct(3, offset=0.3)],
        lambda v, w: tf.sparse.maximum(sparse(v), sparse(w)).values ** 2,
        known=gaps.SPARSE_MAXIMUM,
    ),
)
