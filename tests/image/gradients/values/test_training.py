"""What `fit` does beside the gradient: weights of samples and classes, penalties, masks, means.

One step of descent on a linear model, whose gradient is written out, decides most.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import constraints, layers, optimizers, regularizers

from gradients.values.recurrent import MASK

_random = np.random.default_rng(11)
INPUTS = _random.standard_normal((6, 3))
START = _random.uniform(0.3, 1.2, (3, 1)) * [[1], [-1], [1]]
TARGETS = np.array([[1], [0], [1], [1], [0], [1]])
WEIGHTS = _random.uniform(0.3, 2, 6)
LARGE = _random.standard_normal((600, 3)) * [[0.06, 0.085, 0.12]]
CLASSES = {0: 0.5, 1: 3.0}
RATE = 0.125

Gradient = Callable[[np.ndarray], np.ndarray]


def gradient(kernel: np.ndarray, counts: np.ndarray | float = 1.0) -> np.ndarray:
    """Return that of the mean of squares, each as often as it counts."""
    residuals = np.reshape(counts, (-1, 1)) * (INPUTS @ kernel - TARGETS)
    return 2 * INPUTS.T @ residuals / len(INPUTS)


def model(optimizer: keras.Optimizer | None = None, **options: Any) -> keras.Model:
    """Return a linear model at `START`.

    In float32: Keras adds no penalty in float64 to a loss.
    """
    made = keras.Sequential([keras.Input((3,)), layers.Dense(1, use_bias=False, **options)])
    made.set_weights([START])
    made.compile(optimizer or optimizers.SGD(RATE), "mse", run_eagerly=True)
    return made


#: By name: the layer's options, `fit`'s, and the gradient that must come of them. A penalty
#: computes when it is made, and nothing may while a module is imported.
STEPS: dict[str, tuple[Callable[[], dict[str, Any]], dict[str, Any], Gradient]] = {
    "plain": (dict, {}, gradient),
    "sample_weight": (dict, {"sample_weight": WEIGHTS}, lambda k: gradient(k, WEIGHTS)),
    "class_weight": (
        dict,
        {"class_weight": CLASSES},
        lambda k: gradient(k, np.where(TARGETS[:, 0] == 1, 3.0, 0.5)),
    ),
    "l1": (
        lambda: {"kernel_regularizer": regularizers.L1(0.25)},
        {"sample_weight": WEIGHTS},
        lambda k: gradient(k, WEIGHTS) + 0.25 * np.sign(k),
    ),
    "l2": (
        lambda: {"kernel_regularizer": regularizers.L2(0.25)},
        {},
        lambda k: gradient(k) + 0.5 * k,
    ),
    "l1_l2": (
        lambda: {"kernel_regularizer": regularizers.L1L2(0.25, 0.125)},
        {},
        lambda k: gradient(k) + 0.25 * np.sign(k) + 0.25 * k,
    ),
    "activity": (
        lambda: {"activity_regularizer": regularizers.L2(0.25)},
        {},
        lambda k: gradient(k) + 0.5 * INPUTS.T @ (INPUTS @ k) / len(INPUTS),
    ),
}


@pytest.mark.parametrize("name", STEPS)
def test_fit_steps_along_its_gradient(name: str) -> None:
    """One epoch of one batch; a layer's own penalty shows in a batch alone, which costs less."""
    options, fit, expected = STEPS[name]
    trained = model(**options())
    if options is dict:
        trained.fit(INPUTS, TARGETS, batch_size=6, verbose=0, **fit)
    else:
        trained.train_on_batch(INPUTS, TARGETS, **fit)
    found = trained.get_weights()[0]
    np.testing.assert_allclose(found, START - RATE * expected(START), rtol=1e-5)


#: By name: a penalty, and what it is of a matrix.
PENALTIES: dict[str, tuple[Callable[[], keras.Regularizer], Callable[[np.ndarray], float]]] = {
    "L1": (lambda: regularizers.L1(0.25), lambda w: 0.25 * np.abs(w).sum()),
    "L2": (lambda: regularizers.L2(0.25), lambda w: 0.25 * (w**2).sum()),
    "L1L2": (
        lambda: regularizers.L1L2(0.25, 0.5),
        lambda w: 0.25 * np.abs(w).sum() + 0.5 * (w**2).sum(),
    ),
    "rows": (
        lambda: regularizers.OrthogonalRegularizer(0.5, "rows"),
        lambda w: 0.5 * np.mean(np.abs(_cosines(w))[np.triu_indices(len(w), 1)]),
    ),
    "columns": (
        lambda: regularizers.OrthogonalRegularizer(0.5, "columns"),
        lambda w: 0.5 * np.mean(np.abs(_cosines(w.T))[np.triu_indices(w.shape[1], 1)]),
    ),
}


def _cosines(rows: np.ndarray) -> np.ndarray:
    """Return the cosine of each two rows."""
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit @ unit.T


