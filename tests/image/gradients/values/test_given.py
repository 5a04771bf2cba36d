"""What `fit` trains on, in whatever form it is given: every batch, in order, as it counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import callbacks, layers, optimizers
from keras.src.trainers import data_adapters
from scipy import sparse

_random = np.random.default_rng(96)
ROWS = 7
INPUTS = _random.standard_normal((ROWS, 3)).astype("float32")
INPUTS[INPUTS < -0.75] = 0
LABELS = np.array([0, 2, 1, 1, 2, 0, 1])
TARGETS = LABELS[:, None].astype("float32")
WEIGHTS = _random.uniform(0.3, 2, ROWS).astype("float32")
START = _random.standard_normal((3, 1)).astype("float32")
#: The weights of classes: of one that is not named, 1.
CLASSES = {0: 3.0, 2: 0.25}
BY_CLASS = np.array([3.0, 1.0, 0.25])[LABELS]
BATCHES = (slice(3), slice(3, 6), slice(6, 7))
RATE = 0.125


def batches(*arrays: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
    """Yield what is in each batch."""
    for rows in BATCHES:
        yield tuple(array[rows] for array in arrays)


class Listed(keras.utils.PyDataset):
    """Batches by their number."""

    def __init__(self, *arrays: np.ndarray, **options: Any) -> None:
        super().__init__(**options)
        self.batches = list(batches(*arrays))

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        """Return a batch."""
        return self.batches[index]


class InLists(Listed):
    """Batches whose parts are in a list."""

    def __getitem__(self, index: int) -> Any:
        """Return a batch."""
        return list(self.batches[index])


def streamed(*arrays: np.ndarray) -> tf.data.Dataset:
    """Return a data set of batches."""
    return tf.data.Dataset.from_tensor_slices(arrays).batch(3)


Given = tuple[tuple[Any, ...], dict[str, Any]]


def tables() -> Given:
    """Return a frame, and series; an environment of an older TensorFlow has no pandas."""
    pandas = pytest.importorskip("pandas")
    given = pandas.DataFrame(INPUTS), pandas.Series(TARGETS[:, 0])
    return given, BY_THREE | {"sample_weight": pandas.Series(WEIGHTS)}


ARRAYS = (INPUTS, TARGETS)
BY_THREE = {"batch_size": 3}
#: By name: what `fit` is given, and how often each row counts.
FORMS: dict[str, tuple[Callable[[], Given], np.ndarray | None]] = {
    "arrays": (lambda: (ARRAYS, BY_THREE | {"sample_weight": WEIGHTS}), WEIGHTS),
    "wide numbers": (lambda: ((INPUTS.astype("float64"), LABELS[:, None]), BY_THREE), None),
    "classes": (lambda: (ARRAYS, BY_THREE | {"class_weight": CLASSES}), BY_CLASS),
    "tensors": (lambda: ((tf.constant(INPUTS), tf.constant(TARGETS)), BY_THREE), None),
    "tables": (tables, WEIGHTS),
    "sparse": (lambda: ((sparse.csr_matrix(INPUTS), TARGETS), BY_THREE), None),
    "sparse tensor": (lambda: ((tf.sparse.from_dense(INPUTS), TARGETS), BY_THREE), None),
    "stream": (lambda: ((streamed(*ARRAYS, WEIGHTS),), {}), WEIGHTS),
    "stream of classes": (lambda: ((streamed(*ARRAYS),), {"class_weight": CLASSES}), BY_CLASS),
    "generator": (lambda: ((batches(*ARRAYS, WEIGHTS),), {}), WEIGHTS),
    "batches by number": (lambda: ((Listed(*ARRAYS, WEIGHTS),), {}), WEIGHTS),
    "lists by number": (lambda: ((InLists(*ARRAYS, WEIGHTS),), {}), WEIGHTS),
    "numbered classes": (lambda: ((Listed(*ARRAYS),), {"class_weight": CLASSES}), BY_CLASS),
    "by several threads": (lambda: ((Listed(*ARRAYS, WEIGHTS, workers=2),), {}), WEIGHTS),
}


def model(**options: Any) -> keras.Model:
    """Return a linear map, compiled for descent."""
    made = keras.Sequential([keras.Input((3,)), layers.Dense(1, use_bias=False)])
    made.set_weights([START])
    made.compile(optimizers.SGD(RATE), "mse", **({"run_eagerly": True} | options))
    return made


def trained(counts: np.ndarray | None, rows: Any = BATCHES) -> tuple[np.ndarray, float]:
    """Return the kernel after a step on each batch, and the mean of their losses by rows."""
    kernel, total, seen = START.astype("float64"), 0.0, 0
    counts = np.ones(ROWS) if counts is None else counts
    for part in rows:
        inputs, weights = INPUTS[part], counts[part, None]
        residuals = inputs @ kernel - TARGETS[part]
        total += float((weights * residuals**2).sum())
        seen += len(inputs)
        kernel = kernel - RATE * 2 * inputs.T @ (weights * residuals) / len(inputs)
    return kernel, total / seen


def dense(values: Any) -> np.ndarray:
    """Return numbers, however they are kept."""
    return np.asarray(tf.sparse.to_dense(values) if isinstance(values, tf.SparseTensor) else values)


@pytest.mark.parametrize("name", FORMS)
def test_every_form_is_the_same_batches(name: str) -> None:
    """Each row once, in order, beside its target, and as it counts: what `fit` asks for them."""
    make, counts = FORMS[name]
    given, options = make()
    adapter = data_adapters.get_data_adapter(*given, shuffle=False, **options)
    adapter.on_epoch_begin()
    found = list(adapter.get_tf_dataset())
    adapter.on_epoch_end()
    assert len(found) == len(BATCHES)
    for batch, rows in zip(found, BATCHES, strict=True):
        inputs, targets, *weights = map(dense, batch)
        np.testing.assert_array_equal(inputs, INPUTS[rows])
        np.testing.assert_array_equal(targets.reshape(-1), LABELS[rows])
        if counts is None:
            assert not weights
        else:
            np.testing.assert_allclose(weights[0].reshape(-1), counts[rows], rtol=1e-6)


@pytest.mark.filterwarnings("ignore:Your input ran out of data:UserWarning")
@pytest.mark.parametrize("name", ["arrays", "stream of classes", "generator"])
def test_every_form_is_the_same_training(name: str) -> None:
    make, counts = FORMS[name]
    given, options = make()
    whole = model()
    told = whole.fit(*given, shuffle=False, verbose=0, **options).history
    kernel, loss = trained(counts)
    np.testing.assert_allclose(whole.get_weights()[0], kernel, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(told["loss"], [loss], rtol=1e-5)


def test_a_number_of_steps_decides_the_size_of_batches() -> None:
    """Where that is not given: seven rows in two steps are four and three."""
    whole = model()
    whole.fit(*ARRAYS, steps_per_epoch=2, shuffle=False, verbose=0)
    expected, _ = trained(None, (slice(4), slice(4, 7)))
    np.testing.assert_allclose(whole.get_weights()[0], expected, rtol=1e-4)


def test_several_steps_at_once_are_as_many_steps() -> None:
    """In a graph; the last time there are fewer, of four three. Predictions stay in order."""
    whole = model(run_eagerly=False, steps_per_execution=4)
    told = whole.fit(*ARRAYS, 1, shuffle=False, sample_weight=WEIGHTS, verbose=0).history
    kernel, loss = trained(WEIGHTS, [slice(row, row + 1) for row in range(ROWS)])
    np.testing.assert_allclose(whole.get_weights()[0], kernel, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(told["loss"], [loss], rtol=1e-5)
    found = whole.predict(INPUTS, 1, verbose=0)
    np.testing.assert_allclose(found, INPUTS @ kernel, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("form", ["arrays", "stream", "batches by number"])
def test_a_class_may_have_a_place(form: str) -> None:
    """Of one in three: its weight is that of where the 1 stands."""
    places = np.eye(3, dtype="float32")[LABELS]
    given: Given = {
        "arrays": ((INPUTS, places), BY_THREE),
        "stream": ((streamed(INPUTS, places),), {}),
        "batches by number": ((Listed(INPUTS, places),), {}),
    }[form]
    adapter = data_adapters.get_data_adapter(*given[0], class_weight=CLASSES, **given[1])
    for batch, rows in zip(adapter.get_tf_dataset(), BATCHES, strict=True):
        np.testing.assert_allclose(batch[2], BY_CLASS[rows], rtol=1e-6)


def test_batches_may_be_of_any_length() -> None:
    """Their rows, too: what a generator yields, and what a model then predicts."""
    inputs = keras.Input((None, 3))
    whole = keras.Model(inputs, layers.Dense(1, use_bias=False)(inputs))
    whole.set_weights([START])
    whole.compile(optimizers.SGD(0.0), "mse", run_eagerly=True)
    parts = [np.stack([INPUTS[a:b]] * 2) for a, b in ((0, 3), (1, 2), (2, 6))]
    told = whole.evaluate(((one, one @ START + 2) for one in parts), steps=3, verbose=0)
    np.testing.assert_allclose(told, 4, rtol=1e-5)
    found = whole.predict(((one,) for one in parts), steps=3, verbose=0)
    rows = [row for one in parts for row in one]
    assert found.shape == (6, None, 1)
    for row, given in zip(found, rows, strict=True):
        np.testing.assert_allclose(row, given @ START, rtol=1e-5, atol=1e-6)


class Thinned(layers.Layer):
    """Gives its inputs as a sparse tensor."""

    def call(self, inputs: tf.Tensor) -> tf.SparseTensor:
        return tf.sparse.from_dense(inputs)


@pytest.mark.parametrize("steps", [1, 2])
def test_sparse_predictions_stay_in_order(steps: int) -> None:
    """Batch behind batch, of one execution and of several; the last one is shorter."""
    whole = keras.Sequential([Thinned()])
    whole.compile(steps_per_execution=steps, run_eagerly=True)
    found = whole.predict(INPUTS, 3, verbose=0)
    np.testing.assert_array_equal(dense(found), INPUTS)


def test_an_epoch_of_as_many_steps_as_there_are_batches_begins_anew() -> None:
    whole = model()
    told = whole.fit(
        *(ARRAYS[0], ARRAYS[1], 3), epochs=2, steps_per_epoch=3, shuffle=False, verbose=0
    ).history
    kernel, _ = trained(None, 2 * BATCHES)
    np.testing.assert_allclose(whole.get_weights()[0], kernel, rtol=1e-4, atol=1e-6)
    assert len(told["loss"]) == 2


class Validated(callbacks.Callback):
    """Keeps after which epochs a model was validated."""

    def __init__(self) -> None:
        super().__init__()
        self.epochs: list[int] = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Keep it."""
        if "val_loss" in (logs or {}):
            self.epochs.append(epoch)


