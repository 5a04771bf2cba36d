"""What `fit`, `evaluate` and `predict` make of batches, several outputs, weights and modes."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, losses, metrics, optimizers
from keras.src.trainers.data_adapters.array_slicing import train_validation_split
from keras.src.trainers.data_adapters.data_adapter_utils import class_weight_to_sample_weights

_random = np.random.default_rng(41)
INPUTS = _random.standard_normal((7, 3)).astype("float32")
KERNELS = _random.uniform(0.3, 1.2, (2, 3, 2)).astype("float32")
TARGETS = _random.standard_normal((2, 7, 2)).astype("float32")
WEIGHTS = _random.uniform(0.3, 2, (2, 7)).astype("float32")
LABELS = np.array([2, 0, 1, 2, 2, 1, 0])
RATE = 0.125


def linear(outputs: int = 2, **options: Any) -> keras.Model:
    """Return a model of a linear map for each output, compiled for descent."""
    inputs = keras.Input((3,))
    made = [layers.Dense(2, use_bias=False, name=name) for name in ("a", "b")[:outputs]]
    whole = {layer.name: layer(inputs) for layer in made}
    model = keras.Model(inputs, whole if outputs > 1 else whole["a"])
    model.set_weights(list(KERNELS[:outputs]))
    kind = dict.fromkeys(whole, "mse") if outputs > 1 else "mse"
    given: dict[str, Any] = {"optimizer": optimizers.SGD(RATE), "loss": kind, "run_eagerly": True}
    model.compile(**given | options)
    return model


def loss(output: int, rows: slice = slice(None), weights: np.ndarray | None = None) -> float:
    """Return the mean of squares of an output, each row as often as it counts."""
    each = ((INPUTS @ KERNELS[output] - TARGETS[output]) ** 2).mean(-1)[rows]
    return float((each * (1 if weights is None else weights[rows])).mean())


def stepped(output: int, factor: float = 1.0, weights: np.ndarray | None = None) -> np.ndarray:
    """Return an output's kernel after a step on all rows."""
    residuals = INPUTS @ KERNELS[output] - TARGETS[output]
    if weights is not None:
        residuals = residuals * weights[:, None]
    return np.asarray(KERNELS[output] - RATE * factor * INPUTS.T @ residuals / len(INPUTS))


def both(values: np.ndarray) -> dict[str, np.ndarray]:
    """Return what stands for each output, by its name."""
    return {"a": values[0], "b": values[1]}


@pytest.mark.parametrize("way", ["eager", "steps"])
def test_each_output_has_its_weight(way: str) -> None:
    """Of the loss, and of its samples; the loss that is told is their sum."""
    model = linear(
        loss_weights={"a": 0.5, "b": 3.0},
        run_eagerly=way == "eager",
        steps_per_execution=2 if way == "steps" else 1,
    )
    told = model.fit(
        INPUTS, both(TARGETS), sample_weight=both(WEIGHTS), batch_size=7, verbose=0
    ).history
    first, second = (loss(output, weights=WEIGHTS[output]) for output in (0, 1))
    np.testing.assert_allclose(told["loss"], [0.5 * first + 3 * second], rtol=1e-5)
    expected = [stepped(0, 0.5, WEIGHTS[0]), stepped(1, 3.0, WEIGHTS[1])]
    np.testing.assert_allclose(model.get_weights(), expected, rtol=1e-5)


def test_a_single_output_has_a_weight_too() -> None:
    model = linear(1, loss_weights=2.5)
    told = model.train_on_batch(INPUTS, TARGETS[0])
    np.testing.assert_allclose(told, 2.5 * loss(0), rtol=1e-5)
    np.testing.assert_allclose(model.get_weights()[0], stepped(0, 2.5), rtol=1e-5)


def test_outputs_have_their_own_losses() -> None:
    model = linear(loss={"a": "mse", "b": "mae"}, loss_weights={"a": 1.0, "b": 2.0})
    told = model.evaluate(INPUTS, both(TARGETS), verbose=0, return_dict=True)
    absolute = np.abs(INPUTS @ KERNELS[1] - TARGETS[1]).mean()
    np.testing.assert_allclose(told["loss"], loss(0) + 2 * absolute, rtol=1e-5)


