"""Keras's metrics in NumPy, SciPy and scikit-learn; `METRICS` has a row for each.

A reference takes targets, outputs and weights of everything that a metric was given, at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from keras import metrics
from scipy.stats import pearsonr
from sklearn.metrics import fbeta_score, jaccard_score, r2_score, roc_auc_score

from gradients.values import data, losses
from gradients.values.confusion import THRESHOLDS, Reference, best, counts, interpolated, steps
from gradients.values.data import Pair


@dataclass(frozen=True)
class Row:
    """A metric, its value, and what it is called with; some are kept in float32."""

    make: Callable[..., keras.Metric]
    reference: Reference
    pair: Pair
    tolerance: float = 1e-12

    @property
    def weights(self) -> np.ndarray:
        """What each sample counts."""
        return data.WEIGHTS if len(self.pair[0]) == data.ROWS else data.SCORE_WEIGHTS


def mean(reference: losses.Reference) -> Reference:
    """Return the weighted mean of what each sample gives."""
    return lambda t, p, w: np.average(reference(t, p), weights=w)


def rank(targets: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """Return how many outputs of a row are above that of its class."""
    own = np.take_along_axis(outputs, targets[:, None].astype(int), -1)
    return np.sum(outputs > own, axis=-1)


def union(average: Callable[[np.ndarray], float]) -> Reference:
    """Return what is in both as a part of what is in either, of each class."""
    return lambda t, p, w: average(jaccard_score(t, p, average=None, sample_weight=w))


def f_beta(beta: float, average: str | None) -> Reference:
    """Return the F score of labels that are above a half."""

    def reference(t: np.ndarray, p: np.ndarray, w: np.ndarray) -> np.ndarray:
        return fbeta_score(t, p > 0.5, beta=beta, average=average, sample_weight=w)

    return reference


def concordance(targets: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """Return Lin's coefficient of each row."""
    centred = (targets - targets.mean(-1, keepdims=True)) * outputs
    apart = (targets.mean(-1) - outputs.mean(-1)) ** 2
    return 2 * centred.mean(-1) / (targets.var(-1) + outputs.var(-1) + apart + losses.TINY)