def test_some_epochs_are_validated() -> None:
    """Those that are listed, counted from 1; by as many batches as are asked for."""
    whole, seen = model(), Validated()
    whole.optimizer.learning_rate = 0.0
    told = whole.fit(
        *ARRAYS,
        epochs=3,
        validation_data=(*ARRAYS, WEIGHTS),
        validation_freq=[1, 3],
        validation_batch_size=2,
        validation_steps=2,
        callbacks=[seen],
        verbose=0,
    ).history
    assert seen.epochs == [0, 2]
    each = (INPUTS @ START - TARGETS)[:4, 0] ** 2 * WEIGHTS[:4]
    np.testing.assert_allclose(told["val_loss"], 2 * [each.mean()], rtol=1e-5)


def test_a_batch_is_told_by_itself() -> None:
    """Trained or not, with weights of its rows or of its classes, and nothing from before."""
    whole = model()
    whole.optimizer.learning_rate = 0.0
    squares = (INPUTS @ START - TARGETS)[:, 0] ** 2
    for rows in BATCHES:
        inputs, targets = INPUTS[rows], TARGETS[rows]
        expected = (squares * WEIGHTS)[rows].mean()
        for call in (whole.train_on_batch, whole.test_on_batch):
            found = call(inputs, targets, sample_weight=WEIGHTS[rows])
            np.testing.assert_allclose(found, expected, rtol=1e-5)
        found = whole.train_on_batch(inputs, targets, class_weight=CLASSES, return_dict=True)
        np.testing.assert_allclose(found["loss"], (squares * BY_CLASS)[rows].mean(), rtol=1e-5)


def test_what_is_shuffled_by_batches_stays_in_them() -> None:
    """Each has its rows, in another order."""
    adapter = data_adapters.get_data_adapter(np.arange(64), batch_size=32, shuffle="batch")
    first, second = (batch.numpy() for batch in adapter.get_tf_dataset())
    np.testing.assert_array_equal(np.sort(first), np.arange(32))
    np.testing.assert_array_equal(np.sort(second), np.arange(32, 64))
    assert (first[:-1] > first[1:]).any()


def test_very_many_batches_are_all_there_in_order() -> None:
    """By their number, and as rows of arrays."""
    many = Listed(INPUTS)
    many.batches = [(INPUTS[row % ROWS][None] * (row + 1),) for row in range(70)]
    expected = np.concatenate([rows for (rows,) in many.batches]) @ START
    np.testing.assert_allclose(model().predict(many, verbose=0), expected, rtol=1e-4)
