"""What `fit` does from batch to batch and from epoch to epoch, by the same steps in NumPy."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import callbacks, layers, metrics, optimizers

_random = np.random.default_rng(61)
INPUTS = _random.standard_normal((7, 3)).astype("float32")
TARGETS = _random.standard_normal((7, 1)).astype("float32")
WEIGHTS = _random.uniform(0.3, 2, 7).astype("float32")
START = _random.standard_normal((3, 1)).astype("float32")
#: The first two batches of three, and what is left.
BATCHES = (slice(3), slice(3, 6), slice(6, 7))
RATE, KEPT = 0.125, 0.75


class Counting(callbacks.Callback):
    """Keeps the number of each epoch and batch, of training and of validation."""

    def __init__(self) -> None:
        super().__init__()
        self.epochs: list[int] = []
        self.trained: list[int] = []
        self.tested: list[int] = []
        self.last: Any = None

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Keep it."""
        self.epochs.append(epoch)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Keep it."""
        self.trained.append(batch)

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        """Keep it."""
        self.tested.append(batch)

    def on_train_end(self, logs: Any = None) -> None:
        """Keep what is told last."""
        self.last = logs


def model(**options: Any) -> keras.Model:
    """Return a linear map, compiled for descent."""
    made = keras.Sequential([keras.Input((3,)), layers.Dense(1, use_bias=False)])
    made.set_weights([START])
    metric = metrics.MeanSquaredError(name="metric")
    made.compile(optimizers.SGD(RATE, **options), "mse", metrics=[metric], run_eagerly=True)
    return made


def residuals(kernel: np.ndarray, rows: slice = slice(None)) -> np.ndarray:
    """Return how far outputs are from their targets."""
    return np.asarray(INPUTS[rows] @ kernel - TARGETS[rows])


def step(kernel: np.ndarray, rows: slice, counts: np.ndarray = WEIGHTS) -> np.ndarray:
    """Return a kernel after a step on some rows, each as often as it counts."""
    slopes = 2 * residuals(kernel, rows) * counts[rows, None]
    return np.asarray(kernel - RATE * INPUTS[rows].T @ slopes / len(INPUTS[rows]))


def test_epochs_are_trained_and_validated_one_by_one() -> None:
    """Each loss is of its own epoch, before each step; every second epoch is validated."""
    trained, count = model(), Counting()
    history = trained.fit(
        *(INPUTS, TARGETS, 3),
        epochs=3,
        initial_epoch=1,
        shuffle=False,
        sample_weight=WEIGHTS,
        validation_data=(INPUTS, TARGETS, WEIGHTS[::-1]),
        validation_batch_size=4,
        validation_freq=2,
        callbacks=[count],
        verbose=0,
    ).history
    kernel, expected, validated = START, [], []
    plain = []
    for epoch in (2, 3):
        losses, squares = 0.0, 0.0
        for rows in BATCHES:
            each = residuals(kernel, rows)[:, 0] ** 2
            losses += float((each * WEIGHTS[rows]).sum())
            squares += float(each.sum())
            kernel = step(kernel, rows)
        expected.append(losses / 7)
        plain.append(squares / 7)
        if epoch % 2 == 0:
            validated.append(float((residuals(kernel)[:, 0] ** 2 * WEIGHTS[::-1]).mean()))
    np.testing.assert_allclose(trained.get_weights()[0], kernel, rtol=1e-5)
    np.testing.assert_allclose(history["loss"], expected, rtol=1e-5)
    np.testing.assert_allclose(history["metric"], plain, rtol=1e-5)
    np.testing.assert_allclose(history["val_loss"], validated, rtol=1e-5)
    assert count.epochs == [1, 2]
    assert count.trained == 2 * [0, 1, 2]
    assert count.tested == [0, 1]
    assert count.last == {name: history[name][-1] for name in ("loss", "metric")}


def test_a_training_ends_with_the_mean_of_its_weights() -> None:
    """Where that is asked for; until then it goes on with the weights themselves."""
    trained = model(use_ema=True, ema_momentum=KEPT)
    trained.fit(INPUTS, TARGETS, 3, shuffle=False, sample_weight=WEIGHTS, verbose=0)
    kernel, mean = START, START
    for number, rows in enumerate(BATCHES):
        kernel = step(kernel, rows)
        mean = kernel if number == 0 else KEPT * mean + (1 - KEPT) * kernel
    np.testing.assert_allclose(trained.get_weights()[0], mean, rtol=1e-5)


def test_an_epoch_has_as_many_steps_as_it_is_told() -> None:
    """The next goes on where it ended, from the first batch again after the last."""
    trained = model()
    trained.fit(INPUTS, TARGETS, 3, epochs=4, steps_per_epoch=1, shuffle=False, verbose=0)
    kernel = START
    for rows in (*BATCHES, BATCHES[0]):
        kernel = step(kernel, rows, np.ones(7))
    np.testing.assert_allclose(trained.get_weights()[0], kernel, rtol=1e-5)
    found = trained.evaluate(INPUTS, TARGETS, 3, steps=2, verbose=0, return_dict=True)
    expected = (residuals(kernel, slice(6)) ** 2).mean()
    np.testing.assert_allclose([found["loss"], found["metric"]], expected, rtol=1e-5)
    trained.compile(optimizers.SGD(RATE), "mse", run_eagerly=True, steps_per_execution=2)
    found = trained.evaluate(INPUTS, TARGETS, 3, steps=2, verbose=0, return_dict=True)
    np.testing.assert_allclose(found["loss"], expected, rtol=1e-5)


def test_an_epoch_of_an_endless_set_goes_on_where_the_last_one_ended() -> None:
    endless = tf.data.Dataset.from_tensor_slices((INPUTS, TARGETS)).batch(3).repeat()
    trained, kernel = model(), START
    trained.fit(endless, epochs=4, steps_per_epoch=1, shuffle=False, verbose=0)
    for rows in (*BATCHES, BATCHES[0]):
        kernel = step(kernel, rows, np.ones(7))
    np.testing.assert_allclose(trained.get_weights()[0], kernel, rtol=1e-5)


def test_outputs_are_told_batch_by_batch() -> None:
    """In the order of the inputs, the last batch smaller, and no more than is asked for."""
    trained = model()
    expected = INPUTS @ START
    np.testing.assert_allclose(trained.predict(INPUTS, 3, verbose=0), expected, rtol=1e-5)
    some = trained.predict(INPUTS, 3, steps=2, verbose=0)
    np.testing.assert_allclose(some, expected[:6], rtol=1e-5)


class Stopping(callbacks.Callback):
    """Stops after the second batch of a training, the second epoch, and any other first batch."""

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Stop in an epoch, once."""
        self.model.stop_training = batch == 1 and int(self.model.optimizer.iterations) == 2

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Stop after an epoch."""
        self.model.stop_training |= epoch == 1

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        """Stop an evaluation."""
        self.model.stop_evaluating = True

    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
        """Stop a prediction."""
        self.model.stop_predicting = True


def test_what_is_stopped_goes_no_further() -> None:
    """A training in an epoch or after one, an evaluation, a prediction."""
    trained, stop = model(), {"callbacks": [Stopping()], "verbose": 0}
    kernel = START
    for epochs, batches in ((1, BATCHES[:2]), (2, 2 * BATCHES)):
        told = trained.fit(INPUTS, TARGETS, 3, epochs=4, shuffle=False, **stop).history
        for rows in batches:
            kernel = step(kernel, rows, np.ones(7))
        np.testing.assert_allclose(trained.get_weights()[0], kernel, rtol=1e-5, atol=1e-6)
        assert len(told["loss"]) == epochs
    loss, _ = trained.evaluate(INPUTS, TARGETS, 3, **stop)
    np.testing.assert_allclose(loss, (residuals(kernel, BATCHES[0]) ** 2).mean(), rtol=1e-5)
    assert trained.predict(INPUTS, 3, **stop).shape == (3, 1)


class Adding(layers.Layer):
    """Adds to the loss: each column by itself, a number of each column, a whole number."""

    def call(self, inputs: Any) -> Any:
        """Return the inputs."""
        for column in range(3):
            self.add_loss(2 * keras.ops.sum(inputs[:, column]))
        self.add_loss(keras.ops.sum(inputs, axis=0))
        self.add_loss(keras.ops.size(inputs))
        return inputs


def test_what_layers_add_to_the_loss_is_summed() -> None:
    trained = keras.Sequential([Adding(), layers.Dense(1, use_bias=False)])
    trained.build((None, 3))
    trained.set_weights([START])
    trained.compile(optimizers.SGD(RATE), "mse", run_eagerly=True)
    expected = (residuals(START) ** 2).mean() + 3 * INPUTS.sum() + INPUTS.size
    np.testing.assert_allclose(trained.test_on_batch(INPUTS, TARGETS), expected, rtol=1e-5)