def correlation(targets: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """Return Pearson's coefficient of each row."""
    return np.array([pearsonr(*pair).statistic for pair in zip(targets, outputs, strict=True)])


def _of_loss(name: str, metric: str = "", **options: object) -> Row:
    """Return the row of a metric that is the mean of a loss."""
    loss = losses.LOSSES[name]
    make = getattr(metrics, metric or name.partition("_")[0])
    return Row(lambda **o: make(**options, **o), mean(loss.wrong or loss.reference), loss.pair)


#: Few columns: a share of one that is nearly 0 is known to less.
FEW: Pair = (data.REAL[0][:, :5], data.REAL[1][:, :5])
#: Every second class is the one before, which 8 bits do not tell from 301; that of 0 is 1.
EXACT_CLASSES: Pair = (data.CLASSES.astype(float), np.abs(data.CLASSES - np.arange(8.0) % 2))
TOP: Pair = (data.CLASSES, data.LOGITS.astype("float32"))
TOP_HOT: Pair = (data.ONE_HOT[0], data.LOGITS.astype("float32"))
HOT_GUESSES: Pair = (data.ONE_HOT[0], np.eye(data.COLUMNS)[np.argmax(data.LOGITS, -1)])
AT = {"num_thresholds": THRESHOLDS}
SINGLE = 2e-6

METRICS = {
    "MeanSquaredError": _of_loss("MeanSquaredError"),
    "MeanAbsoluteError": _of_loss("MeanAbsoluteError"),
    "MeanAbsolutePercentageError": _of_loss("MeanAbsolutePercentageError"),
    "MeanSquaredLogarithmicError": _of_loss("MeanSquaredLogarithmicError"),
    "LogCoshError": _of_loss("LogCosh", "LogCoshError"),
    "KLDivergence": _of_loss("KLDivergence"),
    "Poisson": _of_loss("Poisson"),
    "Hinge": _of_loss("Hinge"),
    "SquaredHinge": _of_loss("SquaredHinge"),
    "CategoricalHinge": _of_loss("CategoricalHinge"),
    "BinaryCrossentropy": _of_loss("BinaryCrossentropy_smooth", label_smoothing=0.25),
    "CategoricalCrossentropy": _of_loss("CategoricalCrossentropy_smooth", label_smoothing=0.25),
    "SparseCategoricalCrossentropy": _of_loss(
        "SparseCategoricalCrossentropy_logits", from_logits=True
    ),
    "CosineSimilarity": Row(metrics.CosineSimilarity, mean(losses.cosine), data.REAL),
    "PearsonCorrelation": Row(metrics.PearsonCorrelation, mean(correlation), data.REAL),
    "ConcordanceCorrelation": Row(metrics.ConcordanceCorrelation, mean(concordance), data.REAL),
    "RootMeanSquaredError": Row(
        metrics.RootMeanSquaredError,
        lambda t, p, w: np.sqrt(np.average(((t - p) ** 2).mean(-1), weights=w)),
        data.REAL,
    ),
    "R2Score": Row(
        metrics.R2Score, lambda t, p, w: r2_score(t, p, sample_weight=w), data.REAL, SINGLE
    ),
    "R2Score_weighted": Row(
        lambda **o: metrics.R2Score(class_aggregation="variance_weighted_average", **o),
        lambda t, p, w: r2_score(t, p, sample_weight=w, multioutput="variance_weighted"),
        data.REAL,
        SINGLE,
    ),
    "R2Score_each": Row(
        lambda **o: metrics.R2Score(class_aggregation=None, **o),
        lambda t, p, w: r2_score(t, p, sample_weight=w, multioutput="raw_values"),
        FEW,
        SINGLE,
    ),
    "Accuracy": Row(metrics.Accuracy, mean(np.equal), EXACT_CLASSES),
    "BinaryAccuracy": Row(
        lambda **o: metrics.BinaryAccuracy(threshold=0.3, **o),
        mean(lambda t, p: ((p > 0.3) == t).mean(-1)),
        data.BINARY,
    ),
    "CategoricalAccuracy": Row(
        metrics.CategoricalAccuracy, mean(lambda t, p: rank(t.argmax(-1), p) < 1), TOP_HOT
    ),
    "SparseCategoricalAccuracy": Row(
        metrics.SparseCategoricalAccuracy, mean(lambda t, p: rank(t, p) < 1), TOP
    ),
    "TopKCategoricalAccuracy": Row(
        lambda **o: metrics.TopKCategoricalAccuracy(k=200, **o),
        mean(lambda t, p: rank(t.argmax(-1), p) < 200),
        TOP_HOT,
    ),
    "SparseTopKCategoricalAccuracy": Row(
        lambda **o: metrics.SparseTopKCategoricalAccuracy(k=200, **o),
        mean(lambda t, p: rank(t, p) < 200),
        TOP,
    ),
    "F1Score": Row(
        lambda **o: metrics.F1Score(threshold=0.5, **o), f_beta(1, None), data.BINARY, SINGLE
    ),
    "FBetaScore_macro": Row(
        lambda **o: metrics.FBetaScore("macro", beta=2.0, threshold=0.5, **o),
        f_beta(2, "macro"),
        data.BINARY,
        SINGLE,
    ),
    "FBetaScore_micro": Row(
        lambda **o: metrics.FBetaScore("micro", beta=0.5, threshold=0.5, **o),
        f_beta(0.5, "micro"),
        data.BINARY,
        SINGLE,
    ),
    "FBetaScore_weighted": Row(
        lambda **o: metrics.FBetaScore("weighted", beta=2.0, threshold=0.5, **o),
        f_beta(2, "weighted"),
        data.BINARY,
        SINGLE,
    ),
    "TruePositives": Row(
        metrics.TruePositives, lambda t, p, w: counts(t, p, w)["tp"], data.BINARY, SINGLE
    ),
    "TrueNegatives": Row(
        metrics.TrueNegatives, lambda t, p, w: counts(t, p, w)["tn"], data.BINARY, SINGLE
    ),
    "FalsePositives": Row(
        metrics.FalsePositives, lambda t, p, w: counts(t, p, w)["fp"], data.BINARY, SINGLE
    ),
    "FalseNegatives": Row(
        metrics.FalseNegatives, lambda t, p, w: counts(t, p, w)["fn"], data.BINARY, SINGLE
    ),
    "Precision": Row(
        lambda **o: metrics.Precision(thresholds=0.405, **o),
        lambda t, p, w: (n := counts(t, p, w, 0.405))["tp"] / (n["tp"] + n["fp"]),
        data.SCORES,
        SINGLE,
    ),
    "Recall": Row(
        lambda **o: metrics.Recall(thresholds=0.405, **o),
        lambda t, p, w: (n := counts(t, p, w, 0.405))["tp"] / (n["tp"] + n["fn"]),
        data.SCORES,
        SINGLE,
    ),
    "AUC": Row(
        lambda **o: metrics.AUC(**AT, **o),
        lambda t, p, w: roc_auc_score(t, p, sample_weight=w),
        data.SCORES,
        SINGLE,
    ),
    "AUC_precision": Row(
        lambda **o: metrics.AUC(**AT, curve="PR", **o), interpolated, data.SCORES, SINGLE
    ),
    "AUC_minoring": Row(
        lambda **o: metrics.AUC(**AT, curve="PR", summation_method="minoring", **o),
        steps(np.minimum),
        data.SCORES,
        SINGLE,
    ),
    "AUC_majoring": Row(
        lambda **o: metrics.AUC(**AT, curve="PR", summation_method="majoring", **o),
        steps(np.maximum),
        data.SCORES,
        SINGLE,
    ),
    "SensitivityAtSpecificity": Row(
        lambda **o: metrics.SensitivityAtSpecificity(0.6, **AT, **o),
        best("sensitivity", "specificity", 0.6),
        data.SCORES,
        SINGLE,
    ),
    "SpecificityAtSensitivity": Row(
        lambda **o: metrics.SpecificityAtSensitivity(0.6, **AT, **o),
        best("specificity", "sensitivity", 0.6),
        data.SCORES,
        SINGLE,
    ),
    "PrecisionAtRecall": Row(
        lambda **o: metrics.PrecisionAtRecall(0.6, **AT, **o),
        best("precision", "sensitivity", 0.6),
        data.SCORES,
        SINGLE,
    ),
    "RecallAtPrecision": Row(
        lambda **o: metrics.RecallAtPrecision(0.7, **AT, **o),
        best("sensitivity", "precision", 0.7),
        data.SCORES,
        SINGLE,
    ),
    "IoU": Row(
        lambda **o: metrics.IoU(data.COLUMNS, [0, 2], **o),
        union(lambda each: each[[0, 2]].mean()),
        EXACT_CLASSES,
        SINGLE,
    ),
    "MeanIoU": Row(
        lambda **o: metrics.MeanIoU(data.COLUMNS, **o), union(np.mean), EXACT_CLASSES, SINGLE
    ),
    "OneHotIoU": Row(
        lambda **o: metrics.OneHotIoU(data.COLUMNS, [0, 2], **o),
        lambda t, p, w: union(lambda each: each[[0, 2]].mean())(t.argmax(-1), p.argmax(-1), w),
        HOT_GUESSES,
        SINGLE,
    ),
    "OneHotMeanIoU": Row(
        lambda **o: metrics.OneHotMeanIoU(data.COLUMNS, **o),
        lambda t, p, w: union(np.mean)(t.argmax(-1), p.argmax(-1), w),
        HOT_GUESSES,
        SINGLE,
    ),
    "BinaryIoU": Row(
        lambda **o: metrics.BinaryIoU([0, 1], threshold=0.405, **o),
        lambda t, p, w: union(np.mean)(t, p > 0.405, w),
        data.SCORES,
        SINGLE,
    ),
}
