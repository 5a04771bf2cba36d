"""Keras's metrics against NumPy, SciPy and scikit-learn, over two batches, weighted or not."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import metrics

from gradients.values import data
from gradients.values.metrics import METRICS
from gradients.values.scope import classes

#: Where the first batch ends: not in the middle, so that a mean of means shows.
FIRST = 3
#: Those that take values, not targets and outputs; tested below.
OF_VALUES = {metrics.Mean, metrics.Sum, metrics.MeanMetricWrapper}


def test_every_metric_has_a_row() -> None:
    """A metric that a release of Keras brings has to be looked at."""
    covered = {type(row.make()) for row in METRICS.values()} | OF_VALUES
    assert classes(metrics, keras.Metric) - covered == set()


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("name", METRICS)
def test_metric_is_its_formula(name: str, *, weighted: bool) -> None:
    """After two batches, and again after it was reset."""
    row = METRICS[name]
    targets, outputs = row.pair
    weights = row.weights if weighted else np.ones(len(targets))
    metric = row.make(dtype="float64")
    expected = row.reference(targets, outputs, weights)
    for _ in range(2):
        for part in (slice(FIRST), slice(FIRST, None)):
            given = weights[part] if weighted else None
            metric.update_state(targets[part], outputs[part], sample_weight=given)
        np.testing.assert_allclose(metric.result(), expected, rtol=row.tolerance, atol=1e-13)
        metric.reset_state()


@pytest.mark.parametrize("weights", [None, data.WEIGHTS], ids=["plain", "weighted"])
def test_mean_and_sum_of_values(weights: np.ndarray | None) -> None:
    """A row of values counts by its mean in the one, by its sum in the other."""
    values = data.REAL[0]
    mean, total = metrics.Mean(dtype="float64"), metrics.Sum(dtype="float64")
    for part in (slice(FIRST), slice(FIRST, None)):
        for metric in (mean, total):
            given = None if weights is None else weights[part]
            metric.update_state(values[part], sample_weight=given)
    counts = np.ones(data.ROWS) if weights is None else weights
    expected = np.average(values.mean(-1), weights=counts)
    np.testing.assert_allclose(mean.result(), expected, rtol=1e-12)
    np.testing.assert_allclose(total.result(), np.sum(values.T * counts), rtol=1e-12)


def test_r2_counts_its_regressors() -> None:
    """The adjusted coefficient; Keras counts numbers, not samples."""
    metric = metrics.R2Score(num_regressors=2, dtype="float64")
    targets, outputs = (part[:, :1] for part in data.REAL)
    metric.update_state(targets, outputs)
    residual = np.sum((targets - outputs) ** 2) / np.sum((targets - targets.mean()) ** 2)
    expected = 1 - residual * (data.ROWS - 1) / (data.ROWS - 2 - 1)
    np.testing.assert_allclose(metric.result(), expected, rtol=1e-6)
