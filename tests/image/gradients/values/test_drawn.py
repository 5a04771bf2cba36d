"""What mutants, drawn by chance, showed missing of Keras's layers and of what is drawn."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from keras.quantizers import Int4QuantizationConfig
from scipy.special import softmax

_random = np.random.default_rng(103)
STEPS = _random.standard_normal((2, 4, 5))
SHOWN = np.array([[1, 1, 0, 1], [1, 0, 1, 0]], bool)


@pytest.mark.parametrize("axis", [1, 2])
def test_hidden_steps_count_in_no_statistic(axis: int) -> None:
    """Whichever axis is kept: that of steps, too."""
    layer = layers.BatchNormalization(axis, momentum=0.0, epsilon=0.25, dtype="float64")
    found = layer(tf.constant(STEPS), training=True, mask=tf.constant(SHOWN))
    others = {"axis": (0, 3 - axis), "keepdims": True}
    shown = np.broadcast_to(SHOWN[..., None], STEPS.shape)
    # Keras adds its epsilon to how many there are.
    count = shown.sum(**others) + keras.config.epsilon()
    mean = (STEPS * shown).sum(**others) / count
    variance = ((STEPS - mean) ** 2 * shown).sum(**others) / count
    np.testing.assert_allclose(found, (STEPS - mean) / np.sqrt(variance + 0.25), rtol=1e-9)
    np.testing.assert_allclose(layer.moving_mean, mean.ravel(), rtol=1e-6)
    np.testing.assert_allclose(layer.moving_variance, variance.ravel(), rtol=1e-6)


def test_what_is_hidden_is_as_low_as_is_said() -> None:
    """A softmax gives it -1e9, and then nothing: beside numbers as low it is seen."""
    given = np.array([[-1e9 - 0.25, 0.5, 3.0], [1.0, 2.0, -1.0]])
    shown = np.array([[1, 0, 0], [1, 1, 0]], bool)
    found = layers.Softmax(dtype="float64")(tf.constant(given), mask=tf.constant(shown))
    expected = softmax(np.where(shown, given, -1e9), -1) * shown
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def spectral(inner: keras.Layer, shape: tuple[int, ...]) -> layers.SpectralNormalization:
    """Return a wrapped layer that is built."""
    layer = layers.SpectralNormalization(inner, dtype="float64")
    layer.build(shape)
    return layer


def test_a_kernel_of_one_axis_is_divided_by_its_length() -> None:
    """One row is a matrix whose norm is its length."""
    layer = spectral(layers.EinsumDense("ab,b->ab", 4, dtype="float64"), (None, 4))
    kernel, inputs = layer.layer.kernel.numpy(), _random.standard_normal((3, 4))
    expected = kernel / np.linalg.norm(kernel)
    np.testing.assert_allclose(layer(inputs, training=True), inputs * expected, rtol=1e-6)
    np.testing.assert_allclose(layer.layer.kernel, expected, rtol=1e-6)


def test_singular_vectors_are_held_where_a_kernel_is_divided() -> None:
    """The norm is v W u', whose gradient is v' u: neither vector moves with the kernel."""

    def unit(vector: np.ndarray) -> np.ndarray:
        return vector / np.linalg.norm(vector)

    layer = spectral(layers.Dense(4, dtype="float64"), (None, 3))
    kernel, weights = layer.layer.kernel.numpy(), _random.standard_normal((3, 4))
    left = unit(layer.vector_u.numpy() @ kernel.T)
    right = unit(left @ kernel)
    norm = (left @ kernel @ right.T).item()
    with tf.GradientTape() as tape:
        divided = layer.normalized_weights()[1]
        total = tf.reduce_sum(divided * weights)
    expected = weights / norm - (weights * kernel).sum() / norm**2 * left.T @ right
    np.testing.assert_allclose(divided, kernel / norm, rtol=1e-9)
    np.testing.assert_allclose(tape.gradient(total, layer.layer.kernel.value), expected, rtol=1e-8)


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("kind", ["int32", "float32"])
def test_attention_takes_a_mask_of_numbers(kind: str, *, causal: bool) -> None:
    """What is not 0 is shown, also beside a mask of its own."""
    mask = _random.random((2, 4, 4)) > 0.4
    mask |= np.eye(4, dtype=bool)
    layer = layers.MultiHeadAttention(2, 3, dtype="float64")
    numbers = tf.constant((mask * (1 if kind == "int32" else 0.25)).astype(kind))
    options: dict[str, Any] = {"return_attention_scores": True, "use_causal_mask": causal}
    _, scores = layer(STEPS, STEPS, attention_mask=numbers, **options)
    shown = mask & np.tri(4, dtype=bool) if causal else mask
    np.testing.assert_array_equal(scores.numpy() > 0, np.repeat(shown[:, None], 2, 1))


def test_blocks_are_counted_beyond_what_a_narrow_type_counts() -> None:
    """More than 256 blocks, of a layer in bfloat16: each number has the scale of its own block."""
    table = np.repeat(2.0 ** (np.arange(300) % 7), 2) * np.tile([1, -1], 300)
    found = {}
    for dtype in ("bfloat16", "float64"):
        layer = layers.Embedding(1, 600, dtype=dtype)
        layer.build()
        layer.set_weights([table[None]])
        layer.quantize("int4", config=Int4QuantizationConfig(block_size=2))
        found[dtype] = tf.cast(layer(np.array([0])), "float64").numpy()[0]
    np.testing.assert_allclose(found["float64"], table, rtol=0.1)
    np.testing.assert_allclose(found["bfloat16"], table, rtol=0.1)


def test_a_loss_of_each_output_takes_targets_in_a_list() -> None:
    """In the order of the outputs' names."""
    inputs = keras.Input((2,))
    model = keras.Model(inputs, {"b": inputs * 3, "a": inputs * 2})
    model.compile(loss={"a": "mse", "b": "mae"})
    x = np.ones((2, 2))
    found = model.evaluate(x, [5 * x, x], verbose=0)
    np.testing.assert_allclose(found[0], (5 - 2) ** 2 + (3 - 1))


def test_what_drops_nothing_draws_all_the_same() -> None:
    """Numbers after it are those that come after any other share."""
    found = []
    for rate in (0, 0.0, 0.5):
        tf.random.set_seed(5)
        tf.nn.dropout(tf.ones(3), rate)
        found.append(tf.random.uniform([3]).numpy())
    np.testing.assert_array_equal(found[0], found[2])
    np.testing.assert_array_equal(found[1], found[2])
