"""Metrics that are means, with the options and the ranks that their rows elsewhere do not have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import losses, metrics
from scipy.special import log_softmax
from sklearn.metrics import r2_score

from gradients.values.losses import binary_logits, cosine, smooth
from gradients.values.metrics import concordance, correlation

_random = np.random.default_rng(94)
ROWS, TIMES, CLASSES = 5, 4, 3
FIRST = slice(2), slice(2, None)
LOGITS = 2 * _random.standard_normal((ROWS, TIMES, CLASSES))
REAL = _random.standard_normal(LOGITS.shape)
LABELS = _random.integers(0, CLASSES, (ROWS, TIMES))
HOT = np.eye(CLASSES)[LABELS]
SHARES = np.exp(log_softmax(LOGITS, -1))
BITS = (REAL > 0.2).astype(float)
#: Of three classes the best first; every second score is a threshold.
SORTED = np.argsort(-LOGITS, -1)
AT = np.where(np.arange(LOGITS.size).reshape(LOGITS.shape) % 2, SHARES, 0.5)
RIGHT = SORTED[..., 0] == LABELS
SECOND = RIGHT | (SORTED[..., 1] == LABELS)
PICKED = -np.take_along_axis(log_softmax(LOGITS, -1), LABELS[..., None], -1)[..., 0]


def turned(values: np.ndarray) -> np.ndarray:
    """Put classes where times are, and times last."""
    return values.swapaxes(1, 2)


def along_times(function: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
    """Return what a function of rows makes of the times of each class of each row."""
    targets, outputs = (turned(values).reshape(-1, TIMES) for values in (REAL, LOGITS))
    return function(targets, outputs).reshape(ROWS, CLASSES)


#: By name: a metric, what it is given, and what it is the mean of: a number of each time.
MEANS: dict[str, tuple[Callable[..., keras.Metric], np.ndarray, np.ndarray, np.ndarray]] = {
    "Accuracy": (metrics.Accuracy, LABELS[:, 0], SORTED[:, 0, :1], RIGHT[:, 0]),
    "BinaryAccuracy_column": (
        *(
            metrics.BinaryAccuracy,
            BITS[:, 0, 0],
            AT[:, 0, :1],
            (AT[:, 0, 0] > 0.5) == BITS[:, 0, 0],
        ),
    ),
    "BinaryAccuracy": (metrics.BinaryAccuracy, BITS, AT, (AT > 0.5) == BITS),
    "CategoricalAccuracy": (metrics.CategoricalAccuracy, HOT, LOGITS, RIGHT),
    "SparseCategoricalAccuracy": (metrics.SparseCategoricalAccuracy, LABELS, LOGITS, RIGHT),
    "SparseCategoricalAccuracy_column": (
        *(metrics.SparseCategoricalAccuracy, LABELS[..., None], LOGITS, RIGHT),
    ),
    "SparseCategoricalAccuracy_block": (
        *(metrics.SparseCategoricalAccuracy, LABELS.reshape(ROWS, 2, 2, 1)),
        *(LOGITS.reshape(ROWS, 2, 2, CLASSES), RIGHT),
    ),
    "TopK": (
        lambda **o: metrics.TopKCategoricalAccuracy(2, **o),
        *(HOT, LOGITS.astype("float32"), SECOND),
    ),
    "SparseTopK": (
        lambda **o: metrics.SparseTopKCategoricalAccuracy(2, **o),
        *(LABELS, LOGITS.astype("float32"), SECOND),
    ),
    "SparseTopK_sorted": (
        lambda **o: metrics.SparseTopKCategoricalAccuracy(2, from_sorted_ids=True, **o),
        *(LABELS, SORTED, SECOND),
    ),
    "BinaryCrossentropy": (
        lambda **o: metrics.BinaryCrossentropy(from_logits=True, label_smoothing=0.25, **o),
        *(BITS, LOGITS, binary_logits(0.75 * BITS + 0.125, LOGITS)),
    ),
    "CategoricalCrossentropy": (
        lambda **o: metrics.CategoricalCrossentropy(from_logits=True, label_smoothing=0.25, **o),
        *(HOT, LOGITS, -(smooth(HOT, 0.25) * log_softmax(LOGITS, -1)).sum(-1)),
    ),
    "CategoricalCrossentropy_axis": (
        lambda **o: metrics.CategoricalCrossentropy(axis=1, **o),
        *(turned(HOT), turned(SHARES), PICKED),
    ),
    "CosineSimilarity_axis": (
        lambda **o: metrics.CosineSimilarity(axis=1, **o),
        *(REAL, LOGITS, along_times(cosine)),
    ),
    "PearsonCorrelation_axis": (
        lambda **o: metrics.PearsonCorrelation(axis=1, **o),
        *(REAL, LOGITS, along_times(correlation)),
    ),
    "ConcordanceCorrelation_axis": (
        lambda **o: metrics.ConcordanceCorrelation(axis=1, **o),
        *(REAL, LOGITS, along_times(concordance)),
    ),
}
WEIGHTS = _random.uniform(0.3, 3, ROWS)
#: Of the first batch one time in eight is hidden, of the second more.
SHOWN = np.ones((ROWS, TIMES), bool)
SHOWN[0, 1] = SHOWN[2, 1:] = SHOWN[3, :2] = False


@pytest.mark.parametrize("name", ["pearson_correlation", "concordance_correlation"])
def test_a_correlation_is_of_the_axis_that_is_named(name: str) -> None:
    """The mean of a metric does not tell which axis its numbers were of."""
    expected = along_times(concordance if name.startswith("c") else correlation)
    found = getattr(metrics, name)(REAL, LOGITS, axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("name", MEANS)
def test_a_mean_is_of_all_times(name: str) -> None:
    """Each row counts as it is weighted."""
    make, targets, outputs, values = MEANS[name]
    metric = make(dtype="float64")
    metric.update_state(targets, outputs, sample_weight=WEIGHTS)
    expected = np.average(values.reshape(ROWS, -1).mean(1), weights=WEIGHTS)
    np.testing.assert_allclose(metric.result(), expected, rtol=1e-12)


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("name", ["SparseCategoricalAccuracy", "MeanSquaredError"])
def test_what_is_hidden_is_left_out_of_a_mean(name: str, *, weighted: bool) -> None:
    """By the mask of the outputs; of batches of which unlike parts are hidden, by times."""
    metric = getattr(metrics, name)(dtype="float64")
    targets = LABELS if name.startswith("Sparse") else REAL
    values = RIGHT if name.startswith("Sparse") else ((REAL - LOGITS) ** 2).mean(-1)
    weights = _random.uniform(0.3, 3, SHOWN.shape) if weighted else np.ones(SHOWN.shape)
    total = count = 0.0
    for part in FIRST:
        outputs = keras.ops.convert_to_tensor(LOGITS[part])
        outputs._keras_mask = keras.ops.convert_to_tensor(SHOWN[part])
        given = weights[part] if weighted else None
        metric.update_state(targets[part], outputs, sample_weight=given)
        counts = weights[part] * SHOWN[part]
        # Keras takes means of rows, of values and of weights, and their sums.
        total += (values[part] * counts).mean(1).sum()
        count += counts.mean(1).sum()
    np.testing.assert_allclose(metric.result(), total / count, rtol=1e-12)


def test_a_class_is_ignored_by_a_metric() -> None:
    """In a batch with weights; without, Keras's mean is of what has no loss, too."""
    metric = metrics.SparseCategoricalCrossentropy(
        ignore_class=1, from_logits=True, dtype="float64"
    )
    labels, logits = LABELS[:, 0], LOGITS[:, 0]
    metric.update_state(labels, logits, sample_weight=WEIGHTS)
    expected = np.average(PICKED[:, 0], weights=WEIGHTS * (labels != 1))
    np.testing.assert_allclose(metric.result(), expected, rtol=1e-12)


