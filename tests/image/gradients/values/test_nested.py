"""Layers in layers: the type that each computes in, their masks and losses, what is trained."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops, regularizers

_random = np.random.default_rng(93)
STEPS = _random.standard_normal((2, 4, 3)).astype("float32")
SHOWN = np.array([[1, 1, 0, 1], [0, 1, 1, 0]], bool)
OTHER = np.array([[0, 1, 1, 1], [1, 1, 0, 0]], bool)
#: No type of 16 bits has this number.
FINE = 1.2345678


def masked(values: np.ndarray, mask: np.ndarray) -> Any:
    """Return a tensor that brings its mask."""
    tensor = ops.convert_to_tensor(values)
    tensor._keras_mask = ops.convert_to_tensor(mask)
    return tensor


class Around(layers.Layer):
    """A layer around another."""

    def __init__(self, inner: keras.Layer, **options: Any) -> None:
        super().__init__(**options)
        self.inner, self.supports_masking = inner, True

    def build(self, shape: Any) -> None:
        """Build what is inside."""
        self.inner.build(shape)

    def call(self, x: Any, **options: Any) -> Any:
        """Call it."""
        return self.inner(x, **options)


class Weight(layers.Layer):
    """A layer that returns its weight, as it sees it, times what it is given, as it sees that."""

    def __init__(self, cast: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.cast = cast

    def build(self, shape: Any) -> None:
        """Make the weight."""
        self.weight = self.add_weight(
            shape=(), initializer=keras.initializers.Constant(FINE), autocast=self.cast
        )

    def call(self, x: Any) -> Any:
        """Return both, in float64."""
        seen = ops.convert_to_tensor(self.weight)
        return ops.cast(seen, "float64"), ops.cast(x, "float64")


#: By name: what is around, what is inside, which type its weight has there, and its inputs.
TYPES: dict[str, tuple[dict[str, Any], dict[str, Any], str, str]] = {
    "alike": ({"dtype": "mixed_float16"}, {"dtype": "mixed_float16"}, "float16", "float16"),
    "whole in half": ({"dtype": "mixed_float16"}, {"dtype": "float32"}, "float32", "float32"),
    "half in whole": ({"dtype": "float32"}, {"dtype": "mixed_float16"}, "float16", "float16"),
    "half in half": (
        {"dtype": "mixed_bfloat16"},
        {"dtype": "mixed_float16"},
        *("float16", "float16"),
    ),
    "not cast": (
        {"dtype": "mixed_float16"},
        {"dtype": "mixed_float16", "autocast": False},
        *("float32", "float16"),
    ),
    "a weight not cast": (
        {"dtype": "mixed_float16"},
        {"dtype": "mixed_float16", "cast": False},
        *("float32", "float16"),
    ),
    "none around": ({"dtype": "float64"}, {"dtype": "mixed_bfloat16"}, "bfloat16", "bfloat16"),
}


@pytest.mark.parametrize("name", TYPES)
def test_a_weight_has_the_type_that_its_layer_computes_in(name: str) -> None:
    """Not that of the layer around it, nor is it rounded where it need not be."""
    around, inside, weight, given = TYPES[name]
    layer = Around(Weight(**inside), **around)
    first = tf.cast(tf.fill([2, 3], FINE), given if around["dtype"] != "float64" else "float64")
    seen, inputs = layer(first)
    assert float(seen) == float(tf.cast(tf.cast(tf.constant(FINE), weight), "float64"))
    expected = tf.cast(tf.cast(tf.cast(first, layer.compute_dtype), given), "float64")
    np.testing.assert_array_equal(inputs, expected)


class Both(layers.Layer):
    """A layer of two inputs and two outputs."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.supports_masking = True

    def call(self, query: Any, value: Any, query_mask: Any = None, value_mask: Any = None) -> Any:
        """Return what is shown of either."""
        return [
            x if mask is None else ops.where(mask[..., None], x, 0)
            for x, mask in ((query, query_mask), (value, value_mask))
        ]

    def compute_mask(self, query: Any, previous: Any = None) -> Any:
        """Return a mask of each."""
        return [SHOWN, OTHER]


