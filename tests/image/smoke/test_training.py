"""Models train, are saved and restored, logged, drawn, and tuned."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import keras
import keras_tuner
import matplotlib.image
import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def convolutional() -> tuple[keras.Model, np.ndarray, np.ndarray]:
    """Return a Conv2D and BatchNorm model with images, and labels that say which half is lit."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 256)
    images = rng.normal(0, 0.1, (256, 8, 8, 1)).astype("float32")
    images[labels == 0, :4] += 1
    images[labels == 1, 4:] += 1
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Conv2D(8, 3, activation="relu"),
            # The default momentum, 0.99, would leave its moving averages behind after one epoch.
            keras.layers.BatchNormalization(momentum=0.5),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dense(2),
        ]
    )
    return model, images, labels


def recurrent() -> tuple[keras.Model, np.ndarray, np.ndarray]:
    """Return an LSTM model with sequences, and labels that say which have a positive mean."""
    sequences = np.random.default_rng(0).standard_normal((256, 6, 3)).astype("float32")
    labels = (sequences.mean(axis=(1, 2)) > 0).astype(int)
    model = keras.Sequential([keras.Input((6, 3)), keras.layers.LSTM(8), keras.layers.Dense(2)])
    return model, sequences, labels


def fit(
    model: keras.Model, inputs: np.ndarray, labels: np.ndarray, **options: object
) -> keras.callbacks.History:
    """Compile a classifier and train it for one epoch."""
    model.compile(
        optimizer=keras.optimizers.Adam(0.01),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    return model.fit(inputs, labels, epochs=1, batch_size=16, verbose=0, **options)


@pytest.fixture(scope="module")
def trained() -> tuple[keras.Model, np.ndarray]:
    """Return a convolutional model after one epoch, and inputs for it."""
    keras.utils.set_random_seed(0)
    model, images, labels = convolutional()
    fit(model, images, labels)
    return model, images[:8]


@pytest.mark.parametrize("build", [convolutional, recurrent])
def test_one_epoch_lowers_the_loss(
    build: Callable[[], tuple[keras.Model, np.ndarray, np.ndarray]],
) -> None:
    """One epoch of `fit` teaches a model something: less than guessing one of two labels costs."""
    keras.utils.set_random_seed(0)
    model, inputs, labels = build()
    fit(model, inputs, labels)
    after = model.evaluate(inputs, labels, verbose=0)
    assert np.isfinite(after)
    assert after < 0.9 * np.log(2)


def test_keras_file_round_trip(trained: tuple[keras.Model, np.ndarray], tmp_path: Path) -> None:
    """A model saved as `.keras` comes back with the same predictions, bit for bit."""
    model, images = trained
    model.save(tmp_path / "model.keras")
    restored = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        restored.predict(images, verbose=0), model.predict(images, verbose=0)
    )


def test_saved_model_round_trip(trained: tuple[keras.Model, np.ndarray], tmp_path: Path) -> None:
    """A model exported as a SavedModel serves the same predictions to TensorFlow alone."""
    model, images = trained
    model.export(tmp_path / "exported", verbose=False)
    served = tf.saved_model.load(str(tmp_path / "exported"))
    predictions = served.serve(tf.constant(images))
    np.testing.assert_allclose(predictions, model.predict(images, verbose=0), rtol=1e-6)


def test_tensorboard_reads_back_what_fit_logged(tmp_path: Path) -> None:
    """TensorBoard finds the epoch's loss, as `fit` returned it, in the event files."""
    keras.utils.set_random_seed(0)
    model, inputs, labels = recurrent()
    logger = keras.callbacks.TensorBoard(log_dir=tmp_path)
    (loss,) = fit(model, inputs, labels, callbacks=[logger]).history["loss"]
    events = EventAccumulator(str(tmp_path / "train")).Reload()
    (logged,) = events.Tensors("epoch_loss")
    assert tf.make_ndarray(logged.tensor_proto) == pytest.approx(loss, rel=1e-6)


def test_plot_model_draws(trained: tuple[keras.Model, np.ndarray], tmp_path: Path) -> None:
    """`plot_model` draws a PNG that holds a picture: it needs graphviz and pydot."""
    model, _ = trained
    keras.utils.plot_model(model, to_file=tmp_path / "model.png", show_shapes=True)
    picture = matplotlib.image.imread(tmp_path / "model.png")
    height, width = picture.shape[:2]
    assert height > 100
    assert width > 100
    assert picture.std() > 0


def test_tuner_searches(tmp_path: Path) -> None:
    """keras-tuner tries two values and keeps the one that learns."""
    inputs = np.random.default_rng(0).standard_normal((64, 4)).astype("float32")

    def build(choices: keras_tuner.HyperParameters) -> keras.Model:
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        rate = choices.Choice("rate", [0.0, 0.1])
        model.compile(optimizer=keras.optimizers.SGD(rate), loss="mse")
        return model

    tuner = keras_tuner.GridSearch(
        build, objective="loss", max_trials=2, seed=0, directory=tmp_path, project_name="search"
    )
    tuner.search(inputs, inputs[:, :1], epochs=3, batch_size=8, verbose=0)
    (best,) = tuner.get_best_hyperparameters()
    assert best.get("rate") == 0.1
