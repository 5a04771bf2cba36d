"""Metrics of what is above a threshold, each option beside each other.

Targets of seven labels, half of them true in each; some scores are equal.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import metrics
from sklearn.metrics import fbeta_score

from gradients.values.counted import areas, best, counted, highest, rates, unions
from gradients.values.saved import restored

_random = np.random.default_rng(93)
ROWS, LABELS = 8, 7
TARGETS = np.stack([_random.permutation([0.0, 1] * 4) for _ in range(LABELS)], 1)
SCORES = (_random.permutation(ROWS * LABELS).reshape(ROWS, LABELS) + 0.5) / (ROWS * LABELS)
WEIGHTS = _random.uniform(0.3, 3, ROWS)
EVEN = np.ones(ROWS)
SINGLE = 3e-6


def told(metric: keras.Metric, weights: np.ndarray, scores: np.ndarray = SCORES) -> np.ndarray:
    """Return what a metric says."""
    metric.update_state(TARGETS, scores, sample_weight=None if weights is EVEN else weights)
    return np.asarray(metric.result())


#: Of thresholds, highest scores and classes all together; of more thresholds each second.
PARTS = [
    (name, *options)
    for number, options in enumerate(
        product((None, [0.2, 0.7], [0.0, 0.5, 1.0]), (None, 5), (None, 1))
    )
    for name in (
        ("Precision", "Recall")
        if options[0] is None
        else ("Precision",)
        if (number + number // 4) % 2
        else ("Recall",)
    )
]


@pytest.mark.parametrize(("name", "thresholds", "top_k", "class_id"), PARTS)
def test_a_part_is_of_the_chosen(name: str, thresholds: Any, top_k: Any, class_id: Any) -> None:
    """Of all labels or one, of all scores or the highest, above one threshold or several."""
    options = {"thresholds": thresholds, "top_k": top_k, "class_id": class_id}
    weights = EVEN if top_k and class_id else WEIGHTS
    # Without a threshold all of the highest are called true.
    at = thresholds or (0.5 if top_k is None else -1)
    labels = slice(None) if class_id is None else [class_id]
    chosen = highest(SCORES, top_k or LABELS)[:, labels]
    n = counted(TARGETS[:, labels], chosen, weights[:, None], np.atleast_1d(at))
    expected = rates({kind: values.sum(1) for kind, values in n.items()})[name.lower()]
    found = told(getattr(metrics, name)(**options), weights)
    np.testing.assert_allclose(found, np.squeeze(expected), rtol=SINGLE)
    assert found.ndim == np.ndim(at)


PAIRS = {
    "SensitivityAtSpecificity": ("sensitivity", "specificity"),
    "SpecificityAtSensitivity": ("specificity", "sensitivity"),
    "PrecisionAtRecall": ("precision", "recall"),
    "RecallAtPrecision": ("recall", "precision"),
}


@pytest.mark.parametrize("class_id", [None, 1])
@pytest.mark.parametrize("number", [1, 25])
@pytest.mark.parametrize("name", PAIRS)
def test_a_bound_may_be_reached(name: str, number: int, class_id: int | None) -> None:
    """Half of the targets are true, and a rate of a half is enough."""
    metric = getattr(metrics, name)(0.5, num_thresholds=number, class_id=class_id)
    labels = slice(None) if class_id is None else [class_id]
    thresholds = np.linspace(0, 1, number) if number > 1 else [0.5]
    n = counted(TARGETS[:, labels], SCORES[:, labels], EVEN[:, None], thresholds)
    found = rates({kind: values.sum(1) for kind, values in n.items()})
    np.testing.assert_allclose(told(metric, EVEN), best(found, *PAIRS[name], 0.5), rtol=SINGLE)


def test_some_bound_is_only_reached() -> None:
    """Of each metric's rows there is one where a rate above the bound is another."""
    for pair in PAIRS.values():
        far = []
        for label in range(LABELS):
            n = counted(
                TARGETS[:, [label]], SCORES[:, [label]], EVEN[:, None], np.linspace(0, 1, 25)
            )
            found = rates({kind: values.sum(1) for kind, values in n.items()})
            far.append(best(found, *pair, 0.5) - best(found, *pair, 0.5, tie=False))
        assert max(far) > 0.05, pair


