"""Losses."""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf

from gradients import gaps
from gradients.case import Case
from gradients.inputs import normal, off_zero, positive, uniform

LABELS, LABEL_LENGTHS, LOGIT_LENGTHS = [[1, 2], [3, 1]], [2, 2], [5, 4]


def ctc(logits: tf.Tensor) -> tf.Tensor:
    """Return the CTC loss of each sequence; class 0 is the blank."""
    return tf.nn.ctc_loss(
        tf.constant(LABELS),
        logits,
        tf.constant(LABEL_LENGTHS),
        tf.constant(LOGIT_LENGTHS),
        blank_index=0,
    )


def ctc_by_recursion(logits: tf.Tensor) -> tf.Tensor:
    """Return the same loss by Graves's forward recursion over the labels with blanks between."""
    chances = tf.nn.log_softmax(logits)
    return tf.stack(
        [
            _ctc_of_one(chances[:length, index], labels)
            for index, (labels, length) in enumerate(zip(LABELS, LOGIT_LENGTHS, strict=True))
        ]
    )


def _ctc_of_one(chances: tf.Tensor, labels: list[int]) -> tf.Tensor:
    """Return minus the logarithm of the sum over all alignments: [time, classes] -> scalar."""
    states = [0]
    for label in labels:
        states += [label, 0]
    never = tf.constant(-1e30, chances.dtype)
    alphas = [chances[0, 0], chances[0, states[1]], *([never] * (len(states) - 2))]
    for now in range(1, chances.shape[0]):
        before = alphas
        alphas = []
        for place, state in enumerate(states):
            ways = before[max(place - 1, 0) : place + 1]
            if place >= 2 and state != 0 and state != states[place - 2]:
                ways = [before[place - 2], *ways]
            alphas.append(tf.reduce_logsumexp(tf.stack(ways)) + chances[now, state])
    return -tf.reduce_logsumexp(tf.stack(alphas[-2:]))


def sampled(loss: Callable[..., tf.Tensor]) -> Callable[..., tf.Tensor]:
    """Return a loss over sampled classes, with samples that are given, not drawn."""

    def of(x: tf.Tensor, weights: tf.Tensor, biases: tf.Tensor) -> tf.Tensor:
        labels = tf.constant([[1], [2], [0], [7]], tf.int64)
        chosen = tf.constant([1, 4, 6], tf.int64)
        chance = tf.constant(0.1, x.dtype)
        samples = chosen, tf.fill([4, 1], chance), tf.fill([3], chance)
        return loss(weights, biases, labels, x, 3, 8, sampled_values=samples)

    return of


CASES = (
    Case(
        "sparse_softmax_cross_entropy",
        [normal(4, 5)],
        lambda x: tf.nn.sparse_softmax_cross_entropy_with_logits([0, 4, 2, 2], x),
    ),
    Case(
        "softmax_cross_entropy",
        [normal(4, 5), normal(4, 5)],
        lambda x, y: tf.nn.softmax_cross_entropy_with_logits(tf.nn.softmax(y), x),
        known=gaps.LABELS_OF_CROSS_ENTROPY,
    ),
    Case(
        "sigmoid_cross_entropy",
        [normal(4, 5), uniform(0, 1, 4, 5)],
        lambda x, y: tf.nn.sigmoid_cross_entropy_with_logits(y, x),
    ),
    Case(
        "weighted_cross_entropy",
        [normal(4, 5), uniform(0, 1, 4, 5)],
        lambda x, y: tf.nn.weighted_cross_entropy_with_logits(y, x, 2.0),
    ),
    Case(
        "huber",
        [off_zero(4, 5)],
        lambda x: keras.losses.huber(tf.zeros_like(x), x * 1.7, delta=1.0),
    ),
    Case(
        "kl_divergence",
        [positive(3, 4), positive(3, 4)],
        lambda x, y: keras.losses.kl_divergence(tf.nn.softmax(y), tf.nn.softmax(x)),
    ),
    Case("cosine_similarity", [positive(3, 4), normal(3, 4)], keras.losses.cosine_similarity),
    Case(
        "log_poisson", [positive(3, 4), positive(3, 4)], lambda x, y: tf.nn.log_poisson_loss(y, x)
    ),
    Case("log_cosh", [normal(3, 4), normal(3, 4)], keras.losses.log_cosh),
    Case(
        "ctc",
        [normal(5, 2, 4)],
        ctc,
        dtype="float32",
        reference=ctc_by_recursion,
        known=gaps.CTC_CALLED | gaps.CTC_SECOND,
    ),
    Case("l2_loss", [normal(4, 5)], tf.nn.l2_loss),
    Case(
        "sampled_softmax",
        [normal(4, 3), normal(8, 3), normal(8)],
        sampled(tf.nn.sampled_softmax_loss),
        known=gaps.not_compiled("ComputeAccidentalHits"),
    ),
    Case("nce", [normal(4, 3), normal(8, 3), normal(8)], sampled(tf.nn.nce_loss)),
)
