"""Keras's losses of each sample, in NumPy; `LOSSES` has a row for each, with its options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from keras import losses
from scipy.special import log_softmax, logsumexp, softmax

from gradients.values import data
from gradients.values.data import Pair

TINY = 1e-7
Reference = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Row:
    """A loss, its value of each sample, and what it is called with.

    `wrong` is the value that Keras is known to give instead.
    """

    make: Callable[..., keras.Loss]
    reference: Reference
    pair: Pair
    wrong: Reference | None = None


def entropy(targets: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """Return the entropy of targets relative to probabilities, which are kept off 0 and 1."""
    return -np.sum(targets * np.log(np.clip(outputs, TINY, 1 - TINY)), axis=-1)


def binary(targets: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """Return the same of each number, as the probability of one of two."""
    kept = np.clip(outputs, TINY, 1 - TINY)
    return -(targets * np.log(kept) + (1 - targets) * np.log(1 - kept))


def binary_logits(targets: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """Return the same of logits."""
    return np.logaddexp(0, logits) - targets * logits


def smooth(targets: np.ndarray, part: float) -> np.ndarray:
    """Return targets of which every class has a part."""
    return (1 - part) * targets + part / targets.shape[-1]


def focal(targets: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """Return the binary entropy, less where the output is near (Lin)."""
    near = targets * outputs + (1 - targets) * (1 - outputs)
    return (1 - near) ** 3 * binary(targets, outputs)


def cosine(targets: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """Return the cosine of the angle between rows; that with nothing is 0."""
    lengths = np.linalg.norm(targets, axis=-1) * np.linalg.norm(outputs, axis=-1)
    return np.sum(targets * outputs, axis=-1) / np.maximum(lengths, TINY)


def divergence(targets: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """Return the divergence of Kullback and Leibler, of targets that are kept off 0."""
    kept = np.maximum(targets, TINY)
    return np.sum(kept * np.log(kept / outputs), axis=-1)


def huber(targets: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """Return half the square up to 2.5, a straight line from there."""
    error = np.abs(targets - outputs)
    return np.where(error <= 2.5, error**2 / 2, 2.5 * (error - 2.5 / 2)).mean(-1)


def logarithms(targets: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """Return the square of the difference of logarithms, from 0 on."""
    return ((np.log1p(np.maximum(targets, TINY)) - np.log1p(np.maximum(outputs, TINY))) ** 2).mean(
        -1
    )


def categorical_hinge(targets: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """Return by how much the best wrong class is not one below the right one."""
    wrong = np.where(targets == 1, 0.0, outputs).max(-1)
    return np.maximum(0, 1 + wrong - (targets * outputs).sum(-1))


def overlap(targets: np.ndarray, outputs: np.ndarray, missed: float, false: float) -> np.ndarray:
    """Return one less the index of Tversky; with halves it is that of Dice."""
    both = (targets * outputs).sum(-1)
    only = (targets * (1 - outputs)).sum(-1) * missed + ((1 - targets) * outputs).sum(-1) * false
    return 1 - both / (both + only + TINY)


def dice(targets: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """Return one less twice what is common, as a part of both."""
    return 1 - 2 * (targets * outputs).sum(-1) / (targets.sum(-1) + outputs.sum(-1) + TINY)


def circle(labels: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Return the circle loss (Sun), with a margin of 0.25 and a scale of 8, of cosines."""
    cosines, same = vectors @ vectors.T, labels[:, None] == labels
    other = same & ~np.eye(len(labels), dtype=bool)
    positive = -8 * np.maximum(1.25 - cosines, 0) * (cosines - 0.75)
    negative = 8 * np.maximum(cosines + 0.25, 0) * (cosines - 0.25)
    pulled = logsumexp(np.where(other, positive, -np.inf), axis=1)
    return np.logaddexp(0, pulled + logsumexp(np.where(same, -np.inf, negative), axis=1))


