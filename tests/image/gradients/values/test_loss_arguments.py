"""Losses of more axes, of whole numbers, of one reference or another, at their edges."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from keras import losses
from scipy.special import logsumexp

from gradients.values import data
from gradients.values.losses import LOSSES, entropy, smooth

_random = np.random.default_rng(98)
#: Those that are not of a sample each.
TOGETHER = {"Circle"}
#: Those whose targets are whole numbers.
WHOLE = [
    name
    for name, row in LOSSES.items()
    if name not in TOGETHER and (row.pair[0] == row.pair[0].astype(int)).all()
]


def each(row: Any, targets: Any, outputs: Any) -> np.ndarray:
    """Return the loss of each sample."""
    return np.asarray(row.make(reduction="none", dtype="float64")(targets, outputs))


@pytest.mark.parametrize("name", sorted(set(LOSSES) - TOGETHER))
def test_a_loss_is_of_each_sample_of_a_block(name: str) -> None:
    """As of the same samples in a row."""
    row = LOSSES[name]
    targets, outputs = (part.reshape(2, 4, *part.shape[1:]) for part in row.pair)
    found = each(row, targets, outputs)
    np.testing.assert_allclose(found, each(row, *row.pair).reshape(2, 4), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", sorted(set(LOSSES) - TOGETHER))
def test_targets_may_be_of_another_type(name: str) -> None:
    """Whole numbers, or fewer digits; called as a function, too, whose outputs decide the type."""
    row = LOSSES[name]
    targets, outputs = row.pair
    small, kind = ("int8", "int32") if name in WHOLE else ("float32", "float32")
    targets = targets.astype(small).astype("float64")
    expected = each(row, targets, outputs)
    np.testing.assert_allclose(each(row, targets.astype(small), outputs), expected, rtol=1e-12)
    made: Any = row.make(dtype="float64")
    found = made.fn(tf.constant(targets, kind), tf.constant(outputs), **made._fn_kwargs)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert found.dtype == tf.float64
    single = tf.constant(outputs, tf.float32)
    found = made.fn(tf.constant(targets, tf.float64), single, **made._fn_kwargs)
    assert found.dtype == tf.float32


LABELS = np.array([0, 1, 2, 0, 1, 1])
VECTORS = _random.standard_normal((6, 3))
VECTORS /= np.linalg.norm(VECTORS, axis=1, keepdims=True)
OTHERS = np.array([1, 0, 2, 2])
AROUND = VECTORS[[2, 5, 1, 0]]


@pytest.mark.parametrize("alone", [True, False], ids=["without itself", "with itself"])
@pytest.mark.parametrize("reference", ["itself", "others", "a column", "long"])
def test_a_circle_is_drawn_around_a_reference(reference: str, *, alone: bool) -> None:
    """Of those in a group, all or all but those in the same place."""
    labels, vectors = (LABELS, VECTORS) if reference == "itself" else (OTHERS, AROUND)
    if reference == "long":
        vectors = 2 * vectors
    given: dict[str, Any] = {"gamma": 4.0, "margin": 0.25, "remove_diagonal": alone}
    if reference != "itself":
        given |= {"ref_labels": labels, "ref_embeddings": vectors}
    # Of vectors that are longer than 1 no two are nearer than in one place.
    cosines, same = np.minimum(VECTORS @ vectors.T, 1), LABELS[:, None] == labels
    pulled = same & ~np.eye(*same.shape, dtype=bool) if alone else same
    positive = -4 * np.maximum(1.25 - cosines, 0) * (cosines - 0.75)
    negative = 4 * np.maximum(cosines + 0.25, 0) * (cosines - 0.25)
    some = pulled.any(1)
    expected = np.zeros(len(LABELS))
    expected[some] = np.logaddexp(
        0,
        logsumexp(np.where(pulled, positive, -np.inf)[some], axis=1)
        + logsumexp(np.where(same, -np.inf, negative)[some], axis=1),
    )
    asked = LABELS[:, None] if reference == "a column" else LABELS
    np.testing.assert_allclose(losses.circle(asked, VECTORS, **given), expected, rtol=1e-6)


def test_smooth_targets_have_a_part_of_each_class_along_any_axis() -> None:
    """Keras takes the size of the last axis for the number of classes."""
    targets, outputs = (np.repeat(part.T[None], 2, 0) for part in data.ONE_HOT)
    right = entropy(smooth(data.ONE_HOT[0], 0.25), data.ONE_HOT[1])
    found = losses.categorical_crossentropy(targets, outputs, label_smoothing=0.25, axis=1)
    wrong = entropy(0.75 * data.ONE_HOT[0] + 0.25 / data.ROWS, data.ONE_HOT[1])
    assert np.abs(found[0] - right).max() > 1e-2, "no longer wrong: remove the record"
    np.testing.assert_allclose(found, [wrong, wrong], rtol=1e-6)
    focal = losses.categorical_focal_crossentropy(
        targets, outputs, gamma=0.0, alpha=1.0, label_smoothing=0.25, axis=1
    )
    np.testing.assert_allclose(focal, [wrong, wrong], rtol=1e-6)
    pytest.xfail(
        "Keras smooths targets by the size of their last axis, not of that of classes: #23451"
    )


def test_nothing_overlaps_nothing_wholly() -> None:
    """Where neither targets nor outputs are there the loss is 1, and no division by 0."""
    nothing = np.zeros((2, 3))
    for kind in (losses.dice, losses.tversky):
        np.testing.assert_array_equal(kind(nothing, nothing, axis=-1), [1, 1])


def test_a_count_of_0_has_a_loss() -> None:
    """Its logarithm is held off infinity, whatever was counted."""
    found = losses.poisson(np.array([[2.0, 0.0]]), np.array([[0.0, 0.0]]))
    np.testing.assert_allclose(found, [-np.log(1e-7)], rtol=1e-6)
