"""TensorFlow's gradients of whole networks against backpropagation by hand.

Tolerance: 1e-14 of the gradient's norm. Measured: 5e-16 (MLP), 9e-16 (CNN), 5e-16 (LSTM).
"""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from gradients import backpropagation
from gradients.compare import Arrays, distance, tensorflow_gradients

TOLERANCE = 1e-14


def normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Return normal numbers, scaled so that a layer with them as weights keeps magnitudes."""
    return rng.standard_normal(shape) / np.sqrt(np.prod(shape[:-1]))


def assert_same(ours: tuple[float, Arrays], theirs: tuple[float, Arrays]) -> None:
    """Assert that two losses, and two gradients, are the same up to rounding."""
    assert ours[0] == pytest.approx(theirs[0], rel=TOLERANCE)
    assert distance(ours[1], theirs[1]) < TOLERANCE


def test_mlp() -> None:
    """Dense layers with tanh and ReLU, softmax and cross-entropy."""
    rng = np.random.default_rng(0)
    inputs, labels = rng.standard_normal((32, 20)), rng.integers(0, 5, 32)
    parameters = [
        normal(rng, 20, 16), normal(rng, 16), normal(rng, 16, 16), normal(rng, 16),
        normal(rng, 16, 5), normal(rng, 5),
    ]  # fmt: skip

    def loss(w1: tf.Tensor, b1: tf.Tensor, w2: tf.Tensor, b2: tf.Tensor,
             w3: tf.Tensor, b3: tf.Tensor) -> tf.Tensor:  # fmt: skip
        hidden = tf.tanh(tf.matmul(inputs, w1) + b1)
        hidden = tf.nn.relu(tf.matmul(hidden, w2) + b2)
        logits = tf.matmul(hidden, w3) + b3
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))

    assert_same(
        tensorflow_gradients(loss, parameters), backpropagation.mlp(inputs, labels, *parameters)
    )


def test_cnn() -> None:
    """Convolution, ReLU, max pooling, a dense layer, mean square."""
    rng = np.random.default_rng(1)
    images, targets = rng.standard_normal((4, 8, 8, 2)), rng.standard_normal((4, 3))
    parameters = [normal(rng, 3, 3, 2, 4), normal(rng, 4), normal(rng, 4 * 4 * 4, 3)]

    def loss(kernel: tf.Tensor, biases: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        maps = tf.nn.relu(tf.nn.conv2d(images, kernel, strides=1, padding="SAME") + biases)
        pooled = tf.nn.max_pool2d(maps, ksize=2, strides=2, padding="VALID")
        outputs = tf.matmul(tf.reshape(pooled, [4, -1]), weights)
        return tf.reduce_mean((outputs - targets) ** 2)

    assert_same(
        tensorflow_gradients(loss, parameters), backpropagation.cnn(images, targets, *parameters)
    )


def test_lstm_through_time() -> None:
    """Keras's LSTM over twelve steps, mean square of its last output."""
    rng = np.random.default_rng(2)
    inputs, targets = rng.standard_normal((3, 12, 5)), rng.standard_normal((3, 6))
    parameters = [normal(rng, 5, 24), normal(rng, 6, 24), normal(rng, 24)]
    layer = keras.layers.LSTM(6, dtype="float64")
    layer.build(inputs.shape)
    state = [variable.value for variable in layer.non_trainable_variables]

    def loss(*weights: tf.Tensor) -> tf.Tensor:
        outputs, _ = layer.stateless_call(weights, state, tf.constant(inputs))
        return tf.reduce_mean((outputs - targets) ** 2)

    assert_same(
        tensorflow_gradients(loss, parameters), backpropagation.lstm(inputs, targets, *parameters)
    )
