"""Losses by candidates that are drawn, and lookups in tables of several parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from scipy.special import log_softmax

from gradients.values.calls import Rows
from gradients.values.calls.formulas import within
from gradients.values.calls.inputs import IDS, TABLE, Y
from gradients.values.calls.nn import entropy, sparse

_random = np.random.default_rng(29)


def candidates(labels: np.ndarray, *, number: int) -> list[np.ndarray]:
    """Return the logits of labels and of two drawn classes, and what each should be."""
    drawn = np.array([1, 3])
    true = np.einsum("bd,btd->bt", Y[:, :3], TABLE[labels]) + BIASES[labels]
    false = Y[:, :3] @ TABLE[drawn].T + BIASES[drawn]
    logits = np.concatenate([true - np.log(TOLD), false - np.log(DRAWN)], 1)
    wanted = np.concatenate([np.full(true.shape, 1 / number), np.zeros(false.shape)], 1)
    return [logits, wanted]


BIASES = _random.standard_normal(6)
#: One of these is drawn, too.
LABELS = np.array([[0, 4, 2], [2, 3, 0], [5, 0, 1]])
TOLD, DRAWN = _random.uniform(0.2, 0.8, (3, 3)), np.array([0.3, 0.6])
LOGITS, WANTED = candidates(LABELS, number=3)


def sampled(loss: Any, parts: list[np.ndarray], **options: Any) -> tf.Tensor:
    """Return what a loss makes of two classes that were drawn, and of a table in parts."""
    values = (tf.constant([1, 3], "int64"), tf.constant(TOLD), tf.constant(DRAWN))
    given = {"labels": tf.constant(LABELS), "inputs": tf.constant(Y[:, :3]), "num_true": 3}
    tables = [tf.constant(part) for part in parts]
    return loss(
        tables,
        tf.constant(BIASES),
        **given,
        num_sampled=2,
        num_classes=6,
        sampled_values=values,
        **options,
    )


#: Of the two drawn, what is a label itself.
HIT = np.pad((LABELS[:, :, None] == [1, 3]).any(1), [[0, 0], [3, 0]])
WEIGHTS = np.array([0.5, -2.0, 3.0, 1.5, 0.25])


def parted(weights: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return each row's numbers, and their weights."""
    at = np.array([1, 4, 5, 2, 2])
    return [(TABLE[at[part]], weights[part]) for part in (np.s_[:2], np.s_[2:3], np.s_[3:])]


def combined(rows: np.ndarray, weights: np.ndarray, by: str, limit: float | None) -> np.ndarray:
    """Return what is made of rows, each of which is no longer than a limit."""
    rows = rows if limit is None else within(rows, limit, -1)
    count = {"sum": 1.0, "mean": weights.sum(), "sqrtn": np.sqrt((weights**2).sum())}[by]
    return weights @ rows / count


def lacking(values: Sequence[float]) -> tf.SparseTensor:
    """Return three rows, of which one is empty."""
    kind = "int64" if isinstance(values[0], int) else "float64"
    return tf.SparseTensor([[0, 0], [0, 1], [2, 0], [2, 2]], tf.constant(values, kind), [3, 3])


