"""Losses and optimizers at their edges: targets between classes, nothing at all, parts of names."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import losses, optimizers

_random = np.random.default_rng(81)
TARGETS, OUTPUTS = _random.uniform(0.1, 0.9, (2, 4, 3))
RATE = 0.125


def test_targets_of_an_overlap_may_lie_between_its_ends() -> None:
    """Dice's sums are of the targets, not of their squares; and so are Tversky's."""
    both = (TARGETS * OUTPUTS).sum()
    dice = 1 - 2 * both / (TARGETS.sum() + OUTPUTS.sum())
    np.testing.assert_allclose(losses.dice(TARGETS, OUTPUTS), dice, rtol=1e-6)
    # What Keras calls false positives are targets that the outputs lack.
    lacking, false = (TARGETS * (1 - OUTPUTS)).sum(), (OUTPUTS * (1 - TARGETS)).sum()
    tversky = 1 - both / (both + 0.25 * lacking + 2 * false)
    found = losses.tversky(TARGETS, OUTPUTS, alpha=0.25, beta=2.0)
    np.testing.assert_allclose(found, tversky, rtol=1e-6)


def test_a_margin_of_classes_is_at_least_that_of_nothing() -> None:
    """Keras takes the greatest of the other scores and of a 0, where all scores are negative."""
    scores, labels = -1 - OUTPUTS, np.eye(3)[[0, 2, 1, 1]]
    found = losses.categorical_hinge(labels, scores)
    np.testing.assert_allclose(found, 1 - (labels * scores).sum(1), rtol=1e-6)


def test_a_loss_of_nothing_is_0() -> None:
    """Where there are samples, and each has none of another axis; without samples it is nothing."""
    assert float(losses.MeanSquaredError()(np.zeros((2, 0, 3)), np.zeros((2, 0, 3)))) == 0
    assert losses.MeanSquaredError()(np.zeros((0, 3)), np.zeros((0, 3))).shape == (0,)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_a_mean_of_very_many_is_theirs(dtype: str) -> None:
    """Of losses, and of what a metric was given, in any type that holds the numbers."""
    ones, halves = np.ones((4096, 1)), np.full((4096, 1), 0.5)
    assert float(losses.MeanSquaredError(dtype=dtype)(ones, halves)) == 0.25
    assert float(losses.MeanSquaredError(dtype=dtype)(ones, halves, halves)) == 0.125
    metric = keras.metrics.MeanAbsoluteError(dtype=dtype)
    metric.update_state(ones, halves)
    assert float(metric.result()) == 0.5


def test_what_is_no_probability_is_one_of_1() -> None:
    found = losses.kl_divergence(3 * TARGETS, 3 * OUTPUTS)
    targets, outputs = np.minimum(3 * TARGETS, 1), np.minimum(3 * OUTPUTS, 1)
    expected = (targets * np.log(targets / outputs)).sum(-1)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


def test_a_part_of_a_name_excludes_from_decay() -> None:
    held = [keras.Variable(np.ones(2), name=name) for name in ("kernel", "hidden_bias", "scale")]
    optimizer = optimizers.SGD(RATE, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=["bias", "cal"])
    optimizer.apply([keras.ops.zeros(2)] * 3, held)
    expected = [[1 - RATE * 0.5] * 2, [1, 1], [1, 1]]
    np.testing.assert_allclose([variable.numpy() for variable in held], expected, rtol=1e-6)


def test_a_single_number_is_clipped_too() -> None:
    """From above and from below, as each of several is."""
    held = [keras.Variable(0.0), keras.Variable(0.0), keras.Variable(np.zeros(2))]
    optimizers.SGD(RATE, clipvalue=0.5).apply(
        [keras.ops.convert_to_tensor(value) for value in (3.0, -3.0, np.array([3.0, -3.0]))], held
    )
    found = [variable.numpy().tolist() for variable in held]
    assert found == [-RATE / 2, RATE / 2, [-RATE / 2, RATE / 2]]


def test_a_gradient_without_end_is_not_clipped_away() -> None:
    """By their common norm all become NaN: a step that is wrong must show."""
    held = [keras.Variable(np.zeros(2)), keras.Variable(0.0)]
    given = [keras.ops.convert_to_tensor(value, "float32") for value in ([np.inf, 1.0], 1.0)]
    optimizers.SGD(RATE, global_clipnorm=1.0).apply(given, held)
    assert all(np.isnan(variable.numpy()).all() for variable in held)


BLOCK = _random.standard_normal((2, 3, 4))
#: Found beside an attribute's first value, and what it must be.
OTHERS = {
    "normalize along the middle": (
        lambda: keras.ops.normalize(BLOCK, axis=1, order=1),
        BLOCK / np.abs(BLOCK).sum(1, keepdims=True),
    ),
    "normalize nearly nothing": (
        lambda: keras.ops.normalize(1e-9 * BLOCK, axis=1, epsilon=1e-3),
        1e-6 * BLOCK,
    ),
    "trapezoid of places": (
        lambda: keras.ops.trapezoid(BLOCK, x=BLOCK.cumsum(1), axis=1),
        np.trapezoid(BLOCK, x=BLOCK.cumsum(1), axis=1),
    ),
    "average, each by its own": (
        lambda: keras.ops.average(BLOCK, axis=1, weights=BLOCK**2),
        np.average(BLOCK, axis=1, weights=BLOCK**2),
    ),
    "cross in a plane": (
        lambda: keras.ops.cross(BLOCK[0, :, :2], BLOCK[1, :, :2]),
        BLOCK[0, :, 0] * BLOCK[1, :, 1] - BLOCK[0, :, 1] * BLOCK[1, :, 0],
    ),
    "norms of rows": (
        lambda: keras.constraints.MaxNorm(0.5, axis=1)(BLOCK[0]),
        BLOCK[0] * np.minimum(1, 0.5 / np.linalg.norm(BLOCK[0], axis=1, keepdims=True)),
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_value_is_another_number(name: str) -> None:
    call, expected = OTHERS[name]
    np.testing.assert_allclose(call(), expected, rtol=1e-6, atol=1e-9)


def test_statistics_of_batches_are_those_of_all() -> None:
    """Of unlike size, whose means differ."""
    values = np.concatenate([BLOCK[0], 3 + BLOCK[1], BLOCK[0] ** 2]).astype("float32")
    layer = keras.layers.Normalization()
    layer.adapt([values[:2], values[2:7], values[7:]])
    expected = (values - values.mean(0)) / values.std(0)
    np.testing.assert_allclose(layer(values), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("order", [0, 1])
def test_what_is_mirrored_beyond_its_end_is_not_there(order: int) -> None:
    """The place after the last is looked up as itself."""
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"does not index into param shape"):
        keras.ops.image.map_coordinates(np.arange(3.0), np.array([[3.0]]), order, "mirror")
    found = keras.ops.image.map_coordinates(np.arange(3.0), np.array([[-1.0]]), order, "mirror")
    np.testing.assert_array_equal(found, [1.0])
    pytest.xfail("Keras's map_coordinates raises for what it should mirror")


def test_what_is_not_dense_becomes_an_array() -> None:
    """Rows that are there twice are added; what a row lacks is 0."""
    rows = tf.IndexedSlices(tf.constant(BLOCK[0]), tf.constant([3, 0, 3]), tf.constant([5, 4]))
    expected = np.zeros((5, 4))
    np.add.at(expected, [3, 0, 3], BLOCK[0])
    np.testing.assert_allclose(keras.ops.convert_to_numpy(rows), expected, rtol=1e-12)
    sparse = tf.sparse.from_dense(expected)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(sparse), expected, rtol=1e-12)
    ragged = tf.ragged.constant([[1.0], [2.0, 3.0]])
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(ragged), [[1, 0], [2, 3]])
