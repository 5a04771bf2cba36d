"""Whole numbers of 64 bits where 32 are the default: sizes, axes, indices, ids, by operation.

A rule that works out sizes mixes them with its own, and must take the type that it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from gradients import gaps
from gradients.case import Generator
from gradients.inputs import distinct, normal, off_zero, positive
from gradients.sweep import sweep

raw = tf.raw_ops
Row = tuple[Sequence[Generator], Callable[..., tf.Tensor]]
X = [normal(3, 4)]
#: A function of tensors, the first of which is what makes a list a tensor of 64 bits.
ROWS: dict[str, Row] = {
    "broadcast_to": ([normal(3, 1)], lambda n, x: tf.broadcast_to(x, n([2, 3, 4]))),
    "pad": (X, lambda n, x: tf.pad(x, n([[1, 0], [0, 2]]))),
    "pad_value": (X, lambda n, x: tf.pad(x, n([[1, 0], [0, 2]]), constant_values=2.0)),
    "pad_reflect": (X, lambda n, x: tf.pad(x, n([[1, 0], [0, 2]]), "REFLECT")),
    "tile": (X, lambda n, x: tf.tile(x, n([2, 3]))),
    "slice": (X, lambda n, x: tf.slice(x, n([1, 0]), n([2, 3]))),
    "strided_slice": (X, lambda n, x: tf.strided_slice(x, n([2, 0]), n([0, 4]), n([-1, 2]))),
    "strided_update": (
        [normal(3, 4), normal(2, 2)],
        lambda n, x, v: raw.TensorStridedSliceUpdate(
            input=x, begin=n([0, 1]), end=n([2, 4]), strides=n([1, 2]), value=v
        ),
    ),
    "reshape": (X, lambda n, x: tf.reshape(x, n([2, -1]))),
    "transpose": (X, lambda n, x: tf.transpose(x, n([1, 0]))),
    "expand_dims": (X, lambda n, x: tf.expand_dims(x, n(1))),
    "reverse": (X, lambda n, x: tf.reverse(x, n([-1]))),
    "roll": (X, lambda n, x: tf.roll(x, n([1, 2]), n([0, 1]))),
    "split": (X, lambda n, x: tf.concat(tf.split(x, n([1, 3]), 1)[::-1], 1)),
    "concat": (X, lambda n, x: raw.ConcatV2(values=[x, x**2], axis=n(-1))),
    "fill": ([normal()], lambda n, x: tf.fill(n([2, 3]), x)),
    **{
        f"reduce_{of}": (
            [distinct(2, 3, 4, offset=0.3)],
            lambda n, x, of=of: getattr(tf, f"reduce_{of}")(x, n([0, -1])),
        )
        for of in ("sum", "mean", "prod", "max", "min")
    },
    "euclidean_norm": ([off_zero(3, 4)], lambda n, x: tf.math.reduce_euclidean_norm(x, n([1]))),
    "cumsum": (X, lambda n, x: tf.cumsum(x, n(1))),
    "cumprod": ([off_zero(3, 4)], lambda n, x: tf.math.cumprod(x, n(-2))),
    "logsumexp_scan": (X, lambda n, x: tf.math.cumulative_logsumexp(x, n(1))),
    "gather": (X, lambda n, x: tf.gather(x, n([2, 0, 2]))),
    "gather_axis": (X, lambda n, x: tf.gather(x, n([[2, 0], [1, 1]]), axis=n(1))),
    "gather_batch": (
        [normal(2, 3, 4)],
        lambda n, x: tf.gather(x, n([[2, 0], [3, 3]]), axis=n(2), batch_dims=1),
    ),
    "gather_nd": (X, lambda n, x: tf.gather_nd(x, n([[2, 0], [1, 3]]))),
    "scatter_nd": ([normal(3, 2)], lambda n, x: tf.scatter_nd(n([[1], [3], [1]]), x, n([4, 2]))),
    **{
        f"scatter_{of}": (
            [distinct(4, 2), distinct(2, 2, offset=0.3)],
            lambda n, x, u, of=of: getattr(tf, f"tensor_scatter_nd_{of}")(x, n([[3], [1]]), u),
        )
        for of in ("update", "add", "sub", "max", "min")
    },
    **{
        f"segment_{of}": (
            [positive(4, 2)],
            lambda n, x, of=of: getattr(tf.math, f"segment_{of}")(x, n([0, 0, 1, 1])),
        )
        for of in ("sum", "mean", "prod", "max", "min")
    },
    **{
        f"unsorted_segment_{of}": (
            [positive(4, 2)],
            lambda n, x, of=of: getattr(tf.math, f"unsorted_segment_{of}")(
                x, n([1, -1, 0, 1]), n(2)
            ),
        )
        for of in ("sum", "mean", "sqrt_n", "prod", "max", "min")
    },
    **{
        f"sparse_segment_{of}": (
            [normal(4, 2)],
            lambda n, x, of=of: getattr(tf.sparse, f"segment_{of}")(
                x, n([3, 0, 3]), n([0, 0, 1]), num_segments=n(3)
            ),
        )
        for of in ("sum", "mean", "sqrt_n")
    },
    "space_to_batch": (
        [normal(1, 3, 4, 2)],
        lambda n, x: tf.space_to_batch(x, n([2, 2]), n([[1, 0], [0, 0]])),
    ),
    "batch_to_space": (
        [normal(4, 2, 3, 2)],
        lambda n, x: tf.batch_to_space(x, n([2, 2]), n([[1, 0], [0, 2]])),
    ),
    "reverse_sequence": (X, lambda n, x: tf.reverse_sequence(x, n([2, 4, 1]), seq_axis=1)),
    "repeat": (X, lambda n, x: tf.repeat(x, n([2, 0, 1]), axis=0)),
    "top_k": ([distinct(3, 4)], lambda n, x: tf.math.top_k(x, 2, index_type=tf.int64)[0]),
    "crossed": (
        X,
        lambda n, x: tf.nn.sparse_softmax_cross_entropy_with_logits(n([1, 3, 0]), x),
    ),
}


#: What these lack.
LACKING = {
    "top_k": gaps.TOP_K_64,
    "concat": gaps.AXES_64,
    "euclidean_norm": gaps.AXES_64,
    **{f"reduce_{of}": gaps.AXES_64 for of in ("sum", "mean", "prod", "max", "min")},
    **{
        f"sparse_segment_{of}": gaps.no_second(f"SparseSegment{name}Grad", "second")
        for of, name in (("sum", "Sum"), ("mean", "Mean"), ("sqrt_n", "SqrtN"))
    },
}


def of_64_bits(values: Any) -> tf.Tensor:
    """Return whole numbers, of 64 bits."""
    return tf.constant(values, tf.int64)


CASES = (
    *sweep(
        "whole_numbers",
        lambda of: ROWS[of][0],
        lambda *x, of: ROWS[of][1](of_64_bits, *x) ** 2,
        known=lambda of: LACKING.get(of, {}),
        of=tuple(ROWS),
    ),
)