def test_outputs_have_metrics_by_their_names_and_not_by_their_layers() -> None:
    """Layers whose names are in the other order, or no outputs' names at all."""
    for names in (("b", "a"), ("first", "second")):
        inputs = keras.Input((3,))
        made = [layers.Dense(2, use_bias=False, name=name) for name in names]
        model = keras.Model(
            inputs, {name: layer(inputs) for name, layer in zip("ab", made, strict=True)}
        )
        for layer, kernel in zip(made, KERNELS, strict=True):
            layer.set_weights([kernel])
        given = {name: [metrics.MeanSquaredError(name="of")] for name in "ab"}
        model.compile(loss={"a": "mse", "b": "mse"}, metrics=given, run_eagerly=True)
        told = model.evaluate(INPUTS, both(TARGETS), verbose=0, return_dict=True)
        found = [told["a_of"], told["b_of"]]
        np.testing.assert_allclose(found, [loss(0), loss(1)], rtol=1e-5)


def test_the_loss_of_an_epoch_is_the_mean_over_samples() -> None:
    """The last batch is smaller, and counts less; metrics count weights where they are asked."""
    model = linear(
        1,
        metrics=[metrics.MeanSquaredError(name="plain")],
        weighted_metrics=[metrics.MeanSquaredError(name="weighted")],
    )
    told = model.evaluate(
        *(INPUTS, TARGETS[0], 3),
        sample_weight=WEIGHTS[0],
        verbose=0,
        return_dict=True,
    )
    np.testing.assert_allclose(told["loss"], loss(0, weights=WEIGHTS[0]), rtol=1e-5)
    np.testing.assert_allclose(told["plain"], loss(0), rtol=1e-5)
    each = ((INPUTS @ KERNELS[0] - TARGETS[0]) ** 2).mean(-1)
    expected = np.average(each, weights=WEIGHTS[0])
    np.testing.assert_allclose(told["weighted"], expected, rtol=1e-5)
    np.testing.assert_array_equal(np.shape(model.predict(INPUTS, 3, verbose=0)), (7, 2))


@pytest.mark.parametrize("form", ["numbers", "column", "one_hot"])
def test_a_class_that_is_not_named_counts_once(form: str) -> None:
    """Whether its number is given, nearly, or a row with a 1."""
    nearly = LABELS - 0.375 * (LABELS > 1)
    targets = {"numbers": LABELS, "column": LABELS[:, None], "one_hot": np.eye(3)[LABELS]}[form]
    weights = {1: 3.0, 2: 0.25}
    counts = np.array([1, 3, 0.25])[LABELS]
    found = class_weight_to_sample_weights(nearly if form == "numbers" else targets, weights)
    np.testing.assert_allclose(found, counts, rtol=1e-6)
    many = class_weight_to_sample_weights(np.array([300, 44, 40000]), {300: 2.0, 44: 3.0})
    np.testing.assert_array_equal(many, [2, 3, 1])
    # The likeliest counts, though it is less than a half.
    likely = class_weight_to_sample_weights(np.array([[0.3, 0.4, 0.3], [0.4, 0.2, 0.4]]), weights)
    np.testing.assert_array_equal(likely, [3, 1])
    kernel = KERNELS[:, :, :1].reshape(2, 3).T @ np.ones((2, 3)) * [[1, -1, 0.5]]
    model = keras.Sequential([keras.Input((3,)), layers.Dense(3, use_bias=False)])
    model.set_weights([kernel])
    name = "CategoricalCrossentropy" if form == "one_hot" else "SparseCategoricalCrossentropy"
    kind = getattr(losses, name)(from_logits=True)
    model.compile(optimizers.SGD(RATE), kind, run_eagerly=True)
    told = model.fit(INPUTS, targets, 7, class_weight=weights, verbose=0).history
    shares = np.exp(INPUTS @ kernel)
    shares /= shares.sum(1, keepdims=True)
    expected = (-np.log(shares[np.arange(7), LABELS]) * counts).mean()
    np.testing.assert_allclose(told["loss"], [expected], rtol=1e-5)
    slope = INPUTS.T @ ((shares - np.eye(3)[LABELS]) * counts[:, None]) / 7
    np.testing.assert_allclose(model.get_weights()[0], kernel - RATE * slope, rtol=1e-4)


