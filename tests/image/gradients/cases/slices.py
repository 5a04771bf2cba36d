"""Reading a part of a tensor, padding, and writing: by how the part is named."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from gradients import gaps
from gradients.inputs import normal
from gradients.sweep import sweep

#: What stands in brackets, by how it is written.
BRACKETS: dict[str, Any] = {
    "1": 1,
    "-1": -1,
    "1:3": slice(1, 3),
    ":-1": slice(None, -1),
    "-2:": slice(-2, None),
    "::2": slice(None, None, 2),
    "::-1": slice(None, None, -1),
    "::-2": slice(None, None, -2),
    "3:0:-1": slice(3, 0, -1),
    "3:0:-2": slice(3, 0, -2),
    "...;0": (..., 0),
    "...;::-2": (..., slice(None, None, -2)),
    "...": ...,
    "0;...;1": (0, ..., 1),
    "1:;...;:2": (slice(1, None), ..., slice(None, 2)),
    "new": tf.newaxis,
    "new;1": (tf.newaxis, 1),
    ":;new": (slice(None), tf.newaxis),
    "...;new": (..., tf.newaxis),
    "new;...;1;new": (tf.newaxis, ..., 1, tf.newaxis),
    ":;1;::-1": (slice(None), 1, slice(None, None, -1)),
    "1;:;2": (1, slice(None), 2),
    "1:3;::2;1:": (slice(1, 3), slice(None, None, 2), slice(1, None)),
    "::2;-1;new;::-2": (slice(None, None, 2), -1, tf.newaxis, slice(None, None, -2)),
    "1;2;0": (1, 2, 0),
    "-9:9": slice(-9, 9),
    "1:2": slice(1, 2),
}
PADDINGS = (((0, 0), (0, 0)), ((1, 0), (0, 2)), ((0, 2), (1, 1)), ((2, 1), (2, 3)))
WRITES = {
    "add": tf.tensor_scatter_nd_add,
    "sub": tf.tensor_scatter_nd_sub,
    "update": tf.tensor_scatter_nd_update,
}

CASES = (
    *sweep("brackets", [normal(4, 3, 4)], lambda x, of: x[BRACKETS[of]] * 1.0, of=tuple(BRACKETS)),
    *sweep(
        "brackets_squared",
        [normal(4, 3, 4)],
        lambda x, of: x[BRACKETS[of]] ** 2,
        of=("::-2", "...;::-2", "1;:;2", "new;...;1;new"),
    ),
    *sweep(
        "slice",
        [normal(4, 5)],
        lambda x, begin, size: tf.slice(x, begin, size),
        begin=((0, 0), (1, 0), (2, 3)),
        size=((1, 2), (-1, 2), (2, -1), (-1, -1)),
    ),
    *sweep(
        "pad",
        [normal(4, 5)],
        lambda x, mode, paddings: tf.pad(x, paddings, mode),
        mode=("CONSTANT", "REFLECT", "SYMMETRIC"),
        paddings=PADDINGS,
    ),
    *sweep(
        "pad_value",
        [normal(4, 5), normal()],
        lambda x, value, paddings: tf.pad(x, paddings, constant_values=2.5) * value,
        paddings=PADDINGS,
    ),
    *sweep(
        "pad_rank",
        lambda mode, rank: [normal(*(3,) * rank)],
        lambda x, mode, rank: tf.pad(x, [[1, 2]] * rank, mode),
        mode=("CONSTANT", "REFLECT", "SYMMETRIC"),
        rank=(1, 3, 4),
    ),
    *sweep(
        "write",
        [normal(4, 3), normal(2, 3)],
        lambda x, u, how, rows: WRITES[how](x, [[row] for row in rows], u),
        only=lambda how, rows: how != "update" or len(set(rows)) == 2,
        how=tuple(WRITES),
        rows=((0, 3), (3, 1), (2, 2)),
    ),
    *sweep(
        "write_elements",
        [normal(4, 3), normal(2)],
        lambda x, u, how: WRITES[how](x, [[0, 2], [3, 1]], u),
        how=tuple(WRITES),
    ),
    *sweep(
        "scatter_nd",
        lambda rows: [normal(len(rows), 2)],
        lambda x, rows: tf.scatter_nd([[row] for row in rows], x, [5, 2]),
        rows=((0,), (4, 0, 2), (1, 1, 1)),
    ),
    *sweep(
        "one_hot_gather",
        [normal(5, 3)],
        lambda x, rows: tf.gather(x, rows) * tf.gather(x, rows[::-1]),
        rows=((0, 4), (2, 2), (1, 1, 4, 1)),
    ),
    *sweep(
        "reverse_sequence",
        [normal(3, 4, 3)],
        lambda x, seq, batch: tf.reverse_sequence(x, [2, 3, 1], seq_axis=seq, batch_axis=batch),
        only=lambda seq, batch: seq != batch,
        seq=(0, 1, 2),
        batch=(0, 2),
    ),
    *sweep(
        "space_to_batch",
        lambda block, paddings: [normal(1, 4, 4, 2)],
        lambda x, block, paddings: tf.space_to_batch(x, block, paddings),
        block=((2, 2), (4, 2)),
        paddings=(((0, 0), (0, 0)), ((2, 2), (0, 2)), ((1, 3), (2, 0))),
    ),
    *sweep(
        "batch_to_space",
        [normal(4, 2, 3, 2)],
        lambda x, crops: tf.batch_to_space(x, [2, 2], crops),
        crops=(((0, 0), (0, 0)), ((1, 0), (0, 1)), ((0, 1), (2, 1))),
    ),
    *sweep(
        "depth",
        [normal(1, 4, 4, 4)],
        lambda x, of, block: getattr(tf.nn, of)(x, block),
        of=("space_to_depth", "depth_to_space"),
        block=(2,),
    ),
    *sweep(
        "band_part",
        [normal(4, 5)],
        lambda x, lower, upper: tf.linalg.band_part(x, lower, upper),
        lower=(-1, 0, 2),
        upper=(-1, 0, 1),
    ),
    *sweep(
        "diagonal",
        [normal(2, 4, 5)],
        lambda x, k, align: tf.linalg.diag_part(x, k=k, align=align),
        known=lambda k: gaps.UNKNOWN_DIAGONALS if isinstance(k, tuple) else {},
        k=(0, 1, -2, (-1, 1), (0, 2)),
        align=("LEFT_RIGHT", "RIGHT_LEFT"),
    ),
    *sweep(
        "set_diagonal",
        lambda k: [normal(4, 5), normal(*{0: (4,), 1: (4,), -2: (2,), (-1, 0): (2, 4)}[k])],
        lambda x, d, k: tf.linalg.set_diag(x, d, k=k),
        known=lambda k: gaps.UNKNOWN_DIAGONALS if isinstance(k, tuple) else {},
        k=(0, 1, -2, (-1, 0)),
    ),
    *sweep(
        "diag",
        lambda k: [normal(3)],
        lambda x, k: tf.linalg.diag(x, k=k),
        k=(0, 1, -2),
    ),
)
