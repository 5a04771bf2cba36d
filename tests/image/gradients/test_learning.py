"""Networks learn: from a fixed seed, `fit` reaches a stated accuracy on data it has not seen.

| task | measured | bar |
|---|---|---|
| CNN on scikit-learn's digits | 0.98 | 0.95 |
| LSTM that recalls the first of twelve symbols | 1.00 | 0.95 |
"""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers
from sklearn.datasets import load_digits

BAR = 0.95


def learn(
    model: keras.Model, inputs: np.ndarray, labels: np.ndarray, *, held_out: int, epochs: int
) -> tuple[list[float], float]:
    """Train; return the loss of each epoch, and the accuracy on the examples held out."""
    model.compile(
        optimizer=keras.optimizers.Adam(0.02),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    history = model.fit(
        inputs[held_out:], labels[held_out:], batch_size=128, epochs=epochs, verbose=0
    )
    _, accuracy = model.evaluate(
        inputs[:held_out], labels[:held_out], batch_size=held_out, verbose=0
    )
    return history.history["loss"], accuracy


def test_cnn_reads_digits() -> None:
    """1,797 images of 8 x 8, ten classes; a quarter is held out."""
    keras.utils.set_random_seed(7)
    digits = load_digits()
    order = np.random.default_rng(7).permutation(len(digits.target))
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(32, activation="relu"),
            layers.Dense(10),
        ]
    )
    images = digits.images[order, :, :, np.newaxis].astype("float32") / 16
    losses, accuracy = learn(model, images, digits.target[order], held_out=449, epochs=8)
    assert losses[-1] < losses[0] / 10
    assert accuracy >= BAR


@pytest.mark.tier_all
def test_lstm_recalls_what_came_first() -> None:
    """Twelve symbols of four kinds; the class is the first one, so the gradient must reach back."""
    keras.utils.set_random_seed(7)
    symbols = np.random.default_rng(7).integers(0, 4, (1536, 12))
    model = keras.Sequential([keras.Input((12, 4)), layers.LSTM(24), layers.Dense(4)])
    sequences = np.eye(4, dtype="float32")[symbols]
    losses, accuracy = learn(model, sequences, symbols[:, 0], held_out=512, epochs=12)
    assert losses[-1] < losses[0] / 10
    assert accuracy >= BAR
