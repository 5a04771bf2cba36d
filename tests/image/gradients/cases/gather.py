"""Reading and writing by index. Each result is squared: the gradient then depends on the input."""

from __future__ import annotations

import tensorflow as tf

from gradients import gaps
from gradients.case import Case
from gradients.inputs import distinct, normal

PARTS = [0, 1, 0, 1, 1, 0]


def sparse_ids() -> tf.SparseTensor:
    """Return two rows of ids: 1 and 2, then 5."""
    ids = tf.constant([1, 2, 5], tf.int64)
    return tf.SparseTensor([[0, 0], [0, 1], [1, 0]], ids, [2, 2])


def partition_and_stitch(x: tf.Tensor) -> tf.Tensor:
    """Square the rows of each part, and put them back in their order."""
    places = tf.dynamic_partition(tf.range(6), PARTS, 2)
    return tf.dynamic_stitch(places, [part**2 for part in tf.dynamic_partition(x, PARTS, 2)])


def tile_and_choose(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """Choose columns from a product and from a square, both of a common shape."""
    first = tf.constant([[True, False, True, False]])
    return tf.where(first, tf.tile(a, [1, 4]) * b, tf.broadcast_to(b, [3, 4]) ** 2)


CASES = (
    Case("gather", [normal(6, 3)], lambda x: tf.gather(x, [0, 2, 2, 5]) ** 2),
    Case(
        "gather_batch",
        [normal(2, 5, 3)],
        lambda x: tf.gather(x, [[0, 1, 1], [4, 2, 2]], batch_dims=1) ** 2,
    ),
    Case("gather_axis", [normal(3, 6)], lambda x: tf.gather(x, [5, 0, 0], axis=1) ** 2),
    Case(
        "embedding_lookup",
        [normal(6, 3)],
        lambda x: tf.nn.embedding_lookup(x, [[0, 1], [1, 5]]) ** 2,
    ),
    Case(
        "embedding_lookup_sparse",
        [normal(6, 3)],
        lambda x: tf.nn.embedding_lookup_sparse(x, sparse_ids(), None, combiner="mean") ** 2,
        known=gaps.SLICES_FORWARD
        | gaps.no_second("SparseSegmentMeanGradV2", "second")
        | gaps.not_compiled("SparseSegmentMean"),
    ),
    Case("gather_nd", [normal(4, 5)], lambda x: tf.gather_nd(x, [[0, 1], [3, 4], [0, 1]]) ** 2),
    Case(
        "scatter_nd", [normal(4, 2)], lambda x: tf.scatter_nd([[0], [1], [1], [3]], x, [5, 2]) ** 2
    ),
    Case(
        "tensor_scatter_update",
        [normal(5, 2), normal(2, 2)],
        lambda x, u: tf.tensor_scatter_nd_update(x, [[1], [3]], u) ** 2,
    ),
    Case(
        "tensor_scatter_add",
        [normal(5, 2), normal(3, 2)],
        lambda x, u: tf.tensor_scatter_nd_add(x, [[1], [3], [1]], u) ** 2,
    ),
    Case(
        "tensor_scatter_sub",
        [normal(5, 2), normal(3, 2)],
        lambda x, u: tf.tensor_scatter_nd_sub(x, [[1], [3], [1]], u) ** 2,
    ),
    Case(
        "tensor_scatter_max",
        [distinct(5, 2), distinct(3, 2, offset=0.1)],
        lambda x, u: tf.tensor_scatter_nd_max(x, [[1], [3], [1]], u) ** 2,
    ),
    Case(
        "tensor_scatter_min",
        [distinct(5, 2), distinct(3, 2, offset=0.1)],
        lambda x, u: tf.tensor_scatter_nd_min(x, [[1], [3], [1]], u) ** 2,
    ),
    Case("dynamic_partition_and_stitch", [normal(6, 2)], partition_and_stitch),
    Case(
        "boolean_mask",
        [normal(5, 2)],
        lambda x: tf.boolean_mask(x, [True, False, True, True, False]) ** 2,
    ),
    Case(
        "strided_slice_roll_reverse",
        [normal(5, 4)],
        lambda x: tf.roll(tf.reverse(x[1:5:2, ::-1], [0]), 1, 1) ** 2,
    ),
    Case(
        "reverse_sequence",
        [normal(3, 4, 2)],
        lambda x: tf.reverse_sequence(x, [2, 4, 1], seq_axis=1) ** 2,
    ),
    Case("pad_reflect", [normal(4, 4)], lambda x: tf.pad(x, [[1, 2], [2, 1]], "REFLECT") ** 2),
    Case("pad_constant", [normal(3, 4)], lambda x: tf.pad(x, [[1, 2], [0, 1]]) ** 2),
    Case("tile_broadcast_where", [normal(3, 1), normal(1, 4)], tile_and_choose),
    Case(
        "concat_stack_split",
        [normal(2, 4), normal(3, 4)],
        lambda a, b: tf.stack(tf.split(tf.concat([a, b], 0), 2, axis=1), 1) ** 2,
    ),
    Case(
        "transpose_reshape_squeeze",
        [normal(2, 3, 4)],
        lambda x: tf.squeeze(tf.reshape(tf.transpose(x, [2, 0, 1]), [1, 4, 6]), 0) ** 2,
    ),
    Case(
        "slice_unstack", [normal(4, 5)], lambda x: tf.unstack(tf.slice(x, [1, 0], [2, 4]))[1] ** 3
    ),
    Case("repeat", [normal(3, 2)], lambda x: tf.repeat(x, [1, 3, 2], axis=0) ** 2),
    Case(
        "strided_slice_update",
        [normal(5, 3), normal(2, 3)],
        lambda x, u: (
            tf.raw_ops.TensorStridedSliceUpdate(input=x, begin=[1], end=[5], strides=[2], value=u)
            ** 2
        ),
        known=gaps.STRIDED_UPDATE,
    ),
    Case("fill", [normal()], lambda x: tf.fill([2, 3], x) ** 2),
    Case("ensure_shape", [normal(2, 3)], lambda x: tf.ensure_shape(x, [2, 3]) ** 2),
    Case(
        "nth_element",
        [distinct(3, 5)],
        lambda x: tf.raw_ops.NthElement(input=x, n=2) ** 2,
        known=gaps.not_compiled("NthElement"),
    ),
    Case(
        "identity_n",
        [normal(2), normal(2)],
        lambda a, b: tf.add_n(tf.identity_n([a**2, b])) * a,
    ),
    Case("check_numerics", [normal(3)], lambda x: tf.debugging.check_numerics(x, "x") ** 2),
)
