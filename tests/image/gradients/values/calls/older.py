"""The losses of TensorFlow 1, which its estimators and many models use still."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf
from scipy.special import expit, log_softmax

from gradients.values.calls import Rows
from gradients.values.calls.inputs import UNIT, X, Y

_losses = tf.compat.v1.losses
_Reduction = tf.compat.v1.losses.Reduction
FLAGS = (X > 0).astype(float)
CLASSES = np.array([2, 0, 3])
CHOICES = np.eye(4)[CLASSES]
#: A weight for each number, for each row, for all; some of them 0.
WEIGHTS: dict[str, Any] = {
    "each": np.array([[0, 1, 2, 0.5], [3, 0, 0, 1], [1, 2, 0, 0]]),
    "row": np.array([[2.0], [0.0], [0.5]]),
    "all": 1.5,
}


def smoothed(labels: np.ndarray, share: float, even: float) -> np.ndarray:
    """Return labels that are less certain."""
    return labels * (1 - share) + share * even


def _bounded(error: np.ndarray, delta: float) -> np.ndarray:
    """Return Huber's loss."""
    size = np.abs(error)
    return np.where(size <= delta, size**2 / 2, delta * size - delta**2 / 2)


def _entropy(labels: np.ndarray, logits: np.ndarray) -> np.ndarray:
    return -labels * np.log(expit(logits)) - (1 - labels) * np.log(expit(-logits))


#: What each loss is called with beside weights, and of what it is the mean.
LOSSES: dict[str, tuple[Callable[..., Any], np.ndarray]] = {
    "absolute": (partial(_losses.absolute_difference, X, Y), np.abs(X - Y)),
    "squared": (partial(_losses.mean_squared_error, X, Y), (X - Y) ** 2),
    "huber": (partial(_losses.huber_loss, X, Y, delta=0.75), _bounded(X - Y, 0.75)),
    "hinge": (partial(_losses.hinge_loss, FLAGS, Y), np.maximum(0, 1 - (2 * FLAGS - 1) * Y)),
    "log": (
        partial(_losses.log_loss, FLAGS, UNIT, epsilon=0.01),
        -FLAGS * np.log(UNIT + 0.01) - (1 - FLAGS) * np.log(1.01 - UNIT),
    ),
    "sigmoid": (
        partial(_losses.sigmoid_cross_entropy, FLAGS, Y, label_smoothing=0.2),
        _entropy(smoothed(FLAGS, 0.2, 0.5), Y),
    ),
}
#: Those that make one number of a row.
ROWWISE: dict[str, tuple[Callable[..., Any], np.ndarray]] = {
    "cosine": (partial(_losses.cosine_distance, X, Y, axis=1), 1 - (X * Y).sum(1, keepdims=True)),
    "softmax": (
        partial(_losses.softmax_cross_entropy, CHOICES, Y, label_smoothing=0.2),
        -(smoothed(CHOICES, 0.2, 0.25) * log_softmax(Y, 1)).sum(1),
    ),
    "sparse": (
        partial(_losses.sparse_softmax_cross_entropy, CLASSES, Y),
        -log_softmax(Y, 1)[np.arange(3), CLASSES],
    ),
}


def reduced(values: np.ndarray, weights: Any) -> list[np.ndarray]:
    """Return what each reduction makes of losses: all, sum, mean, and by what counts."""
    spread = weights * np.ones_like(values)
    weighted = values * spread
    return [
        *(weighted, weighted.sum(), weighted.sum() / spread.sum()),
        *(weighted.sum() / np.count_nonzero(spread), weighted.sum() / values.size),
    ]


REDUCTIONS = (
    *(_Reduction.NONE, _Reduction.SUM, _Reduction.MEAN),
    *(_Reduction.SUM_BY_NONZERO_WEIGHTS, _Reduction.SUM_OVER_BATCH_SIZE),
)


def _asked(loss: Callable[..., Any], weights: Any) -> list[tf.Tensor]:
    given = weights if isinstance(weights, float) else tf.constant(weights, "float32")
    return [loss(weights=given, reduction=reduction) for reduction in REDUCTIONS]


def pairwise(weights: np.ndarray) -> np.ndarray:
    """Return the mean square, over the pairs in a row, of what their errors differ by."""
    errors = Y - X
    each = errors[:, :, None] - errors[:, None]
    pairs = errors.shape[1] * (errors.shape[1] - 1)
    return ((each**2).sum((1, 2)) / pairs * weights).sum()


ROWS: Rows = {
    **{
        f"{name}_{kind}": (partial(_asked, loss, weights), reduced(values, weights))
        for name, (loss, values) in LOSSES.items()
        for kind, weights in WEIGHTS.items()
    },
    **{
        f"{name}_{kind}": (
            partial(_asked, loss, weights),
            reduced(values, weights),
        )
        for name, (loss, values) in ROWWISE.items()
        for kind, weights in (("row", WEIGHTS["row"].reshape(values.shape)), ("all", 1.5))
    },
    "pairwise": (
        lambda: [
            _losses.mean_pairwise_squared_error(X, Y, tf.constant(weights, "float32"))
            for weights in ([[2.0], [0.5], [1.0]], [[3.0], [3.0], [3.0]])
        ],
        [pairwise(np.array([2, 0.5, 1])), pairwise(np.array([3, 3, 3]))],
    ),
}
