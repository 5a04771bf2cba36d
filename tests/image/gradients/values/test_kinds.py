"""Layers by the type of what they are given: 16 bits far from 0, lengths near it, and casts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from scipy.special import softmax

from gradients.values.calls import merged
from gradients.values.layers import LAYERS, apply
from gradients.values.pools import ROWS as POOLS
from gradients.values.test_layers import draw
from gradients.values.test_nested import FINE, Both, Weight

TABLE = merged(LAYERS, POOLS)
#: Layers that sum what they are given, whose sums 16 bits have not.
SUMMING = (
    *("BatchNormalization_training", "BatchNormalization_axis", "BatchNormalization"),
    *("LayerNormalization", "LayerNormalization_axes", "LayerNormalization_plain"),
    *("GroupNormalization", "GroupNormalization_each", "RMSNormalization"),
    *("RMSNormalization_axes", "GlobalAveragePooling_kept", "GlobalAveragePooling2D_kept"),
    *("GlobalAveragePooling3D_kept", "GlobalAveragePooling2D_kept_first"),
)


@pytest.mark.parametrize("name", SUMMING)
def test_what_is_of_16_bits_is_summed_in_more(name: str) -> None:
    """Numbers that both types have, from 300 on: their squares are more than float16 has."""
    row = TABLE[name]
    for kind in ("bfloat16", "mixed_float16"):
        half = kind.removeprefix("mixed_")
        layer, _, values = draw(name, replace(row, dtype=kind if kind == half else "float32"))
        if kind != half:
            layer = row.make(dtype=kind)
            layer.build(*row.shapes)
            layer.set_weights(values)
        kept = [weight.astype("float64") for weight in layer.get_weights()]
        drawn = np.random.default_rng(len(name)).integers(0, 40, row.shapes[0])
        inputs = tf.cast(300 + 2 * drawn, half)
        found = apply(layer, row, [inputs])
        assert found.dtype == half
        expected = row.reference(300.0 + 2 * drawn, *kept)
        size = np.abs(expected).max()
        digits = 2e-3 if half == "float16" else 1.2e-2
        np.testing.assert_allclose(
            tf.cast(found, "float64"), expected, rtol=digits, atol=digits * size, err_msg=kind
        )


@pytest.mark.parametrize("kind", [layers.Attention, layers.AdditiveAttention])
def test_what_is_hidden_stays_so_however_large(kind: type[keras.Layer]) -> None:
    """By its mask, and by what comes after it."""
    query, key = np.full((1, 2, 1), 3e4), np.array([[[-1.0], [1.0]]])
    value = np.array([[[2.0], [5.0]]])
    layer = kind(dtype="float64")
    masked = layer([query, value, key], mask=[None, np.array([[True, False]])])
    np.testing.assert_allclose(masked, [[[2.0], [2.0]]], rtol=1e-12)
    causal = layer([query, value, key], use_causal_mask=True)
    np.testing.assert_allclose(causal[0, 0], [2.0], rtol=1e-12)


@pytest.mark.parametrize("axis", [-1, (1,), (0, 1)])
def test_what_is_large_has_its_share(axis: Any) -> None:
    """Whose exponential no type has."""
    scores = np.array([[1000.0, 999.0], [998.0, 1000.0]])
    found = layers.Softmax(axis, dtype="float64")(scores)
    axes = (0, 1) if axis == (0, 1) else -1
    np.testing.assert_allclose(found, softmax(scores, axes), rtol=1e-10)


@pytest.mark.parametrize("length", [1e-4, 1e-8, 1e-11, 0.0])
def test_what_is_short_has_a_length(length: float) -> None:
    """Down to 1e-12, from where on it is divided by that."""
    given = length * np.array([[3.0, 4.0], [-4.0, 3.0]]) / 5
    found = layers.UnitNormalization(dtype="float64")(given)
    np.testing.assert_allclose(found, given / max(length, 1e-12), rtol=1e-6)


@pytest.mark.parametrize("given", ["float16", "bfloat16", "float32", "float64", "int32"])
def test_what_is_given_is_cast_to_what_a_layer_computes_in(given: str) -> None:
    """Tensors, arrays and what a model is made of; whole numbers stay."""
    for kind in ("float32", "float64", "mixed_bfloat16"):
        layer = Weight(dtype=kind)
        tensor = tf.cast(tf.fill([2, 3], FINE), given)
        to = tensor.dtype if given == "int32" else layer.compute_dtype
        expected = tf.cast(tf.cast(tensor, to), "float64")
        for inputs in (tensor, tensor.numpy()):
            np.testing.assert_array_equal(layer(inputs)[1], expected)
        if given != "int32":
            steps = tensor[None]
            assert [x.dtype for x in Both(dtype=kind)(steps, value=steps)] == [to, to]
        symbol = keras.Input(batch_shape=(2, 3), dtype=given)
        same = layers.Identity(dtype=kind)(symbol)
        assert same.dtype == (given if given == "int32" else layer.compute_dtype)
        np.testing.assert_array_equal(
            tf.cast(keras.Model(symbol, same)(tensor), "float64"), expected
        )


def test_what_is_said_for_all_is_heard_by_all() -> None:
    """Where channels stand, the usual type, and what is added to a length."""
    images = np.random.default_rng(6).standard_normal((2, 3, 4, 5))
    said = keras.config.image_data_format(), keras.config.floatx(), keras.config.epsilon()
    try:
        keras.config.set_image_data_format("channels_first")
        keras.config.set_dtype_policy("float64")
        keras.config.set_epsilon(0.25)
        mean = layers.GlobalAveragePooling2D()(images)
        np.testing.assert_allclose(mean, images.mean((2, 3)), rtol=1e-12)
        scale = np.array([1.0, 2.0, 3.0])
        scaled = layers.Rescaling(scale)(images)
        np.testing.assert_allclose(scaled, images * scale[:, None, None], rtol=1e-12)
        kernel = images[0, 0]
        held = keras.constraints.UnitNorm()(kernel)
        exact = kernel / (0.25 + np.linalg.norm(kernel, axis=0))
        np.testing.assert_allclose(held, exact, rtol=1e-6)
    finally:
        keras.config.set_image_data_format(said[0])
        keras.config.set_dtype_policy(said[1])
        keras.config.set_epsilon(said[2])
