"""Losses by candidates that are drawn, and lookups in tables of several parts."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from scipy.special import log_softmax

from gradients.values.calls import Rows
from gradients.values.calls.inputs import IDS, TABLE, Y
from gradients.values.calls.nn import entropy, sparse, within

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
LABELS = np.array([[0, 4], [2, 3], [5, 0]])
TOLD, DRAWN = _random.uniform(0.2, 0.8, (3, 2)), np.array([0.3, 0.6])
LOGITS, WANTED = candidates(LABELS, number=2)


def _sampled(loss: Any, parts: list[np.ndarray], **options: Any) -> tf.Tensor:
    values = (tf.constant([1, 3], "int64"), tf.constant(TOLD), tf.constant(DRAWN))
    given = {"labels": tf.constant(LABELS), "inputs": tf.constant(Y[:, :3]), "num_true": 2}
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


#: Of seven rows the first three, two and two: what is left over goes to the first parts.
SEVEN = _random.standard_normal((7, 3))
ROWS: Rows = {
    "nce_several": (
        lambda: _sampled(tf.nn.nce_loss, [TABLE]),
        entropy(WANTED, LOGITS).sum(1),
    ),
    "nce_parts": (
        lambda: _sampled(tf.nn.nce_loss, [TABLE[:3], TABLE[3:]]),
        entropy(WANTED, LOGITS).sum(1),
    ),
    "sampled_softmax_several": (
        lambda: _sampled(
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
}
