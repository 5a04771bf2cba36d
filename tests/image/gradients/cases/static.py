"""What a graph works out ahead from sizes that it knows, and gradients that arrive sparse.

Rows that differ in attributes run eagerly, or where no size is known; rules have a way of their own
for graphs that know them all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import tensorflow as tf

from gradients import gaps
from gradients.case import Generator
from gradients.inputs import distinct, normal, off_zero
from gradients.sweep import sweep
from gradients.tracing import traced

raw = tf.raw_ops
Function = Callable[..., tf.Tensor]
Row = tuple[Sequence[Generator], Function]


def many(a: tf.Tensor, b: tf.Tensor, axis: int) -> tf.Tensor:
    """Join seventeen parts of two sizes: of more than sixteen, sizes are worked out otherwise."""
    return tf.concat([(a, b)[part % 2] * (part + 1.0) for part in range(17)], axis)


STATIC: dict[str, Row] = {
    "add_ones": ([normal(1, 3), normal(3)], tf.add),
    "multiply_ones": ([normal(3), normal(1, 1, 3)], tf.multiply),
    "maximum_ones": ([distinct(1, 2), distinct(2, offset=0.3)], tf.maximum),
    "multiply_column": ([normal(2, 3), normal(2, 1)], tf.multiply),
    "divide_by_number": ([normal(2, 3), off_zero()], tf.divide),
    "where": ([normal(1, 3), normal(2, 1)], lambda a, b: tf.where(np.eye(2, 3) > 0, a, b)),
    "sum_back": ([normal(2, 3, 4)], lambda x: tf.reduce_sum(x, -1)),
    "sum_ends": ([normal(2, 3, 4)], lambda x: tf.reduce_sum(x, [2, 0])),
    "sum_kept": ([normal(2, 3, 4)], lambda x: tf.reduce_sum(x, [-2], keepdims=True)),
    "mean_ends": ([normal(2, 3, 4)], lambda x: tf.reduce_mean(x, [0, -1])),
    "max_back": ([distinct(2, 3, 4)], lambda x: tf.reduce_max(x, [-1, 0])),
    "prod_back": ([normal(2, 3, 4)], lambda x: tf.reduce_prod(x, [-1])),
    "concat_many_columns": ([normal(3, 1), normal(3, 2)], lambda a, b: many(a, b, axis=-1)),
    "concat_many_rows": ([normal(1, 3), normal(2, 3)], lambda a, b: many(a, b, axis=-2)),
    "concat_back": ([normal(2, 3), normal(2, 1)], lambda a, b: tf.concat([a, b], -1)),
    "stack_back": ([normal(2, 3), normal(2, 3)], lambda a, b: tf.stack([a, b], -1)),
    "tile": ([normal(2, 3)], lambda x: tf.tile(x, [3, 2])),
    "pad": ([normal(2, 3)], lambda x: tf.pad(x, [[1, 0], [0, 2]])),
    "matmul": ([normal(2, 1, 3, 4), normal(5, 4, 2)], tf.matmul),
    "einsum": ([normal(3, 2, 4), normal(4, 5)], lambda a, b: tf.einsum("ij...,...k->kji...", a, b)),
    "gather_back": ([normal(2, 3, 4)], lambda x: tf.gather(x, [2, 0, 2], axis=-1)),
    "gather_batch": (
        [normal(2, 3, 4)],
        lambda x: tf.gather(x, [[2, 0], [1, 1]], axis=-2, batch_dims=1),
    ),
    "set_diag": ([normal(3, 4), normal(2, 3)], lambda x, d: tf.linalg.set_diag(x, d, k=(0, 1))),
    "diag_part": ([normal(4, 3)], lambda x: tf.linalg.diag_part(x, k=(-2, 1))),
    "broadcast_to": ([normal(3, 1)], lambda x: tf.broadcast_to(x, [2, 3, 4])),
    "top_k": ([distinct(2, 3, 4)], lambda x: tf.math.top_k(x, 3)[0]),
    "split": ([normal(2, 6)], lambda x: tf.concat(tf.split(x, [1, 3, 2], -1)[::-1], -1)),
}
#: Of these, some rows are gathered, at an axis from behind.
SPARSE: dict[str, Row] = {
    "concat_columns": ([normal(3, 2), normal(3, 1)], lambda a, b: tf.concat([a, b], -1)),
    "concat_middle": (
        [normal(3, 2, 2), normal(3, 1, 2)],
        lambda a, b: tf.concat([a, b, a * 2], -2),
    ),
    "concat_three": (
        [normal(1, 2), normal(3, 2)],
        lambda a, b: tf.concat([a, b[:1], b], 0),
    ),
    "tile_columns": ([normal(3, 2)], lambda x: tf.tile(x, [1, 3])),
    "tile_rows": ([normal(2, 2)], lambda x: tf.tile(x, [3, 1])),
    "stitch_two": (
        [normal(2, 2), normal(2, 2)],
        lambda a, b: tf.dynamic_stitch([[3, 0], [1, 2]], [a, b]),
    ),
    "reshape": ([normal(4, 3)], lambda x: tf.reshape(x, [3, 2, 2])),
    "gather_columns": ([normal(3, 4)], lambda x: tf.gather(x, [3, 0, 3], axis=-1)),
    "gather_nd": ([normal(4, 2)], lambda x: tf.gather_nd(x, [[3], [1], [3]])),
    "expand": ([normal(3)], lambda x: tf.expand_dims(x, 1)),
}
ROWS = np.array([2, 0, 2])


#: Rows that are one graph: to trace one costs as much as to run it many times.
TOGETHER: dict[str, Sequence[str]] = {
    "broadcasts": (
        *("add_ones", "multiply_ones", "maximum_ones", "multiply_column", "divide_by_number"),
        *("where", "broadcast_to"),
    ),
    "reductions": ("sum_back", "sum_ends", "sum_kept", "mean_ends", "max_back", "prod_back"),
    "joins": (
        *("concat_many_columns", "concat_many_rows", "concat_back", "stack_back", "split"),
        *("tile", "pad"),
    ),
    "products": ("matmul", "einsum"),
    "picks": ("gather_back", "gather_batch", "top_k"),
    "diagonals": ("set_diag", "diag_part"),
}


def together(names: Sequence[str]) -> Function:
    """Return a graph of several rows, of all their inputs, that gives all their values in one."""

    def run(*inputs: tf.Tensor) -> tf.Tensor:
        left, values = list(inputs), []
        for name in names:
            generators, function = STATIC[name]
            given, left = left[: len(generators)], left[len(generators) :]
            values.append(tf.reshape(function(*given) ** 2, [-1]))
        return tf.concat(values, 0)

    return traced(run)


TRACED = {of: together(names) for of, names in TOGETHER.items()}


@cache
def set_without_a_rank(k: tuple[int, int], dtype: tf.DType) -> Function:
    """Return what sets bands of a matrix of which not even the rank is known, traced once."""
    return traced(
        lambda x, d: raw.MatrixSetDiagV3(input=x, diagonal=d, k=list(k), align="RIGHT_LEFT"),
        input_signature=[tf.TensorSpec(None, dtype)] * 2,
    )


CASES = (
    *sweep(
        "known_sizes",
        lambda of: [generator for name in TOGETHER[of] for generator in STATIC[name][0]],
        lambda *x, of: TRACED[of](*x),
        known=lambda of: gaps.UNKNOWN_DIAGONALS if of == "diagonals" else {},
        of=tuple(TOGETHER),
    ),
    *sweep(
        "sparse_from_behind",
        lambda of: SPARSE[of][0],
        lambda *x, of: tf.gather(SPARSE[of][1](*x), ROWS) ** 2,
        of=tuple(SPARSE),
    ),
    *sweep(
        "no_rank_diagonals",
        lambda k: [normal(3, 4), normal(1 + k[1] - k[0], 3 + min(k[1], 0))],
        lambda x, d, k: set_without_a_rank(k, x.dtype)(x, d),
        known=gaps.UNKNOWN_DIAGONALS,
        k=((-1, 0), (-2, -1), (0, 1)),
    ),
)