def test_each_input_has_its_mask() -> None:
    """That which it brings; one that is given takes its place."""
    pair = masked(STEPS, SHOWN), masked(-STEPS, OTHER)
    one, other = Both()(*pair)
    np.testing.assert_array_equal(one, STEPS * SHOWN[..., None])
    np.testing.assert_array_equal(other, -STEPS * OTHER[..., None])
    one, other = Both()(*pair, value_mask=SHOWN)
    np.testing.assert_array_equal(one, STEPS * SHOWN[..., None])
    np.testing.assert_array_equal(other, -STEPS * SHOWN[..., None])
    one, other = Both()(pair[0], -STEPS)
    np.testing.assert_array_equal(other, -STEPS)


class Unchanged(Both):
    """The same, of which the first output is the first input."""

    def call(self, query: Any, value: Any) -> Any:
        """Return both."""
        return [query, value + 0]


def test_each_output_has_its_mask() -> None:
    """One that an output has already stays, and the other gets its own."""
    for first in (STEPS, masked(STEPS, ~SHOWN)):
        brought = getattr(first, "_keras_mask", SHOWN)
        one, other = Unchanged()(first, STEPS)
        np.testing.assert_array_equal(one._keras_mask, brought)
        np.testing.assert_array_equal(other._keras_mask, OTHER)


IDS = np.array([[1, 0, -1, 0]])


def one() -> Any:
    """Return steps of which some are hidden."""
    return masked(STEPS, SHOWN)


def two() -> Any:
    """Return the same, of which others are."""
    return masked(STEPS, OTHER)


#: By name: what is called, and the mask of what it gives.
HANDED: dict[str, tuple[Callable[[], Any], Any]] = {
    "Attention": (lambda: layers.Attention()([one(), two()]), SHOWN),
    "AdditiveAttention": (lambda: layers.AdditiveAttention()([one(), two(), STEPS]), SHOWN),
    "Attention of what is not masked": (lambda: layers.Attention()([STEPS, two()]), None),
    "MultiHeadAttention": (lambda: layers.MultiHeadAttention(1, 2)(one(), two()), SHOWN),
    "GroupQueryAttention": (lambda: layers.GroupQueryAttention(2, 2, 1)(one(), two()), SHOWN),
    "LSTM": (lambda: layers.LSTM(2, return_sequences=True)(one()), SHOWN),
    "LSTM, its last": (lambda: layers.LSTM(2)(one()), None),
    "Bidirectional": (
        lambda: layers.Bidirectional(layers.GRU(2, return_sequences=True))(one()),
        SHOWN,
    ),
    "TimeDistributed": (lambda: layers.TimeDistributed(layers.Dense(2))(one()), SHOWN),
    "Embedding": (lambda: layers.Embedding(3, 2, mask_zero=True)(IDS), IDS != 0),
    "Embedding, all": (lambda: layers.Embedding(3, 2)(IDS), None),
    "Add": (lambda: layers.Add()([one(), one(), two()]), SHOWN | OTHER),
    "Add of what is not masked": (lambda: layers.Add()([one(), STEPS]), None),
    "Maximum": (lambda: layers.Maximum()([one(), one(), two()]), SHOWN | OTHER),
    "Concatenate": (
        lambda: layers.Concatenate(axis=1)([one(), two()]),
        np.concatenate([SHOWN, OTHER], 1),
    ),
    "Dot": (lambda: layers.Dot(2)([one(), two()]), None),
    "Softmax": (lambda: layers.Softmax(axis=1)(masked(STEPS[..., 0], SHOWN)), SHOWN),
    "EinsumDense": (lambda: layers.EinsumDense("abc,cd->abd", (4, 2))(one()), None),
    "GlobalAveragePooling1D": (lambda: layers.GlobalAveragePooling1D()(one()), None),
}


@pytest.mark.filterwarnings("ignore:.*does not support masking")
@pytest.mark.parametrize("name", HANDED)
def test_what_is_given_has_its_mask(name: str) -> None:
    call, mask = HANDED[name]
    found = getattr(call(), "_keras_mask", None)
    assert (found is None) == (mask is None)
    if mask is not None:
        np.testing.assert_array_equal(found, mask)


def test_a_layer_that_knows_no_masks_hands_none_on() -> None:
    with pytest.warns(UserWarning, match="does not support masking"):
        found = Weight()(masked(STEPS, SHOWN))
    assert not hasattr(found[1], "_keras_mask")


def test_a_kernel_with_a_zero_is_divided_by_its_norm() -> None:
    """Only one that is nothing but zeros has none."""
    layer = layers.SpectralNormalization(layers.Dense(2, use_bias=False))
    layer.build((None, 3))
    kernel = np.array([[3, 0], [1, 2], [0, -1]], "float32")
    for given, divided in ((kernel, kernel / np.linalg.norm(kernel, 2)), (0 * kernel, 0 * kernel)):
        for _ in range(12):  # each goes on from the direction of the one before
            layer.layer.kernel.assign(given)
            layer(STEPS[0], training=True)
        np.testing.assert_allclose(layer.layer.kernel.numpy(), divided, rtol=1e-3, atol=1e-6)


