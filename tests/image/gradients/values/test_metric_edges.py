"""Metrics at their edges: scores that are a threshold, classes out of range, any weights."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import metrics
from sklearn.metrics import fbeta_score

from gradients.tracing import traced

_random = np.random.default_rng(71)
BLOCK = _random.standard_normal((2, 3, 4, 5))
#: Every score is a threshold of five, or of none.
SCORES = np.array([0.0, 0.25, 0.25, 0.5, 0.75, 0.75, 1.0, 0.6])
TRUE = np.array([0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0])


@pytest.mark.parametrize("rank", [1, 2, 3, 4])
def test_a_weight_counts_all_that_it_stands_before(rank: int) -> None:
    """A row of weights is a mean of its own, and so is what it weighs."""
    weights = _random.uniform(0.3, 3, BLOCK.shape[:rank])
    values = BLOCK.mean(tuple(range(rank, 4))) * weights
    below = tuple(range(1, rank))
    mean, total = metrics.Mean(dtype="float64"), metrics.Sum(dtype="float64")
    for metric in (mean, total):
        metric.update_state(BLOCK, sample_weight=weights)
    expected = values.mean(below).sum() / weights.mean(below).sum()
    np.testing.assert_allclose(mean.result(), expected, rtol=1e-12)
    whole = BLOCK * weights.reshape(weights.shape + (1,) * (4 - rank))
    np.testing.assert_allclose(total.result(), whole.sum(), rtol=1e-12)


def test_a_weight_counts_what_it_stands_before_whose_size_nobody_knows() -> None:
    """Of each sample, in a graph: a metric of samples, and one of their parts."""
    weights = np.array([0.5, 3.0])
    spec = [tf.TensorSpec([None] * 4, tf.float64), tf.TensorSpec([None], tf.float64)]
    for metric in (metrics.Mean(dtype="float64"), metrics.Sum(dtype="float64")):
        traced(
            lambda values, given, metric=metric: metric.update_state(values, sample_weight=given),
            input_signature=spec,
        )(BLOCK, weights)
        each = BLOCK.mean((1, 2, 3)) if isinstance(metric, metrics.Mean) else BLOCK.sum((1, 2, 3))
        whole = weights.sum() if isinstance(metric, metrics.Mean) else 1
        np.testing.assert_allclose(metric.result(), each @ weights / whole, rtol=1e-12)


def test_weights_below_0_have_a_mean() -> None:
    """It is 0 where they add up to 0."""
    for weights in ([-0.5, -2.0], [-3.0, 1.0], [-1.0, 1.0]):
        mean = metrics.Mean(dtype="float64")
        mean.update_state([3.0, 5.0], sample_weight=weights)
        whole = sum(weights)
        expected = np.dot([3.0, 5.0], weights) / whole if whole else 0.0
        np.testing.assert_allclose(mean.result(), expected, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["int32", "float32"])
def test_a_sum_begins_again(dtype: str) -> None:
    """Whatever it is a sum of."""
    total = metrics.Sum(dtype=dtype)
    for _ in range(2):
        total.update_state([3, 5])
        assert (int(total.result()), total.result().dtype.name) == (8, dtype)
        total.reset_state()


@pytest.mark.parametrize("even", [True, False], ids=["even", "uneven"])
def test_a_score_that_is_a_threshold_is_not_above_it(*, even: bool) -> None:
    thresholds = [0.0, 0.25, 0.5, 0.75, 1.0] if even else [0.25, 0.75]
    above = np.array(thresholds)[:, None] < SCORES
    counts = {
        metrics.TruePositives: (above * TRUE).sum(1),
        metrics.FalsePositives: (above * (1 - TRUE)).sum(1),
        metrics.TrueNegatives: (~above * (1 - TRUE)).sum(1),
        metrics.FalseNegatives: (~above * TRUE).sum(1),
    }
    for kind, expected in counts.items():
        metric = kind(thresholds=thresholds)
        metric.update_state(TRUE, SCORES)
        np.testing.assert_array_equal(metric.result(), expected)


@pytest.mark.parametrize("curve", ["ROC", "PR", "PRGAIN"])
@pytest.mark.parametrize("way", ["minoring", "majoring"])
def test_an_area_ends_where_nothing_is_called_true(curve: str, way: str) -> None:
    """There precision is 0, and its gain 1; a half is the only threshold between 0 and 1."""
    metric = metrics.AUC(3, curve, way, dtype="float64")
    metric.update_state([1, 1, 1, 0, 0, 0, 0, 1], [0.9, 0.8, 0.7, 0.6, 0.3, 0.2, 0.1, 0.4])
    # All, those above a half, and none: true and false among them.
    true, false = np.array([4.0, 3, 0]), np.array([4.0, 1, 0])
    x, y = {
        "ROC": (false / 4, true / 4),
        "PR": (true / 4, [4 / 8, 3 / 4, 0.0]),
        # Both gains: 1 less the wrong ones for each right one, by how many of each there are.
        "PRGAIN": ([1, 1 - 1 / 3, 0], [1 - 1, 1 - 1 / 3, 1]),
    }[curve]
    pick = np.minimum if way == "minoring" else np.maximum
    expected = -np.diff(x) @ pick(y[:-1], y[1:])
    np.testing.assert_allclose(metric.result(), expected, rtol=1e-6)


def test_a_class_that_is_not_there_is_not_counted() -> None:
    """Neither among targets nor among outputs, whether below or above."""
    targets, outputs = np.array([0, 1, 2, 1, 0, 3, -1, 0]), np.array([0, 1, 2, 3, -1, 0, 1, 1])
    metric = metrics.MeanIoU(3)
    metric.update_state(targets, outputs)
    # Of four pairs three agree: of the first class one in two, of the second one in two.
    np.testing.assert_allclose(metric.result(), (0.5 + 0.5 + 1) / 3, rtol=1e-6)


OUTPUTS = _random.standard_normal((6, 3)) - 4
CHOSEN = np.eye(3)[[0, 1, 2, 2, 1, 0]]


@pytest.mark.parametrize("average", ["micro", "macro"])
def test_the_greatest_is_chosen_where_all_are_negative(average: Any) -> None:
    metric = metrics.FBetaScore(average, 2.0, dtype="float64")
    metric.update_state(CHOSEN, OUTPUTS)
    guesses = np.eye(3)[OUTPUTS.argmax(1)]
    expected = fbeta_score(CHOSEN, guesses, beta=2.0, average=average)
    np.testing.assert_allclose(metric.result(), expected, rtol=1e-6)


@pytest.mark.parametrize("thresholds", [0.5, [0.0, 0.5, 1.0]], ids=["one", "several"])
@pytest.mark.parametrize("kind", [metrics.Precision, metrics.Recall])
def test_a_part_of_nothing_is_0(kind: Any, thresholds: Any) -> None:
    metric = kind(thresholds)
    metric.update_state(0 * TRUE, 0 * SCORES)
    np.testing.assert_array_equal(metric.result(), 0 * np.asarray(thresholds))


class Gathering(metrics.Metric):
    """Five numbers of its own, each less than the one before, and a metric inside."""

    def __init__(self) -> None:
        super().__init__(name="gathering")
        self.own = [self.add_weight((2,), "zeros", name=f"number_{place}") for place in range(5)]
        self.inside = metrics.Sum()

    def update_state(self, values: Any) -> None:
        """Add what is given, and parts of it."""
        for place, one in enumerate(self.own):
            one.assign(one + values * 0.5**place)
        self.inside.update_state(values)

    def result(self) -> Any:
        """Return all of them."""
        return keras.ops.concatenate([*self.own, self.inside.total[None]])


def test_a_metric_is_kept_outside_and_begun_anew() -> None:
    """All of its numbers, and those of the metrics that it has."""
    metric, values = Gathering(), np.array([1.0, 3.0])
    once = np.append(np.outer(0.5 ** np.arange(5), values), 4)
    np.testing.assert_array_equal(metric(values), once)
    outside = metric.stateless_update_state(metric.variables, values)
    np.testing.assert_array_equal(metric.stateless_result(outside), 2 * once)
    np.testing.assert_array_equal(metric.result(), once)
    assert not any(np.any(one) for one in metric.stateless_reset_state())
    metric.reset_state()
    np.testing.assert_array_equal(metric.result(), 0 * once)


@pytest.mark.parametrize("name", ["AUC", "SensitivityAtSpecificity", "PrecisionAtRecall"])
def test_thresholds_are_even_and_reach_beyond_both_ends(name: str) -> None:
    """So that no score is at the first or at the last."""
    kind = getattr(metrics, name)
    metric = kind(num_thresholds=5) if name == "AUC" else kind(0.5, num_thresholds=5)
    found = np.asarray(metric.thresholds, "float64")
    np.testing.assert_allclose(found[1:-1], [0.25, 0.5, 0.75], rtol=1e-12)
    if name == "AUC":
        assert found[0] < 0
        assert found[-1] > 1
    else:
        assert (found[0], found[-1]) == (0, 1)


def test_overlaps_are_counted_further_than_a_float_counts() -> None:
    """One after 2^24 is one more."""
    metric, many = metrics.MeanIoU(2), 2**24
    metric.update_state([0, 1], [0, 0])
    metric.total_cm.assign(many * metric.total_cm)
    metric.update_state([0, 1], [0, 0])
    np.testing.assert_array_equal(metric.total_cm.numpy(), [[many + 1, 0], [many + 1, 0]])