@pytest.mark.parametrize("name", PENALTIES)
def test_penalty_is_its_formula(name: str) -> None:
    make, reference = PENALTIES[name]
    found = make()(tf.constant(LARGE, "float32"))
    np.testing.assert_allclose(found, reference(LARGE), rtol=2e-6)


def _norms(w: np.ndarray) -> np.ndarray:
    return np.linalg.norm(w, axis=0, keepdims=True)


CONSTRAINTS: dict[str, tuple[keras.Constraint, Callable[[np.ndarray], np.ndarray]]] = {
    "MaxNorm": (constraints.MaxNorm(1.5), lambda w: w * np.minimum(1, 1.5 / _norms(w))),
    "UnitNorm": (constraints.UnitNorm(), lambda w: w / _norms(w)),
    "NonNeg": (constraints.NonNeg(), lambda w: np.maximum(w, 0)),
    "MinMaxNorm": (
        constraints.MinMaxNorm(2.0, 2.5, rate=0.75),
        lambda w: w * (0.75 * np.clip(_norms(w), 2, 2.5) / _norms(w) + 0.25),
    ),
}


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_constraint_is_its_formula(name: str) -> None:
    """Of a matrix, and of weights after a step."""
    constraint, reference = CONSTRAINTS[name]
    np.testing.assert_allclose(constraint(tf.constant(LARGE)), reference(LARGE), rtol=1e-6)
    trained = model(kernel_constraint=constraint)
    trained.train_on_batch(INPUTS, TARGETS)
    expected = reference(START - RATE * gradient(START))
    np.testing.assert_allclose(trained.get_weights()[0], expected, rtol=1e-5)


@pytest.mark.parametrize("masked", [False, True], ids=["all", "masked"])
def test_batch_normalization_moves_its_statistics(*, masked: bool) -> None:
    """In training alone, by the batch's mean and its variance, of what the mask shows."""
    inputs = _random.standard_normal((2, 5, 3))
    layer = layers.BatchNormalization(momentum=0.75, epsilon=0.25, dtype="float64")
    layer.build(inputs.shape)
    before = [np.array([0.5, -1, 2]), np.array([0.5, 1, 2])]
    layer.moving_mean.assign(before[0])
    layer.moving_variance.assign(before[1])
    mask = MASK if masked else None
    layer(inputs, training=False, mask=mask)
    np.testing.assert_array_equal(layer.moving_mean, before[0])
    layer(inputs, training=True, mask=mask)
    seen = inputs[MASK] if masked else inputs.reshape(-1, 3)
    np.testing.assert_allclose(layer.moving_mean, 0.75 * before[0] + 0.25 * seen.mean(0), rtol=1e-6)
    np.testing.assert_allclose(
        layer.moving_variance, 0.75 * before[1] + 0.25 * seen.var(0), rtol=1e-6
    )


def test_a_frozen_batch_normalization_stays() -> None:
    """It normalizes by what it has, in training too, and neither that nor its weights move."""
    layer = layers.BatchNormalization(epsilon=0.25, dtype="float64")
    layer.build((None, 3))
    values = [np.array(row, float) for row in ([2, 3, 4], [1, 0, -1], [0.5, 1, 2], [1, 2, 3])]
    layer.set_weights(values)
    layer.trainable = False
    found = layer(INPUTS, training=True)
    gamma, beta, mean, variance = values
    expected = gamma * (INPUTS - mean) / np.sqrt(variance + 0.25) + beta
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    for now, value in zip(layer.get_weights(), values, strict=True):
        np.testing.assert_array_equal(now, value)
    assert not layer.trainable_variables


def test_a_mask_reaches_the_loss() -> None:
    """What `Masking` hides is left out of an LSTM and of the loss of its outputs."""
    inputs = _random.standard_normal((2, 5, 3)).astype("float32")
    inputs[~MASK] = 0
    given = keras.Input((5, 3))
    hidden = layers.LSTM(1, return_sequences=True)(layers.Masking()(given))
    network = keras.Model(given, hidden)
    network.compile(loss="mse", run_eagerly=True)
    targets = np.ones((2, 5, 1), "float32")
    outputs = network(inputs).numpy()
    expected = np.mean((outputs[MASK] - 1) ** 2)
    found = network.evaluate(inputs, targets, verbose=0)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    np.testing.assert_array_equal(outputs[1, 0], 0)
    np.testing.assert_array_equal(outputs[1, 2], outputs[1, 1])


def test_a_masked_key_is_not_attended_to() -> None:
    """It changes nothing; a masked query gives 0; in either kind of attention."""
    query, value = _random.standard_normal((2, 5, 4)), _random.standard_normal((2, 5, 4))
    other = np.where(MASK[..., None], value, 9.0)
    layer = layers.Attention(dtype="float64")
    first, second = (layer([query, one], mask=[MASK, MASK]).numpy() for one in (value, other))
    np.testing.assert_array_equal(first, second)
    assert (first[~MASK] == 0).all()
    assert (first[MASK] != 0).all()
    multi = layers.MultiHeadAttention(2, 4, dtype="float64")
    shown = np.broadcast_to(MASK[:, None], (2, 5, 5))
    first, second = (multi(query, one, attention_mask=shown).numpy() for one in (value, other))
    np.testing.assert_allclose(first, second, rtol=1e-12)
    free = [multi(query, one).numpy() for one in (value, other)]
    assert np.abs(free[0] - free[1]).max() > 1e-3


