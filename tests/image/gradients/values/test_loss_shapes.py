"""Losses of sequences, along other axes, of targets and weights with an axis less or more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import losses
from scipy.special import expit, log_softmax, softmax

from gradients.values.losses import binary, circle, entropy, overlap
from gradients.values.test_losses import REDUCTIONS

_random = np.random.default_rng(24)
SAMPLES, TIMES, CLASSES = 4, 6, 3
LOGITS = 2 * _random.standard_normal((SAMPLES, TIMES, CLASSES))
REAL = _random.standard_normal(LOGITS.shape)
LABELS = _random.integers(0, CLASSES, (SAMPLES, TIMES))
ONE_HOT = np.eye(CLASSES)[LABELS]
BITS = (REAL > 0.2).astype(float)
PART = _random.random((SAMPLES, TIMES)) < 0.6
SHOWN = LABELS != 1


def picked(logits: np.ndarray) -> np.ndarray:
    """Return the loss of the class that is right, at each time."""
    return -np.take_along_axis(log_softmax(logits, -1), LABELS[..., None], -1)[..., 0]


def turned(values: np.ndarray) -> np.ndarray:
    """Put classes where times are, and times last."""
    return values.swapaxes(1, 2)


Maker = Callable[..., keras.Loss]
#: By name: a loss, its targets and outputs, and what it is at each time.
ROWS: dict[str, tuple[Maker, np.ndarray, np.ndarray, np.ndarray]] = {
    "squares": (losses.MeanSquaredError, REAL, LOGITS, ((REAL - LOGITS) ** 2).mean(-1)),
    "binary": (
        losses.BinaryCrossentropy,
        BITS,
        expit(LOGITS),
        binary(BITS, expit(LOGITS)).mean(-1),
    ),
    "binary_axis": (
        lambda **o: losses.BinaryCrossentropy(axis=1, **o),
        turned(BITS),
        turned(expit(LOGITS)),
        binary(BITS, expit(LOGITS)).mean(-1),
    ),
    "focal_axis": (
        lambda **o: losses.BinaryFocalCrossentropy(gamma=0.0, axis=1, **o),
        turned(BITS),
        turned(expit(LOGITS)),
        binary(BITS, expit(LOGITS)).mean(-1),
    ),
    "focal_smooth": (
        lambda **o: losses.BinaryFocalCrossentropy(gamma=0.0, label_smoothing=0.25, **o),
        BITS,
        expit(LOGITS),
        binary(0.75 * BITS + 0.125, expit(LOGITS)).mean(-1),
    ),
    "categorical": (
        losses.CategoricalCrossentropy,
        ONE_HOT,
        softmax(LOGITS, -1),
        entropy(ONE_HOT, softmax(LOGITS, -1)),
    ),
    "categorical_axis": (
        lambda **o: losses.CategoricalCrossentropy(axis=1, **o),
        turned(ONE_HOT),
        turned(softmax(LOGITS, -1)),
        picked(LOGITS),
    ),
    "categorical_focal_axis": (
        lambda **o: losses.CategoricalFocalCrossentropy(
            alpha=0.5, gamma=0.0, axis=1, from_logits=True, **o
        ),
        turned(ONE_HOT),
        turned(LOGITS),
        0.5 * picked(LOGITS),
    ),
    "categorical_unscaled": (
        losses.CategoricalCrossentropy,
        ONE_HOT,
        3 * softmax(LOGITS, -1),
        entropy(ONE_HOT, softmax(LOGITS, -1)),
    ),
    "sparse": (
        lambda **o: losses.SparseCategoricalCrossentropy(from_logits=True, **o),
        LABELS,
        LOGITS,
        picked(LOGITS),
    ),
    "sparse_column": (
        lambda **o: losses.SparseCategoricalCrossentropy(from_logits=True, axis=2, **o),
        LABELS[..., None],
        LOGITS,
        picked(LOGITS),
    ),
    "cosine_axis": (
        lambda **o: losses.CosineSimilarity(axis=1, **o),
        turned(REAL),
        turned(LOGITS),
        -(REAL * LOGITS).sum(-1)
        / (np.linalg.norm(REAL, axis=-1) * np.linalg.norm(LOGITS, axis=-1)),
    ),
    "tversky_axis": (
        lambda **o: losses.Tversky(alpha=0.3, beta=0.6, axis=1, **o),
        turned(BITS),
        turned(expit(LOGITS)),
        overlap(BITS, expit(LOGITS), 0.3, 0.6),
    ),
    "dice_axis": (
        lambda **o: losses.Dice(axis=1, **o),
        turned(BITS),
        turned(expit(LOGITS)),
        overlap(BITS, expit(LOGITS), 0.5, 0.5),
    ),
}
#: How weights may be given: of samples, of times, of each, with an axis more.
WEIGHTS: dict[str, np.ndarray] = {
    "sample": _random.uniform(0.3, 3, (SAMPLES, 1)),
    "time": _random.uniform(0.3, 3, (SAMPLES, TIMES)),
    "more": _random.uniform(0.3, 3, (SAMPLES, TIMES, 1)),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_loss_is_of_each_time(name: str) -> None:
    make, targets, outputs, expected = ROWS[name]
    found = make(reduction="none", dtype="float64")(targets, outputs)
    tolerance = 1e-6 if name == "dice_axis" else 1e-12
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=1e-13)


@pytest.mark.parametrize("masked", [False, True], ids=["all", "masked"])
@pytest.mark.parametrize("kind", WEIGHTS)
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_times_count_as_they_are_weighted(reduction: str, kind: str, *, masked: bool) -> None:
    """A mean is of all times, or of those that the mask shows; a weighted one by their weights."""
    values, weights = ((REAL - LOGITS) ** 2).mean(-1), WEIGHTS[kind]
    outputs = keras.ops.convert_to_tensor(LOGITS)
    if masked:
        outputs._keras_mask = keras.ops.convert_to_tensor(PART)
    loss = losses.MeanSquaredError(reduction=reduction, dtype="float64")
    found = np.asarray(loss(REAL, outputs, sample_weight=weights))
    seen = PART if masked else np.ones_like(PART)
    each = np.broadcast_to(weights.reshape(SAMPLES, -1), seen.shape) * seen
    # Without a mask Keras divides by the sum of the weights as they were given.
    counts = each.sum() if masked else weights.sum()
    divisor = {"none": 1.0, "sum": 1.0, "mean_with_sample_weight": counts}.get(
        reduction, seen.sum()
    )
    expected = each * values if reduction == "none" else (each * values).sum()
    np.testing.assert_allclose(found, expected / divisor, rtol=1e-12)


@pytest.mark.parametrize("loss", [losses.MeanSquaredError, losses.MeanAbsoluteError, losses.Hinge])
@pytest.mark.parametrize("kind", ["targets", "outputs", "weights"])
def test_a_column_is_as_good_as_a_row(kind: str, loss: Maker) -> None:
    """Of one number a sample: an axis of size one is none."""
    targets, outputs, weights = REAL[:, 0, 0], LOGITS[:, 0, 0], WEIGHTS["sample"][:, 0]
    values = {
        losses.MeanSquaredError: (targets - outputs) ** 2,
        losses.MeanAbsoluteError: np.abs(targets - outputs),
        losses.Hinge: np.maximum(0, 1 - targets * outputs),
    }
    expected = np.mean(weights * values[loss])
    if kind == "weights":
        weights = weights[:, None]
    if kind != "outputs":
        outputs = outputs[:, None]
    if kind != "targets":
        targets = targets[:, None]
    found = loss(dtype="float64")(targets, outputs, sample_weight=weights)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("logits", [False, True], ids=["probabilities", "logits"])
@pytest.mark.parametrize("column", [False, True], ids=["row", "column"])
def test_an_ignored_class_counts_nothing_at_any_time(*, logits: bool, column: bool) -> None:
    """Its loss is 0, and a mean is of the others."""
    outputs = LOGITS if logits else softmax(LOGITS, -1)
    targets = LABELS[..., None] if column else LABELS
    options: dict[str, Any] = {"ignore_class": 1, "from_logits": logits, "dtype": "float64"}
    options["axis"] = 2 if column else -1
    expected = np.where(SHOWN, picked(LOGITS), 0)
    each = losses.SparseCategoricalCrossentropy(reduction="none", **options)(targets, outputs)
    np.testing.assert_allclose(each, expected, rtol=1e-12, atol=1e-13)
    whole = losses.SparseCategoricalCrossentropy(**options)(targets, outputs)
    np.testing.assert_allclose(whole, expected.sum() / SHOWN.sum(), rtol=1e-12)


def test_a_mask_of_outputs_and_one_of_a_loss_hide_together() -> None:
    outputs = keras.ops.convert_to_tensor(LOGITS)
    outputs._keras_mask = keras.ops.convert_to_tensor(PART)
    loss = losses.SparseCategoricalCrossentropy(ignore_class=1, from_logits=True, dtype="float64")
    seen = PART & SHOWN
    np.testing.assert_allclose(loss(LABELS, outputs), picked(LOGITS)[seen].mean(), rtol=1e-12)


def test_a_label_that_nobody_shares_counts_nothing() -> None:
    """There is nothing to pull it to: the mean of the circle loss is that of the others."""
    labels = np.array([0, 1, 0, 1, 2])
    vectors = REAL[0, :5] / np.linalg.norm(REAL[0, :5], axis=-1, keepdims=True)
    values = circle(labels, vectors)
    found = losses.Circle(gamma=8, margin=0.25, dtype="float64")(labels, vectors)
    assert values[4] == 0
    np.testing.assert_allclose(found, values[:4].mean(), rtol=1e-12)