class Losing(layers.Layer):
    """A layer that adds losses: of its inputs, and one that never changes."""

    def call(self, x: Any) -> Any:
        """Return what is given."""
        self.add_loss(ops.sum(x))
        self.add_loss([ops.convert_to_tensor(2.0), ops.max(x)])
        return 2 * x


def test_losses_are_those_of_the_last_call() -> None:
    """Of each layer, as often as it is called; penalties of weights that are trained come last."""
    shared, dense = Losing(), layers.Dense(2, kernel_regularizer="l2", bias_regularizer="l1")
    inputs = keras.Input((4, 3))
    model = keras.Model(inputs, dense(shared(Around(shared)(inputs))))
    for values in (STEPS, 3 * STEPS):
        model(values)
        penalty = 0.01 * (dense.kernel.numpy() ** 2).sum()
        each = [f(k * values) if f else 2 for k in (1, 2) for f in (np.sum, None, np.max)]
        np.testing.assert_allclose(model.losses, [*each, penalty, 0], rtol=1e-5)
    dense.trainable = False
    model(STEPS)
    assert len(model.losses) == 6
    assert dense.losses == []


def test_losses_are_found_at_any_depth() -> None:
    layer = Around(Around(Around(Losing())))
    for values in (STEPS, -STEPS):
        layer(values)
        found = layer.losses
        found += layer.stateless_call([], [], values, return_losses=True)[-1]
        np.testing.assert_allclose(found, 2 * [values.sum(), 2, values.max()], rtol=1e-5)


def test_what_a_layer_gives_costs_by_its_samples() -> None:
    """Each of its outputs; a number has no samples."""
    layer = Weight(activity_regularizer=regularizers.L1(0.5), dtype="float64")
    layer(np.tile(STEPS, (550, 1, 1)))
    expected = [0.5 * np.float32(FINE), 0.5 * np.abs(STEPS).sum() / 2]
    np.testing.assert_allclose(layer.losses, expected, rtol=1e-6)


def test_a_call_that_keeps_nothing_returns_what_it_would_keep() -> None:
    """What it is given stands for the layer's own variables, which stay; losses, if asked."""
    layer = Around(layers.BatchNormalization(gamma_regularizer=regularizers.L2(0.5), momentum=0.75))
    layer.build(STEPS.shape)
    gamma, beta = np.array([[1.0, 2, 3], [0.5, -1, 2]], "float32")
    before = [np.full(3, 0.25, "float32"), np.full(3, 2.0, "float32")]
    found, after, losses = layer.stateless_call(
        [gamma, beta], before, STEPS, training=True, return_losses=True
    )
    mean, variance = STEPS.mean((0, 1)), STEPS.var((0, 1))
    expected = (STEPS - mean) / np.sqrt(variance + 1e-3) * gamma + beta
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    for one, old, new in zip(after, before, (mean, variance), strict=True):
        np.testing.assert_allclose(one, 0.75 * old + 0.25 * new, rtol=1e-5)
    np.testing.assert_allclose(losses, [0.5 * (gamma**2).sum()], rtol=1e-6)
    np.testing.assert_array_equal(layer.inner.moving_mean.numpy(), np.zeros(3))
    found, after = layer.stateless_call([gamma, beta], before, STEPS, training=False)
    expected = (STEPS - before[0]) / np.sqrt(before[1] + 1e-3) * gamma + beta
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_what_is_frozen_is_not_trained() -> None:
    """All that is inside, what is made later, too, and all again once it is thawed."""
    inner = layers.BatchNormalization()
    layer = Around(Around(inner))
    layer.trainable = False
    layer(STEPS)
    assert layer.trainable_variables == []
    assert not any(part.trainable for part in (inner, *inner.variables))
    assert len(layer.non_trainable_variables) == 4
    layer.trainable = True
    assert [variable.name for variable in layer.trainable_variables] == ["gamma", "beta"]
    assert len(layer.non_trainable_variables) == 2
    inner.trainable = False
    assert layer.trainable_variables == []
    before = inner.moving_mean.numpy()
    layer(STEPS, training=True)
    np.testing.assert_array_equal(inner.moving_mean.numpy(), before)