def test_single_numbers_are_counted_one_by_one() -> None:
    mean = metrics.Mean(dtype="float64")
    for number, weight in ((1.0, None), (2.0, None), (4.0, 3.0)):
        mean.update_state(number, sample_weight=weight)
    np.testing.assert_allclose(mean.result(), (1 + 2 + 12) / 5, rtol=1e-12)


@pytest.mark.parametrize("regressors", [0, 2])
@pytest.mark.parametrize("way", ["uniform_average", "variance_weighted_average", None])
def test_a_share_of_variance_is_of_each_output(way: Any, regressors: int) -> None:
    """One that does not vary has no share, and 0 stands for it."""
    targets, outputs = REAL[:, 0].copy(), REAL[:, 0] + 0.5 * LOGITS[:, 0]
    targets[:, 1] = 2
    metric = metrics.R2Score(way, regressors, dtype="float64")
    for part in FIRST:
        metric.update_state(targets[part], outputs[part], sample_weight=WEIGHTS[part])
    each = r2_score(targets, outputs, sample_weight=WEIGHTS, multioutput="raw_values")
    spread = np.average((targets - np.average(targets, 0, WEIGHTS)) ** 2, 0, WEIGHTS)
    expected = np.array([each[0], 0, each[2]])
    if way:
        expected = np.average(expected, weights=spread if "weighted" in way else None)
    if regressors:
        # Keras counts numbers, not samples.
        expected = 1 - (1 - expected) * (targets.size - 1) / (targets.size - regressors - 1)
    np.testing.assert_allclose(metric.result(), expected, rtol=1e-5)


def test_a_metrics_state_may_be_kept_outside() -> None:
    """It is handed in and out, and the metric's own stays as it is."""
    metric = metrics.MeanSquaredError(dtype="float64")
    metric.update_state(REAL[0], LOGITS[0])
    before = [variable.numpy() for variable in metric.variables]
    state = metric.stateless_reset_state()
    for part in FIRST:
        state = metric.stateless_update_state(state, REAL[part], LOGITS[part])
    expected = ((REAL - LOGITS) ** 2).mean()
    np.testing.assert_allclose(metric.stateless_result(state), expected, rtol=1e-12)
    for variable, kept in zip(metric.variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), kept)


def test_a_metric_may_be_of_any_loss() -> None:
    """With its options; called, it tells what it is by then."""
    metric = metrics.MeanMetricWrapper(losses.huber, dtype="float64", delta=0.5)
    error = np.abs(REAL - LOGITS)
    expected = np.where(error <= 0.5, error**2 / 2, 0.5 * error - 0.125)
    np.testing.assert_allclose(metric(REAL[:2], LOGITS[:2]), expected[:2].mean(), rtol=1e-12)
    np.testing.assert_allclose(metric(REAL[2:], LOGITS[2:]), expected.mean(), rtol=1e-12)
