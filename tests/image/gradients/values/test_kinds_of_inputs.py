"""Inputs of another kind than the usual: masks of numbers, values wider than keys, paths."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from keras import callbacks, layers, ops
from scipy.special import softmax

from gradients.tracing import traced

_random = np.random.default_rng(113)
STEPS = _random.standard_normal((2, 5, 3))
SHOWN = np.array([[1, 1, 0, 1, 0], [0, 1, 1, 1, 1]])


@pytest.mark.parametrize("kind", ["int32", "uint8", "float32"])
@pytest.mark.parametrize("first", [True, False])
def test_a_mask_of_numbers_hides_where_they_are_0(kind: str, *, first: bool) -> None:
    """From a mean over steps, whose channels come first or last."""
    layer = layers.GlobalAveragePooling1D(
        "channels_first" if first else "channels_last", dtype="float64"
    )
    found = layer(np.swapaxes(STEPS, 1, 2) if first else STEPS, mask=tf.constant(3 * SHOWN, kind))
    expected = (STEPS * SHOWN[..., None]).sum(1) / SHOWN.sum(1)[:, None]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


QUERY, KEY = _random.standard_normal((2, 4, 3)), _random.standard_normal((2, 5, 3))
VALUE = _random.standard_normal((2, 5, 7))
ATTENDING: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "Attention": lambda scale: scale * (QUERY @ KEY.swapaxes(1, 2)),
    "AdditiveAttention": lambda scale: (np.tanh(QUERY[:, :, None] + KEY[:, None]) * scale).sum(-1),
}


@pytest.mark.parametrize("name", ATTENDING)
def test_values_may_be_wider_than_keys(name: str) -> None:
    layer = getattr(layers, name)(use_scale=True, dtype="float64")
    layer.build([QUERY.shape, VALUE.shape, KEY.shape])
    (weight,) = layer.trainable_variables
    weight.assign(_random.uniform(0.5, 1.5, weight.shape))
    found = layer([QUERY, VALUE, KEY])
    expected = softmax(ATTENDING[name](weight.numpy()), -1) @ VALUE
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_a_path_is_a_name() -> None:
    """What callbacks keep of it is a string, as where one is given."""
    for given in ("folder/kept.csv", Path("folder/kept.csv")):
        log: Any = callbacks.CSVLogger(given)
        assert (log.filename, type(log.filename)) == ("folder/kept.csv", str)


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_what_is_counted_is_of_the_type_of_its_bounds(kind: str) -> None:
    numbers = STEPS.ravel().astype(kind)
    counts, bounds = ops.histogram(numbers, bins=4)
    assert (counts.dtype, bounds.dtype) == (kind, kind)
    graph = traced(lambda numbers: ops.histogram(numbers, bins=4)[0])
    for found in (counts, graph(tf.constant(numbers))):
        np.testing.assert_array_equal(found, np.histogram(numbers, bins=4)[0])


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
def test_a_bias_is_of_any_type_beside_half_numbers(kind: str) -> None:
    given = [tf.constant(part[:, :, None], tf.float16) for part in (QUERY, KEY, KEY + 1)]
    bias = tf.constant(_random.standard_normal((1, 1, 4, 5)), kind)
    found = ops.dot_product_attention(*given, bias=bias)
    query, key, value = (part.numpy()[:, :, 0].astype("float64") for part in given)
    scores = query @ key.swapaxes(1, 2) / np.sqrt(3) + bias.numpy()[0]
    assert found.dtype == tf.float16
    np.testing.assert_allclose(found[:, :, 0], softmax(scores, -1) @ value, rtol=2e-2, atol=2e-2)


@pytest.mark.parametrize("name", ["query_mask", "value_mask", "key_mask"])
def test_attention_hides_by_masks_of_numbers(name: str) -> None:
    """Each beside one of flags."""
    layer = layers.MultiHeadAttention(2, 3, dtype="float64")
    flags = {mask: tf.constant(SHOWN > 0) for mask in ("query_mask", "value_mask", "key_mask")}
    expected = layer(STEPS, STEPS, STEPS, **flags)
    found = layer(STEPS, STEPS, STEPS, **flags | {name: tf.constant(SHOWN, "int32")})
    np.testing.assert_array_equal(found, expected)
