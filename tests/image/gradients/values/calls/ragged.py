"""Ragged tensors: rows of unlike lengths, some of them empty, against lists of NumPy's arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from scipy.special import softmax

from gradients.values.calls import Rows
from gradients.values.calls.inputs import CUBE, X
from gradients.values.calls.lines import (
    COLUMNS,
    FULL,
    LENGTHS,
    LINES,
    OUTER,
    PAIRS,
    RIGHT,
    TALL,
    VALUES,
    deep,
    laid,
    nested,
    pairs,
    parts,
    rows,
    running,
    split,
)


def _plain(tensor: tf.Tensor | tf.RaggedTensor) -> tf.Tensor:
    return tensor.to_tensor() if isinstance(tensor, tf.RaggedTensor) else tensor


def _matmul(left: Sequence[np.ndarray], right: Any) -> tf.RaggedTensor:
    return tf.matmul(tf.ragged.stack(list(left)), right)


#: Functions that make one number of several; where there are none, a row is left out.
_REDUCED: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "sum": (tf.reduce_sum, np.sum),
    "mean": (tf.reduce_mean, np.mean),
    "max": (tf.reduce_max, np.max),
    "min": (tf.reduce_min, np.min),
    "prod": (tf.reduce_prod, np.prod),
    "variance": (tf.math.reduce_variance, np.var),
    "std": (tf.math.reduce_std, np.std),
}
IDS = np.array([2, 0, 2, 0])
ROWS: Rows = {
    **{
        name: (
            lambda ours=ours: [
                tf.gather(ours(rows(), axis=1), [0, 2, 3]),
                *(ours(rows(), axis=0), ours(rows()), ours(rows(), [-1, 0])),
                tf.gather(ours(rows(), axis=-1, keepdims=True), [0, 2, 3]),
                _plain(ours(rows(), axis=0, keepdims=True)),
            ],
            [
                np.array([theirs(row) for row in FULL]),
                np.array([theirs(column) for column in COLUMNS]),
                *[theirs(VALUES)] * 2,
                np.array([[theirs(row)] for row in FULL]),
                np.array([[theirs(column) for column in COLUMNS]]),
            ],
        )
        for name, (ours, theirs) in _REDUCED.items()
    },
    "sum_deep": (
        lambda: [
            *parts(tf.reduce_sum(deep(), 2)),
            *parts(tf.reduce_sum(deep(), 0)),
            *parts(tf.reduce_sum(deep(PAIRS), 1)),
            *parts(tf.reduce_sum(deep(PAIRS), 3)),
        ],
        [
            *laid(
                [
                    np.array([LINES[0].sum(), 0]),
                    np.zeros(0),
                    np.array([row.sum() for row in LINES[2:]]),
                ]
            ),
            *laid([np.append(LINES[0][:2] + LINES[2], LINES[0][2]), LINES[3]]),
            *laid(
                [
                    split(PAIRS)[0],
                    np.zeros((0, 2)),
                    split(PAIRS)[3] + np.pad(split(PAIRS)[2], [[0, 2], [0, 0]]),
                ]
            ),
            *(PAIRS.sum(1), np.cumsum([0, *OUTER]), np.cumsum([0, *LENGTHS])),
        ],
    ),
    "any": (
        lambda: [tf.reduce_any(rows() > 0.5, 1), tf.reduce_all(rows() > -1, 1)],
        [
            np.array([(row > 0.5).any() for row in LINES]),
            np.array([(row > -1).all() for row in LINES]),
        ],
    ),
    **{
        f"cumsum_{exclusive:d}{reverse:d}": (
            lambda exclusive=exclusive, reverse=reverse: parts(
                tf.cumsum(rows(), 1, exclusive=exclusive, reverse=reverse)
            ),
            laid([running(row, exclusive, reverse) for row in LINES]),
        )
        for exclusive in (False, True)
        for reverse in (False, True)
    },
    "cumsum_inner": (
        lambda: parts(tf.cumsum(rows(PAIRS), 2, reverse=True)),
        laid(split(PAIRS[:, ::-1].cumsum(1)[:, ::-1])),
    ),
    "cumsum_outer": (
        lambda: parts(tf.cumsum(rows(), 0)),
        laid(
            [
                LINES[0],
                LINES[1],
                LINES[0][:2] + LINES[2],
                LINES[3] + np.pad(LINES[0], (0, 1)) + np.pad(LINES[2], (0, 2)),
            ]
        ),
    ),
    "softmax": (
        # Rows so far apart that each must be held to its own maximum.
        lambda: parts(tf.nn.softmax(rows(VALUES + np.repeat([0, 0, -900, 900], LENGTHS)))),
        laid([softmax(row) if len(row) else row for row in LINES]),
    ),
    "segment": (
        lambda: [
            *parts(tf.math.unsorted_segment_sum(rows(), IDS, 3)),
            *parts(tf.math.unsorted_segment_mean(rows(), IDS, 3)),
            *parts(tf.math.unsorted_segment_sqrt_n(rows(), IDS, 3)),
            *parts(tf.math.unsorted_segment_max(rows(), IDS, 3)),
        ],
        [
            part
            for scale in (1, 1 / 2, np.sqrt(0.5), None)
            for part in laid(
                [
                    LINES[3],
                    np.zeros(0),
                    np.append((LINES[0][:2] + LINES[2]) * scale, LINES[0][2])
                    if scale
                    else np.append(np.maximum(LINES[0][:2], LINES[2]), LINES[0][2]),
                ]
            )
        ],
    ),
    "range": (
        lambda: parts(tf.ragged.range([3, 0, 5], [9, 0, 1], [2, 1, -2])),
        laid([np.array([3, 5, 7]), np.zeros(0), np.array([5, 3])]),
    ),
    "broadcast": (
        lambda: [
            *parts(rows() * np.arange(4.0)[:, None]),
            *parts(rows() + 2.5),
            *parts(deep() * np.arange(3.0)[:, None, None]),
            *parts(tf.maximum(rows(), rows(VALUES[::-1]))),
        ],
        [
            *laid([index * row for index, row in enumerate(LINES)]),
            *laid([row + 2.5 for row in LINES]),
            *(VALUES * ([0] * 3 + [2] * 6), np.cumsum([0, *OUTER]), np.cumsum([0, *LENGTHS])),
            *laid(split(np.maximum(VALUES, VALUES[::-1]))),
        ],
    ),
    "matmul": (
        lambda: [
            product.to_tensor()
            for product in (
                _matmul(TALL, RIGHT),
                tf.matmul(tf.ragged.stack(TALL), RIGHT.swapaxes(1, 2), transpose_b=True),
                _matmul(TALL, tf.ragged.stack(list(RIGHT))),
                tf.matmul(tf.ragged.stack(TALL), tf.ragged.stack(TALL), transpose_a=True),
            )
        ],
        [
            *[np.stack([np.pad(TALL[0] @ RIGHT[0], [[0, 2], [0, 0]]), TALL[1] @ RIGHT[1]])] * 3,
            np.stack([one.T @ one for one in TALL]),
        ],
    ),
    "tile": (
        lambda: [
            *parts(tf.tile(rows(), [2, 3])),
            *parts(tf.tile(deep(), [1, 2, 3])),
            *parts(tf.tile(rows(PAIRS), [1, 2, 2])),
        ],
        [
            *laid([np.tile(row, 3) for row in LINES * 2]),
            *nested([[np.tile(row, 3) for row in pair * 2] for pair in pairs()]),
            *laid([np.tile(row, (2, 2)) for row in split(PAIRS)]),
        ],
    ),
    "move": (
        lambda: [
            *parts(tf.reverse(rows(), [0, 1])),
            *parts(tf.concat([rows(), rows(-VALUES)], 1)),
            *parts(tf.concat([rows(), tf.constant(X)], 0)),
            *parts(tf.stack([rows(), 2 * rows()], 1)),
            *parts(tf.expand_dims(rows(), 1)),
            *parts(tf.gather(rows(), [3, 0, 1])),
            *parts(tf.ragged.boolean_mask(rows(), [True, True, False, True])),
            *parts(tf.ragged.boolean_mask(rows(), rows() > 0)),
            tf.gather_nd(rows(), [[0, 1], [3, 2]]),
        ],
        [
            *laid([row[::-1] for row in LINES[::-1]]),
            *laid([np.append(row, -row) for row in LINES]),
            *laid([*LINES, *X]),
            *nested([[row, 2 * row] for row in LINES]),
            *nested([[row] for row in LINES]),
            *laid([LINES[3], LINES[0], LINES[1]]),
            *laid([LINES[0], LINES[1], LINES[3]]),
            *laid([row[row > 0] for row in LINES]),
            np.array([LINES[0][1], LINES[3][2]]),
        ],
    ),
    "slices": (
        lambda: [
            *parts(rows()[:, 1:]),
            *parts(rows()[:, -2:]),
            *parts(rows()[::-2, :3:2]),
            *(rows()[3], rows()[0, 1]),
            *parts(deep()[:, :1, 1:]),
        ],
        [
            *laid([row[1:] for row in LINES]),
            *laid([row[-2:] for row in LINES]),
            *laid([row[:3:2] for row in LINES[::-2]]),
            *(LINES[3], LINES[0][1]),
            *nested([[row[1:] for row in pair[:1]] for pair in pairs()]),
        ],
    ),
    "partitions": (
        lambda: parts(tf.ragged.stack_dynamic_partitions(CUBE[0], [2, 0, 2], 4)),
        laid([CUBE[0, [1]], CUBE[0, :0], CUBE[0, ::2], CUBE[0, :0]]),
    ),
    "one_hot": (
        lambda: parts(
            tf.one_hot(rows(np.array([0, 2, 1, 1, 0, 2, 2, 0, 1])), 3, 5.0, -1.0, dtype="float64")
        ),
        laid(split(6 * np.eye(3)[[0, 2, 1, 1, 0, 2, 2, 0, 1]] - 1)),
    ),
    "dense": (
        lambda: [
            rows().to_tensor(7.0),
            rows().to_tensor(shape=[4, 3]),
            *parts(tf.RaggedTensor.from_tensor(X, lengths=[2, 0, 4])),
            *parts(tf.RaggedTensor.from_tensor([[1.0, 0, 0], [0, 2, 0]], padding=0.0)),
            tf.sparse.to_dense(rows().to_sparse()),
            *parts(tf.RaggedTensor.from_sparse(tf.sparse.from_dense(X))),
        ],
        [
            np.stack([np.pad(row, (0, 4 - len(row)), constant_values=7) for row in LINES]),
            np.stack([np.pad(row[:3], (0, max(3 - len(row), 0))) for row in LINES]),
            *laid([X[0, :2], X[1, :0], X[2]]),
            *laid([np.array([1.0]), np.array([0.0, 2.0])]),
            np.stack([np.pad(row, (0, 4 - len(row))) for row in LINES]),
            *laid(list(X)),
        ],
    ),
    "lengths": (
        lambda: [
            *(rows().row_lengths(), rows().value_rowids(), rows().row_starts(), rows().nrows()),
            *(rows().bounding_shape(), deep().bounding_shape(), tf.size(rows())),
            deep().row_lengths(2).flat_values,
        ],
        [
            *(np.array(LENGTHS), np.repeat(np.arange(4), LENGTHS), np.array([0, 3, 3, 5]), 4),
            *(np.array([4, 4]), np.array([3, 2, 4]), 9),
            np.array(LENGTHS),
        ],
    ),
    "map": (
        lambda: [
            tf.map_fn(tf.reduce_sum, rows(), fn_output_signature="float64"),
            *parts(
                tf.map_fn(
                    lambda row: tf.concat([row, row], 0),
                    rows(),
                    fn_output_signature=tf.RaggedTensorSpec([None], "float64", 0),
                )
            ),
            *parts(tf.ragged.map_flat_values(tf.sin, rows())),
        ],
        [
            np.array([row.sum() for row in LINES]),
            *laid([np.tile(row, 2) for row in LINES]),
            *laid([np.sin(row) for row in LINES]),
        ],
    ),
}