def _pick(classes: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.take_along_axis(values, classes[:, None].astype(int), -1)[:, 0]


LOSSES = {
    "MeanSquaredError": Row(
        losses.MeanSquaredError, lambda t, p: ((t - p) ** 2).mean(-1), data.REAL
    ),
    "MeanAbsoluteError": Row(
        losses.MeanAbsoluteError, lambda t, p: np.abs(t - p).mean(-1), data.FAR
    ),
    "MeanAbsolutePercentageError": Row(
        losses.MeanAbsolutePercentageError,
        lambda t, p: 100 * np.abs((t - p) / np.maximum(np.abs(t), TINY)).mean(-1),
        data.GAPS,
    ),
    "MeanSquaredLogarithmicError": Row(
        losses.MeanSquaredLogarithmicError, logarithms, data.POSITIVE
    ),
    "MeanSquaredLogarithmicError_below": Row(
        losses.MeanSquaredLogarithmicError, logarithms, data.REAL
    ),
    "CosineSimilarity": Row(losses.CosineSimilarity, lambda t, p: -cosine(t, p), data.GAPS),
    "Huber": Row(lambda **o: losses.Huber(2.5, **o), huber, data.FAR),
    "LogCosh": Row(
        losses.LogCosh,
        lambda t, p: (np.logaddexp(t - p, p - t) - np.log(2)).mean(-1),
        data.FAR,
        # Its logarithm of 2 is float32's.
        wrong=lambda t, p: (np.logaddexp(t - p, p - t) - np.float32(np.log(2))).mean(-1),
    ),
    "KLDivergence": Row(losses.KLDivergence, divergence, data.DISTRIBUTIONS),
    "KLDivergence_certain": Row(losses.KLDivergence, divergence, data.ONE_HOT),
    "Poisson": Row(losses.Poisson, lambda t, p: (p - t * np.log(p + TINY)).mean(-1), data.POSITIVE),
    "Hinge": Row(losses.Hinge, lambda t, p: np.maximum(0, 1 - t * p).mean(-1), data.SIGNS),
    "Hinge_bits": Row(
        losses.Hinge,
        lambda t, p: np.maximum(0, 1 - (2 * t - 1) * p).mean(-1),
        data.BINARY_LOGITS,
    ),
    "Hinge_real": Row(losses.Hinge, lambda t, p: np.maximum(0, 1 - t * p).mean(-1), data.REAL),
    "SquaredHinge": Row(
        losses.SquaredHinge, lambda t, p: (np.maximum(0, 1 - t * p) ** 2).mean(-1), data.SIGNS
    ),
    "SquaredHinge_real": Row(
        losses.SquaredHinge, lambda t, p: (np.maximum(0, 1 - t * p) ** 2).mean(-1), data.REAL
    ),
    "CategoricalHinge": Row(losses.CategoricalHinge, categorical_hinge, data.ONE_HOT_LOGITS),
    "CategoricalCrossentropy": Row(losses.CategoricalCrossentropy, entropy, data.ONE_HOT),
    "CategoricalCrossentropy_soft": Row(
        losses.CategoricalCrossentropy, entropy, data.DISTRIBUTIONS
    ),
    "CategoricalCrossentropy_smooth": Row(
        lambda **o: losses.CategoricalCrossentropy(label_smoothing=0.25, **o),
        lambda t, p: entropy(smooth(t, 0.25), p),
        data.ONE_HOT,
    ),
    "CategoricalCrossentropy_logits": Row(
        lambda **o: losses.CategoricalCrossentropy(from_logits=True, **o),
        lambda t, x: -(t * log_softmax(x, axis=-1)).sum(-1),
        data.SOFT_LOGITS,
    ),
    "SparseCategoricalCrossentropy": Row(
        losses.SparseCategoricalCrossentropy, lambda t, p: -np.log(_pick(t, p)), data.SPARSE
    ),
    "SparseCategoricalCrossentropy_logits": Row(
        lambda **o: losses.SparseCategoricalCrossentropy(from_logits=True, **o),
        lambda t, x: -_pick(t, log_softmax(x, axis=-1)),
        data.SPARSE_LOGITS,
    ),
    "CategoricalFocalCrossentropy": Row(
        lambda **o: losses.CategoricalFocalCrossentropy(alpha=0.4, gamma=3.0, **o),
        lambda t, p: (0.4 * (1 - p) ** 3 * t * -np.log(p)).sum(-1),
        data.ONE_HOT,
    ),
    "CategoricalFocalCrossentropy_logits": Row(
        lambda **o: losses.CategoricalFocalCrossentropy(
            alpha=0.4, gamma=3.0, from_logits=True, label_smoothing=0.25, **o
        ),
        lambda t, x: (0.4 * (1 - softmax(x, -1)) ** 3 * smooth(t, 0.25) * -log_softmax(x, -1)).sum(
            -1
        ),
        data.ONE_HOT_LOGITS,
    ),
    "CategoricalGeneralizedCrossEntropy": Row(
        lambda **o: losses.CategoricalGeneralizedCrossEntropy(q=0.7, **o),
        lambda t, p: (1 - _pick(t, p) ** 0.7) / 0.7,
        data.SPARSE,
    ),
    "BinaryCrossentropy": Row(
        losses.BinaryCrossentropy, lambda t, p: binary(t, p).mean(-1), data.BINARY
    ),
    "BinaryCrossentropy_soft": Row(
        losses.BinaryCrossentropy, lambda t, p: binary(t, p).mean(-1), data.SHARES
    ),
    "BinaryCrossentropy_certain": Row(
        losses.BinaryCrossentropy, lambda t, p: binary(t, p).mean(-1), data.CERTAIN
    ),
    "BinaryCrossentropy_smooth": Row(
        lambda **o: losses.BinaryCrossentropy(label_smoothing=0.25, **o),
        lambda t, p: binary(0.75 * t + 0.125, p).mean(-1),
        data.BINARY,
    ),
    "BinaryCrossentropy_logits": Row(
        lambda **o: losses.BinaryCrossentropy(from_logits=True, **o),
        lambda t, x: binary_logits(t, x).mean(-1),
        data.SHARES_LOGITS,
    ),
    "BinaryCrossentropy_huge": Row(
        lambda **o: losses.BinaryCrossentropy(from_logits=True, **o),
        lambda t, x: binary_logits(t, x).mean(-1),
        data.HUGE,
    ),
    "BinaryFocalCrossentropy": Row(
        lambda **o: losses.BinaryFocalCrossentropy(gamma=3.0, **o),
        lambda t, p: focal(t, p).mean(-1),
        data.SHARES,
    ),
    "BinaryFocalCrossentropy_balanced": Row(
        lambda **o: losses.BinaryFocalCrossentropy(True, alpha=0.3, gamma=3.0, **o),
        lambda t, p: ((0.3 * t + 0.7 * (1 - t)) * focal(t, p)).mean(-1),
        data.SHARES,
    ),
    "Dice": Row(lambda **o: losses.Dice(axis=-1, **o), dice, data.BINARY),
    "Tversky": Row(
        lambda **o: losses.Tversky(alpha=0.3, beta=0.6, axis=-1, **o),
        lambda t, p: overlap(t, p, 0.3, 0.6),
        data.BINARY,
    ),
    "Circle": Row(lambda **o: losses.Circle(gamma=8, margin=0.25, **o), circle, data.EMBEDDINGS),
}