def test_a_masked_step_is_left_out_of_a_mean() -> None:
    inputs = _random.standard_normal((2, 5, 3))
    found = layers.GlobalAveragePooling1D(dtype="float64")(inputs, mask=MASK)
    expected = [row[shown].mean(0) for row, shown in zip(inputs, MASK, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_weights_are_averaged_as_they_move() -> None:
    """The mean starts at the first weights that a step gives; `fit` leaves it at its end."""
    trained = model(optimizers.SGD(RATE, use_ema=True, ema_momentum=0.75))
    kernel, mean = START, None
    for _ in range(4):
        kernel = kernel - RATE * gradient(kernel)
        mean = kernel if mean is None else 0.75 * mean + 0.25 * kernel
    trained.fit(INPUTS, TARGETS, batch_size=6, epochs=4, verbose=0)
    np.testing.assert_allclose(trained.get_weights()[0], mean, rtol=1e-5)


def test_the_mean_replaces_the_weights_when_it_is_told_to() -> None:
    """Every second step goes on from the mean."""
    optimizer = optimizers.SGD(RATE, use_ema=True, ema_momentum=0.75, ema_overwrite_frequency=2)
    variable, kernel, mean = keras.Variable(START, dtype="float64"), START, None
    for number in range(1, 7):
        optimizer.apply([tf.constant(gradient(kernel))], [variable])
        kernel = kernel - RATE * gradient(kernel)
        mean = kernel if mean is None else 0.75 * mean + 0.25 * kernel
        kernel = mean if number % 2 == 0 else kernel
        np.testing.assert_allclose(variable.numpy(), kernel, rtol=1e-12, err_msg=str(number))


def test_gradients_are_accumulated_and_averaged() -> None:
    """Adam steps every third time, by their mean, which is clipped and counted as one step."""
    options = {"gradient_accumulation_steps": 3, "clipnorm": 0.5, "weight_decay": 0.0625}
    ours, theirs = optimizers.Adam(RATE, **options), optimizers.Adam(RATE, clipnorm=0.5)
    theirs.weight_decay = 0.0625
    one, other = (keras.Variable(START, dtype="float64") for _ in range(2))
    for number in range(1, 10):
        parts = [_random.standard_normal(START.shape) for _ in range(3)]
        before = one.numpy()
        for part in parts:
            np.testing.assert_array_equal(one.numpy(), before, err_msg=str(number))
            ours.apply([tf.constant(part)], [one])
        theirs.apply([tf.constant(np.mean(parts, axis=0))], [other])
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-12, err_msg=str(number))


@pytest.mark.parametrize("by", ["name", "variable"])
def test_what_is_excluded_does_not_decay(by: str) -> None:
    """Of two variables without a gradient one shrinks, the excluded one stays."""
    optimizer = optimizers.AdamW(RATE, weight_decay=0.5)
    kernel, bias = (
        keras.Variable(START, dtype="float64", name=name) for name in ("kernel", "bias")
    )
    if by == "name":
        optimizer.exclude_from_weight_decay(var_names=["bias"])
    else:
        optimizer.exclude_from_weight_decay(var_list=[bias])
    optimizer.apply([tf.zeros_like(START), tf.zeros_like(START)], [kernel, bias])
    np.testing.assert_array_equal(bias.numpy(), START)
    np.testing.assert_allclose(kernel.numpy(), START * (1 - RATE * 0.5), rtol=1e-12)


def test_the_loss_scale_moves() -> None:
    """It doubles after so many good steps, is halved by a bad one, which is not taken."""
    optimizer = optimizers.LossScaleOptimizer(
        optimizers.SGD(RATE), initial_scale=16.0, dynamic_growth_steps=2
    )
    variable = keras.Variable(START, dtype="float64")
    optimizer.build([variable])
    expected, scales = START, []
    # The bad one comes when a good one has been counted, which then no longer counts.
    for bad in (False, False, False, False, False, True, False, False):
        scale = float(optimizer.dynamic_scale)
        # The scale is of float32, whose numbers a loss of 16 bits has not.
        for loss in (tf.constant(3.0), tf.constant(60000, "float16")):
            assert float(optimizer.scale_loss(loss)) == float(loss) * scale
        step = np.where(bad, np.inf, scale * INPUTS[:3, :1])
        optimizer.apply([tf.constant(step)], [variable])
        expected = expected if bad else expected - RATE * INPUTS[:3, :1]
        np.testing.assert_allclose(variable.numpy(), expected, rtol=1e-12)
        scales.append(float(optimizer.dynamic_scale))
    assert scales == [16, 32, 32, 64, 64, 32, 32, 64]
