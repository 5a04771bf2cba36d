"""Training in a model's own way: steps of its own, types, states from elsewhere, compiled anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, metrics, optimizers

_random = np.random.default_rng(73)
INPUTS = _random.standard_normal((7, 3)).astype("float32")
TARGETS = _random.standard_normal((7, 1)).astype("float32")
START = _random.standard_normal((3, 1)).astype("float32")
BATCHES = (slice(3), slice(3, 6), slice(6, 7))
RATE = 0.125


def residuals(kernel: np.ndarray, rows: slice = slice(None)) -> np.ndarray:
    """Return how far outputs are from their targets."""
    return np.asarray(INPUTS[rows] @ kernel - TARGETS[rows])


def descent(kernel: np.ndarray, rows: slice = slice(None)) -> np.ndarray:
    """Return a kernel after a step on some rows."""
    return np.asarray(
        kernel - RATE * 2 * INPUTS[rows].T @ residuals(kernel, rows) / len(INPUTS[rows])
    )


class Twice(metrics.Mean):
    """A mean that is told in two ways."""

    def result(self) -> dict[str, Any]:
        """Return both."""
        return {"mean": super().result(), "twice": 2 * super().result()}


class Own(keras.Model):
    """Trains and tests by steps of its own, and tells what they say, or what a metric says."""

    def __init__(self, told: str) -> None:
        super().__init__()
        self.told, self.layer = told, layers.Dense(1, use_bias=False)
        self.mean = Twice(name="seen")

    @property
    def metrics(self) -> Sequence[keras.Metric]:
        """What is begun anew for each epoch."""
        return [self.mean]

    def call(self, inputs: Any) -> Any:
        """Return a linear map."""
        return self.layer(inputs)

    def tell(self, loss: Any) -> dict[str, Any]:
        """Return what is told of a batch."""
        self.mean.update_state(loss)
        return {"own": loss} if self.told == "own" else self.get_metrics_result()

    def train_step(self, data: Any) -> dict[str, Any]:
        """Take a step."""
        inputs, targets, _ = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((self(inputs) - targets) ** 2)
        slopes = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(slopes, self.trainable_variables, strict=True))
        return self.tell(loss)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Return the loss of a batch."""
        inputs, targets, _ = keras.utils.unpack_x_y_sample_weight(data)
        return self.tell(tf.reduce_mean((self(inputs) - targets) ** 2))


@pytest.mark.parametrize("told", ["own", "mean"])
def test_a_step_of_one_s_own_is_told_as_it_is(told: str) -> None:
    """What it says of the last batch, or what a metric says of all batches of an epoch."""
    model = Own(told)
    model(INPUTS)
    model.set_weights([START])
    model.compile(optimizers.SGD(RATE), run_eagerly=True)
    options = {"validation_data": (INPUTS, TARGETS), "shuffle": False, "verbose": 0}
    found = model.fit(INPUTS, TARGETS, 3, epochs=2, **options).history
    kernel, expected = START, {told: [], f"val_{told}": []}
    of = (lambda each: each[-1]) if told == "own" else np.mean
    for _ in range(2):
        seen = []
        for rows in BATCHES:
            seen.append((residuals(kernel, rows) ** 2).mean())
            kernel = descent(kernel, rows)
        expected[told].append(of(seen))
        after = [(residuals(kernel, rows) ** 2).mean() for rows in BATCHES]
        expected[f"val_{told}"].append(of(after))
    if told == "mean":
        pairs = {"twice": "mean", "val_twice": "val_mean"}.items()
        expected |= {twice: [2 * value for value in expected[once]] for twice, once in pairs}
    assert set(found) == set(expected)
    assert set(model.get_metrics_result()) == {"mean", "twice"}
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-5, err_msg=name)
    np.testing.assert_allclose(model.get_weights()[0], kernel, rtol=1e-5)


def linear(policy: str = "float32", **options: Any) -> keras.Model:
    """Return a linear map with a penalty, not compiled."""
    layer = layers.Dense(1, use_bias=False, dtype=policy, **options)
    model = keras.Sequential([keras.Input((3,)), layer])
    model.set_weights([START])
    return model


def test_a_training_goes_on_as_it_was_compiled() -> None:
    """By a model's configuration for it, and its optimizer's state."""
    one = linear()
    one.compile(optimizers.Adam(RATE), "mse", metrics=["mae"], loss_weights=0.5, run_eagerly=True)
    one.train_on_batch(INPUTS, TARGETS)
    other = linear()
    other.compile_from_config(one.get_compile_config())
    assert len(other.optimizer.variables) == len(one.optimizer.variables)
    for new, old in zip(other.optimizer.variables, one.optimizer.variables, strict=True):
        new.assign(old)
    other.set_weights(one.get_weights())
    for _ in range(2):
        found = [model.train_on_batch(INPUTS, TARGETS, return_dict=True) for model in (one, other)]
        assert found[0] == found[1]
    np.testing.assert_array_equal(other.get_weights()[0], one.get_weights()[0])