#: Of seven rows the first three, two and two: what is left over goes to the first parts.
SEVEN = _random.standard_normal((7, 3))
ROWS: Rows = {
    "nce_several": (
        lambda: sampled(tf.nn.nce_loss, [TABLE]),
        entropy(WANTED, LOGITS).sum(1),
    ),
    "nce_parts": (
        lambda: sampled(tf.nn.nce_loss, [TABLE[:3], TABLE[3:]]),
        entropy(WANTED, LOGITS).sum(1),
    ),
    "sampled_softmax_several": (
        lambda: sampled(
            tf.nn.sampled_softmax_loss, [TABLE[:3], TABLE[3:]], remove_accidental_hits=False
        ),
        -(WANTED * log_softmax(LOGITS, 1)).sum(1),
    ),
    "lookup_uneven": (
        lambda: [
            tf.nn.embedding_lookup([SEVEN[:3], SEVEN[3:5], SEVEN[5:]], np.arange(7)),
            tf.compat.v1.nn.embedding_lookup([SEVEN[::3], SEVEN[1::3], SEVEN[2::3]], np.arange(7)),
        ],
        [SEVEN, SEVEN],
    ),
    "lookup_parts_clipped": (
        lambda: tf.nn.embedding_lookup([TABLE[:3], TABLE[3:]], IDS, max_norm=1.0),
        TABLE[IDS] / np.maximum(np.linalg.norm(TABLE[IDS], axis=-1, keepdims=True), 1),
    ),
    "lookup_sparse_clipped": (
        lambda: tf.nn.embedding_lookup_sparse(TABLE, sparse([1, 4, 5, 2, 2]), None, max_norm=1.0),
        np.stack([within(TABLE[[1, 4]], 1.0, -1).mean(0), *within(TABLE[[5, 2]], 1.0, -1)]),
    ),
    **{
        f"lookup_{combiner}_each_way": (
            lambda combiner=combiner: [
                *(
                    tf.nn.embedding_lookup_sparse(
                        *(table, sparse([1, 4, 5, 2, 2]), weights, combiner, limit)
                    )
                    for weights in (None, sparse(WEIGHTS))
                    for limit in (None, 1.0)
                    for table in (TABLE, [TABLE[:3], TABLE[3:]])
                ),
                *(
                    tf.nn.safe_embedding_lookup_sparse(
                        *(TABLE, lacking([1, 4, -1, 2]), lacking([0.125, -2, 9, 1.5]), combiner),
                        default_id=default,
                    )
                    for default in (None, 3)
                ),
            ],
            [
                *(
                    np.stack([combined(*part, combiner, limit) for part in parts])
                    for parts in (parted(np.ones(5)), parted(WEIGHTS))
                    for limit in (None, 1.0)
                    for _ in range(2)
                ),
                # A negative weight counts in a sum alone, an id of -1 in none.
                *(
                    np.stack(
                        [
                            TABLE[1] / 8 - 2 * TABLE[4] if combiner == "sum" else TABLE[1],
                            nothing,
                            TABLE[2] * (1.5 if combiner == "sum" else 1),
                        ]
                    )
                    for nothing in (0 * TABLE[3], TABLE[3])
                ),
            ],
        )
        for combiner in ("sum", "mean", "sqrtn")
    },
    # Of the first row no weight counts: nothing is divided by nothing.
    "lookup_of_no_weight": (
        lambda: [
            tf.nn.embedding_lookup_sparse(
                TABLE, sparse([1, 4, 5, 2, 2]), sparse([0.0, 0, 3, 1.5, 0.25]), combiner
            )
            for combiner in ("mean", "sqrtn")
        ],
        [
            np.stack([0 * TABLE[0], TABLE[5], 1.75 * TABLE[2] / count])
            for count in (1.75, np.hypot(1.5, 0.25))
        ],
    ),
    "hits": (
        lambda: sampled(tf.nn.sampled_softmax_loss, [TABLE], remove_accidental_hits=True),
        -(WANTED * log_softmax(np.where(HIT, -1e9, LOGITS), 1)).sum(1),
    ),
    # How often each class comes among four that are drawn, of nine or of four.
    "single_samplers": (
        lambda: [
            part
            for draw, options in (
                (tf.random.uniform_candidate_sampler, {"range_max": 9}),
                (tf.random.log_uniform_candidate_sampler, {"range_max": 9}),
                (
                    tf.random.fixed_unigram_candidate_sampler,
                    {"range_max": 4, "unigrams": [1, 2, 3, 4], "distortion": 0.5},
                ),
            )
            for part in _expected(*draw([[1, 3]], 2, 4, False, seed=3, **options))
        ],
        [
            *([np.full((1, 2), 4 / 9), True]),
            *([4 * np.log([[3 / 2, 5 / 4]]) / np.log(10), True]),
            *([4 * np.sqrt([[2, 4]]) / np.sqrt([1, 2, 3, 4]).sum(), True]),
        ],
    ),
}


def _expected(drawn: tf.Tensor, true: tf.Tensor, told: tf.Tensor) -> list[Any]:
    """Return what the labels are told, and whether one of them that is drawn is told the same."""
    same = [tf.reduce_all(told[drawn == label] == true[0, i]) for i, label in enumerate((1, 3))]
    return [true, tf.reduce_all(same)]