UNSORTED = [0.6, 0.15, 0.9, 0.3, 0.45]
BY_LABEL = np.array([0.5, 2.0, 1.0, 0.25, 3.0, 1.5, 0.75])


#: Of curves, ways to add up and what of: every second; each by even and by other thresholds.
AREAS = [
    (*row, number // 8 % 2 == 0)
    for number, row in enumerate(
        product(
            ("ROC", "PR", "PRGAIN"),
            ("interpolation", "minoring", "majoring"),
            ("all", "weighted", "labels", "weighted labels"),
        )
    )
    if (number + number // 4) % 2 == 0
]


@pytest.mark.parametrize(("curve", "way", "of", "even"), AREAS)
def test_an_area_is_that_of_its_curve(curve: str, way: str, of: str, *, even: bool) -> None:
    """Of all labels together or of each, which may count differently; by any thresholds.

    Where these are as far from each other, of logits.
    """
    options: dict[str, Any] = {"num_thresholds": 9} if even else {"thresholds": UNSORTED}
    middle = np.linspace(0, 1, 9)[1:-1] if even else np.sort(UNSORTED)
    thresholds = [-1e-7, *middle, 1 + 1e-7]
    counts = np.broadcast_to(BY_LABEL if "weighted" in of else np.ones(LABELS), (LABELS,))
    if "weighted" in of:
        options["label_weights"] = BY_LABEL.tolist()
    if "labels" in of:
        options |= {"multi_label": True} | ({"num_labels": LABELS} if even else {})
        n = counted(TARGETS, SCORES, WEIGHTS[:, None], thresholds)
        expected = np.average(areas(n, curve, way), weights=counts)
    else:
        n = counted(TARGETS, SCORES, WEIGHTS[:, None] * counts, thresholds)
        n = {kind: values.sum(1, keepdims=True) for kind, values in n.items()}
        expected = areas(n, curve, way)[0]
    metric = restored(metrics.AUC(curve=curve, summation_method=way, from_logits=even, **options))
    scores = np.log(SCORES / (1 - SCORES)) if even else SCORES
    # What was counted before it begins anew is forgotten.
    told(metric, EVEN, scores)
    metric.reset_state()
    np.testing.assert_allclose(told(metric, WEIGHTS, scores), expected, rtol=1e-5)


@pytest.mark.parametrize("even", [True, False], ids=["even", "uneven"])
@pytest.mark.parametrize("curve", ["ROC", "PR"])
def test_a_score_may_be_at_either_end(curve: str, *, even: bool) -> None:
    """What is surely true or surely false is counted as anything between.

    What is beyond them, by even thresholds, as what is at them.
    """
    metric = metrics.AUC(curve=curve, **({"num_thresholds": 9} if even else {"thresholds": [0.4]}))
    beyond = np.round(SCORES * 1.4 - 0.2, 1) + 0.01 * (SCORES > 0.2) * (SCORES < 0.8)
    scores = beyond.clip(0, 1)
    thresholds = [-1e-7, *(np.linspace(0, 1, 9)[1:-1] if even else [0.4]), 1 + 1e-7]
    n = counted(TARGETS, scores, WEIGHTS[:, None], thresholds)
    n = {kind: values.sum(1, keepdims=True) for kind, values in n.items()}
    expected = areas(n, curve, "interpolation")[0]
    given = beyond if even else scores
    np.testing.assert_allclose(told(metric, WEIGHTS, given), expected, rtol=1e-5)
    assert {0.0, 1.0} <= set(scores.ravel())
    if even:
        whole, cut = (metrics.AUC(9, curve, multi_label=True) for _ in range(2))
        np.testing.assert_array_equal(told(whole, WEIGHTS, given), told(cut, WEIGHTS, scores))


#: Every fourth score is the threshold.
AT = np.where(np.arange(ROWS * LABELS).reshape(ROWS, LABELS) % 4, SCORES, 0.5)


@pytest.mark.parametrize(("threshold", "beta"), [(None, 2.0), (0.5, 0.5)])
@pytest.mark.parametrize("average", [None, "micro", "macro", "weighted"])
def test_a_score_of_labels_is_averaged(average: Any, threshold: float | None, beta: float) -> None:
    """Called true is the highest of a row, or what is above the threshold, and not on it.

    Of a row of zeros it is none.
    """
    scores = SCORES * (np.arange(ROWS) != 2)[:, None] if threshold is None else AT
    highest_of = np.maximum(scores.max(1, keepdims=True), 1e-9)
    called = scores >= highest_of if threshold is None else scores > threshold
    expected = fbeta_score(
        TARGETS, called, beta=beta, average=average, sample_weight=WEIGHTS, zero_division=0
    )
    found = told(metrics.FBetaScore(average, beta, threshold), WEIGHTS, scores)
    np.testing.assert_allclose(found, expected, rtol=SINGLE)


_names = _random.integers(0, 4, (2, 6, 2))
HOT = np.eye(4)[_names]
COUNTS = _random.integers(1, 5, (6, 2))
#: By name: the metric, what it is given, and the classes that count; and what is not counted.
UNIONS: dict[str, tuple[Any, Any, Any, list[int], int | None]] = {
    f"{kind}{suffix}": (make, *given, classes, ignored)
    for kind, suffix, make, given, classes, ignored in (
        ("IoU", "", lambda **o: metrics.IoU(4, [1, 3], **o), _names, [1, 3], None),
        ("IoU", "_0", lambda **o: metrics.IoU(4, [1, 3], ignore_class=0, **o), _names, [1, 3], 0),
        ("IoU", "_2", lambda **o: metrics.IoU(4, [0, 1], ignore_class=2, **o), _names, [0, 1], 2),
        # Class 4 is never there, and counts nothing.
        ("MeanIoU", "_0", lambda **o: metrics.MeanIoU(5, ignore_class=0, **o), _names, range(4), 0),
        ("OneHotIoU", "", lambda **o: metrics.OneHotIoU(4, [0, 2], **o), HOT, [0, 2], None),
        (
            *("OneHotIoU", "_sparse"),
            lambda **o: metrics.OneHotIoU(4, [0, 2], sparse_y_pred=True, ignore_class=1, **o),
            *((HOT[0], _names[1]), [0, 2], 1),
        ),
        (
            *("OneHotMeanIoU", "_sparse"),
            lambda **o: metrics.OneHotMeanIoU(4, sparse_y_pred=True, **o),
            *((HOT[0], _names[1]), range(4), None),
        ),
        (
            *("MeanIoU", "_places"),
            lambda **o: metrics.MeanIoU(4, sparse_y_true=False, sparse_y_pred=False, **o),
            *(HOT, range(4), None),
        ),
        (
            *("OneHotMeanIoU", "_0"),
            lambda **o: metrics.OneHotMeanIoU(4, ignore_class=0, **o),
            *(HOT, range(4), 0),
        ),
    )
}


@pytest.mark.parametrize("name", UNIONS)
def test_a_union_leaves_out_what_it_is_told(name: str) -> None:
    """Of targets alone, whether they are numbers or have a place for each class."""
    make, targets, guesses, classes, ignored = UNIONS[name]
    seen = np.where(_names[0] == (-1 if ignored is None else ignored), 0, COUNTS)
    expected = unions(*_names, seen, classes)
    metric = make(dtype="float64")
    metric.update_state(targets, guesses, sample_weight=COUNTS)
    np.testing.assert_allclose(metric.result(), expected, rtol=SINGLE)


def test_classes_may_stand_along_another_axis() -> None:
    """They are counted so; Keras then adds up along that axis what has but one."""
    metric = metrics.IoU(4, [1, 2], sparse_y_true=False, sparse_y_pred=False, axis=1)
    metric.update_state(np.moveaxis(HOT[0], -1, 1), np.moveaxis(HOT[1], -1, 1))
    table = np.zeros((4, 4))
    np.add.at(table, tuple(_names.reshape(2, -1)), 1)
    np.testing.assert_array_equal(metric.total_cm, table)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Invalid reduction dimension"):
        metric.result()
    pytest.xfail(
        "Keras's IoU has no result where classes stand along any axis but an end: keras#23667"
    )


@pytest.mark.parametrize("ids", [[0], [1], [0, 1]], ids=str)
def test_a_score_on_the_threshold_is_the_second_class(ids: list[int]) -> None:
    metric = metrics.BinaryIoU(ids, threshold=0.5)
    metric.update_state(TARGETS, AT)
    expected = unions(TARGETS, AT >= 0.5, np.ones_like(AT), ids)
    np.testing.assert_allclose(metric.result(), expected, rtol=SINGLE)