def test_a_loss_is_asked_for_with_other_weights() -> None:
    """And leaves those of the model, and its metrics, as they are."""
    model = linear(kernel_regularizer=keras.regularizers.L2(0.25))
    model.compile(optimizers.SGD(RATE), "mse", run_eagerly=True)
    model.train_on_batch(INPUTS, TARGETS)
    kept = model.get_weights()[0]
    state = [variable.numpy() for variable in model.metrics_variables]
    loss, (_, _, counted) = model.stateless_compute_loss(
        *([tf.constant(START + 1)], [], [tf.constant(value + 2) for value in state]),
        x=INPUTS,
        y=TARGETS,
        y_pred=INPUTS @ START,
    )
    expected = (residuals(START) ** 2).mean() + 0.25 * ((START + 1) ** 2).sum()
    np.testing.assert_allclose(loss, expected, rtol=1e-5)
    np.testing.assert_allclose(counted, np.add(state, 2), rtol=1e-6)
    np.testing.assert_array_equal(model.get_weights()[0], kept)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("scaled", [True, False])
def test_a_model_of_16_bits_is_trained_in_32(policy: str, *, scaled: bool) -> None:
    """Its loss is scaled where float16 would lose slopes, unless that is not wanted."""
    before = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy(policy)
        model = linear(policy)
    finally:
        keras.config.set_dtype_policy(before)
    # Slopes of an eighth of each number are a 64th, and times the scale no more than float16 has.
    model.compile(optimizers.SGD(64 * RATE), "mse", run_eagerly=True, auto_scale_loss=scaled)
    inner = getattr(model.optimizer, "inner_optimizer", None)
    assert (inner is not None) == (scaled and policy == "mixed_float16")
    told = [64 * model.train_on_batch(INPUTS / 8, TARGETS / 8) for _ in range(2)]
    digits = 4e-3 if policy == "mixed_float16" else 3e-2
    once = descent(START)
    np.testing.assert_allclose(model.get_weights()[0], descent(once), rtol=digits, atol=digits)
    expected = [(residuals(kernel) ** 2).mean() for kernel in (START, once)]
    np.testing.assert_allclose(told, expected, rtol=digits)
    assert model.get_weights()[0].dtype == "float32"
    if inner is not None:
        assert float(model.optimizer.dynamic_scale) == 2.0**15


def test_what_is_compiled_anew_is_trained_anew() -> None:
    """By another loss, another rate, and by what is trainable now: in a graph, too."""
    model = linear()
    model.compile(optimizers.SGD(RATE), "mse")
    given = (INPUTS, TARGETS)
    for call in (model.test_on_batch, model.train_on_batch):
        np.testing.assert_allclose(call(*given), (residuals(START) ** 2).mean(), rtol=1e-5)
    kernel = descent(START)
    model.compile(optimizers.SGD(2 * RATE), "mae")
    for call in (model.test_on_batch, model.train_on_batch):
        np.testing.assert_allclose(call(*given), np.abs(residuals(kernel)).mean(), rtol=1e-5)
    kernel = kernel - 2 * RATE * INPUTS.T @ np.sign(residuals(kernel)) / len(INPUTS)
    np.testing.assert_allclose(model.get_weights()[0], kernel, rtol=1e-4, atol=1e-6)


def test_a_batch_may_have_several_parts() -> None:
    """None of which is a target."""
    one, other = keras.Input((3,)), keras.Input((3,))
    model = keras.Model([one, other], layers.Subtract()([one, other]))
    parts = [INPUTS, 3 * INPUTS]
    np.testing.assert_allclose(model.predict_on_batch(parts), -2 * INPUTS, rtol=1e-6)
    np.testing.assert_allclose(model.predict(parts, 3, verbose=0), -2 * INPUTS, rtol=1e-6)


@pytest.mark.filterwarnings("ignore:Your input ran out of data:UserWarning")
def test_a_batch_may_have_no_target() -> None:
    """Where a penalty is all the loss."""
    model = linear(kernel_regularizer=keras.regularizers.L2(0.25))
    model.compile(optimizers.SGD(RATE), run_eagerly=True)
    model.fit(((INPUTS[rows], None) for rows in BATCHES), shuffle=False, verbose=0)
    np.testing.assert_allclose(model.get_weights()[0], START * (1 - RATE * 0.5) ** 3, rtol=1e-5)