def test_a_scaled_loss_takes_the_same_step() -> None:
    """The gradient is of the loss times its scale, and divided by that."""
    seen = []

    class Watching(optimizers.SGD):
        def apply(self, grads: Any, trainable_variables: Any = None) -> None:
            seen.append(np.asarray(grads[0]))
            super().apply(grads, trainable_variables)

    plain = stepped(0)
    for scale in (1.0, 7.5):
        model = linear(1, optimizer=Watching(RATE, loss_scale_factor=scale))
        told = model.fit(INPUTS, TARGETS[0], 7, verbose=0).history
        np.testing.assert_allclose(told["loss"], [loss(0)], rtol=1e-5)
        np.testing.assert_allclose(model.get_weights()[0], plain, rtol=1e-5)
    np.testing.assert_allclose(seen[1], 7.5 * seen[0], rtol=1e-5)


class Telling(keras.Model):
    """Adds 1 while it is trained, and keeps in which mode its loss was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.modes = layers.Dense(2, use_bias=False), []

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return a linear map, another in training."""
        return self.layer(inputs) + (1.0 if training else 0.0)

    def compute_loss(self, *arguments: Any, training: bool = True, **options: Any) -> Any:
        """Return the loss."""
        self.modes.append(training)
        return super().compute_loss(*arguments, training=training, **options)


def test_training_is_told_from_all_else() -> None:
    """Layers and losses learn whether a model is trained, evaluated, or asked."""
    model = Telling()
    model(INPUTS)
    model.set_weights([KERNELS[0]])
    model.compile(optimizers.SGD(0.0), "mse", run_eagerly=True)
    given = (INPUTS, TARGETS[0])
    outputs = INPUTS @ KERNELS[0]
    for told, value in (
        (model.fit(*given, 7, verbose=0).history["loss"][0], outputs + 1),
        (model.evaluate(*given, 7, verbose=0), outputs),
    ):
        np.testing.assert_allclose(told, ((value - TARGETS[0]) ** 2).mean(), rtol=1e-5)
    np.testing.assert_allclose(model.predict(INPUTS, 7, verbose=0), outputs, rtol=1e-5)
    np.testing.assert_allclose(model.predict_on_batch(INPUTS), outputs, rtol=1e-5)
    assert model.modes == [True, False]
    for told, value in (
        (model.train_on_batch(*given), outputs + 1),
        (model.test_on_batch(*given), outputs),
    ):
        np.testing.assert_allclose(told, ((value - TARGETS[0]) ** 2).mean(), rtol=1e-5)


def test_what_validates_is_left_out_of_training() -> None:
    """The last rows, before any is shuffled; their loss is told apart."""
    model = linear(1, optimizer=optimizers.SGD(0.0))
    told = model.fit(INPUTS, TARGETS[0], 7, validation_split=0.4, verbose=0).history
    np.testing.assert_allclose(told["loss"], [loss(0, slice(4))], rtol=1e-5)
    np.testing.assert_allclose(told["val_loss"], [loss(0, slice(4, None))], rtol=1e-5)
    many = np.arange(1200)
    kept, (rest, *_) = train_validation_split((many, None, None), 0.25)
    np.testing.assert_array_equal(kept[0], many[:900])
    np.testing.assert_array_equal(rest, many[900:])


def test_labels_of_0_and_1_are_signs() -> None:
    """For every loss that has a margin."""
    bits = (TARGETS[0] > 0).astype("float64")
    for kind in (losses.Hinge, losses.SquaredHinge):
        made = kind(reduction=None, dtype="float64")
        signs = made(2 * bits - 1, TARGETS[1])
        np.testing.assert_allclose(made(bits, TARGETS[1]), signs, rtol=1e-12)
        # Where any is neither, all are what they are.
        mixed = np.concatenate([bits, 2 * bits[:1] - 1])
        outputs = np.concatenate([TARGETS[1], TARGETS[1][:1]])
        each = np.maximum(1 - mixed * outputs, 0)
        expected = (each if kind is losses.Hinge else each**2).mean(-1)
        np.testing.assert_allclose(made(mixed, outputs), expected, rtol=1e-12)
        assert (np.asarray(signs) > 0).any()
