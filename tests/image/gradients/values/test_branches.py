"""Layers on the ways that their other rows never take: what is left out, given twice, or 16-bit."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from scipy.special import softmax

from gradients.tracing import traced
from gradients.values import attention
from gradients.values.attention import AFTER, KEYS, QUERIES, VALUES
from gradients.values.branches import ASKED, BRANCHES
from gradients.values.layers import NORMAL, Row, apply, normalized
from gradients.values.recurrent import MASK
from gradients.values.slopes import hold_slope
from gradients.values.test_layers import draw


@pytest.mark.parametrize("name", BRANCHES)
def test_layer_is_its_formula_on_other_ways(name: str) -> None:
    row = BRANCHES[name]
    layer, inputs, values = draw(name, row)
    found = apply(layer, row, inputs)
    np.testing.assert_allclose(
        found, row.reference(*inputs, *values), rtol=row.tolerance, atol=row.tolerance
    )
    hold_slope(row, layer, inputs, values)


#: Layers whose activation can be taken away, as is done for the logits of a model.
ACTIVE: dict[str, tuple[Callable[..., keras.Layer], tuple[int, ...]]] = {
    "Dense": (partial(layers.Dense, 3), (2, 4)),
    "EinsumDense": (partial(layers.EinsumDense, "ab,bc->ac", 3), (2, 4)),
    "Conv1D": (partial(layers.Conv1D, 3, 2), (2, 5, 4)),
    "Conv2D": (partial(layers.Conv2D, 3, 2), (2, 5, 4, 2)),
    "Conv2DTranspose": (partial(layers.Conv2DTranspose, 3, 2), (2, 5, 4, 2)),
    "DepthwiseConv2D": (partial(layers.DepthwiseConv2D, 2), (2, 5, 4, 2)),
    "SeparableConv2D": (partial(layers.SeparableConv2D, 3, 2), (2, 5, 4, 2)),
    "SimpleRNN": (partial(layers.SimpleRNN, 3), (2, 1, 4)),
}


@pytest.mark.parametrize("name", ACTIVE)
def test_without_its_activation_a_layer_gives_what_it_would_activate(name: str) -> None:
    make, shape = ACTIVE[name]
    inputs = np.random.default_rng(31).standard_normal(shape)
    layer = make(activation="tanh", dtype="float64")
    active = np.asarray(layer(inputs))
    (layer.cell if name == "SimpleRNN" else layer).activation = None
    np.testing.assert_allclose(np.tanh(layer(inputs)), active, rtol=1e-12)


@pytest.mark.parametrize("kind", ["Softmax", "Attention"])
def test_a_mask_hides_in_16_bits_too(kind: str) -> None:
    """Where the number that hides is another one."""
    random = np.random.default_rng(32)
    value = random.standard_normal((2, 5, 5)).astype("float16")
    scores = random.standard_normal((2, 5, 5)).astype("float16")
    shown = MASK[:, None]
    exact = softmax(np.where(shown, scores.astype(float), -np.inf), -1)
    if kind == "Softmax":
        found = layers.Softmax(dtype="float16")(scores, mask=np.broadcast_to(shown, scores.shape))
    else:
        # The keys are the unit vectors: the scores are the query.
        units = np.broadcast_to(np.eye(5, dtype="float16"), scores.shape)
        layer = layers.Attention(dtype="float16")
        found, exact = layer([scores, value, units], mask=[None, MASK]), exact @ value
    assert found.dtype == "float16"
    np.testing.assert_allclose(np.asarray(found, "float64"), exact, rtol=1e-2, atol=4e-3)


def test_in_16_bits_a_score_that_is_hidden_stays_finite() -> None:
    """Where all are, each counts the same: -65504 is the lowest number, and has no digits left."""
    random = np.random.default_rng(38)
    query, value = (random.standard_normal((2, 5, 5)).astype("float16") for _ in range(2))
    layer = layers.Attention(dtype="float16")
    found = layer([query, value], mask=[None, np.zeros((2, 5), bool)])
    mean = np.broadcast_to(value.astype(float).mean(1, keepdims=True), value.shape)
    np.testing.assert_allclose(np.asarray(found, "float64"), mean, atol=4e-3)


def of_any_size(call: Callable[..., Any], *inputs: np.ndarray) -> Any:
    """Return what a function computes that is told no size but the last before it is called."""
    kinds = [
        tf.TensorSpec((*[None] * (part.ndim - 1), part.shape[-1]), part.dtype) for part in inputs
    ]
    return traced(call, input_signature=kinds)(*inputs)


def test_a_mask_of_any_size_is_a_mask() -> None:
    layer, values = (
        layers.Softmax(axis=0, dtype="float64"),
        -3e3 * np.random.default_rng(33).random((5, 2)),
    )
    expected = softmax(np.where(MASK.T, values, -np.inf), 0)
    found = of_any_size(lambda x, mask: layer(x, mask=mask), values, MASK.T)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    found = of_any_size(lambda x: layer(x, mask=MASK.T), values)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("axis", [-1, (0, 1)])
def test_where_all_is_hidden_nothing_is_shown(axis: Any) -> None:
    """Not even by halves."""
    shown = np.zeros((2, 3), bool) if axis != -1 else np.array([[0, 0, 0], [1, 0, 1]], bool)
    found = layers.Softmax(axis=axis, dtype="float64")(np.ones((2, 3)), mask=shown)
    np.testing.assert_allclose(found, shown / 2, rtol=1e-12)


#: Whose root float32 has.
SIZE = 64


@pytest.mark.parametrize("kind", ["Attention", "MultiHeadAttention", "GroupQueryAttention"])
@pytest.mark.parametrize("masked", [False, True], ids=["all", "masked"])
def test_attention_drops_its_weights(kind: str, *, masked: bool) -> None:
    """In training alone: a weight is 0, or itself over the part that is kept, if it is shown."""
    random, units = np.random.default_rng(34), np.broadcast_to(np.eye(SIZE), (3, SIZE, SIZE))
    query = random.standard_normal(units.shape)
    shown = random.random((3, SIZE)) < (0.7 if masked else 2)
    scores = query
    if kind == "Attention":
        layer: keras.Layer = layers.Attention(dropout=0.25, seed=1, dtype="float64")
        call = partial(layer, [query, units, units], mask=[None, shown])
    else:
        # The kernels are unit matrices: what comes out are the weights. A key has zeros besides.
        wide = 4 * SIZE if kind == "MultiHeadAttention" else SIZE
        sizes = (1, wide, SIZE) if kind == "MultiHeadAttention" else (SIZE, 1, 1)
        options = {"dropout": 0.25, "use_bias": False, "seed": 1, "dtype": "float64"}
        layer = getattr(layers, kind)(*sizes, **options)
        layer.build(query.shape, units.shape)
        units_of = (np.eye(SIZE, w.size // SIZE).reshape(w.shape) for w in layer.get_weights())
        layer.set_weights(list(units_of))
        call = partial(
            layer, query, units, attention_mask=shown[:, None] & np.ones((SIZE, 1), bool)
        )
        scores = query / np.sqrt(wide)
    whole = softmax(np.where(shown[:, None], scores, -np.inf), -1)
    np.testing.assert_allclose(call(), whole, rtol=1e-12)
    found, weights = map(np.asarray, call(training=True, return_attention_scores=True))
    kept = found > 0
    np.testing.assert_allclose(found[kept], whole[kept] / 0.75, rtol=1e-12)
    part = kept[whole > 0]
    assert abs(part.mean() - 0.75) < 5 * np.sqrt(0.25 * 0.75 / part.size)
    # Several heads give the scores as they are before any is dropped.
    given = found if kind == "Attention" else whole
    np.testing.assert_allclose(weights.reshape(whole.shape), given, rtol=1e-12)


def masked(values: np.ndarray, mask: np.ndarray) -> Any:
    """Return a tensor that brings its mask, as layers hand it on."""
    tensor = keras.ops.convert_to_tensor(values)
    tensor._keras_mask = keras.ops.convert_to_tensor(mask)
    return tensor


@pytest.mark.parametrize("every", [False, True])
def test_attention_leaves_out_what_its_query_hides(*, every: bool) -> None:
    """By the mask that the query brings, which the output brings on."""
    whole = ASKED & np.ones((2, 3, 4), bool)
    row = Row(partial(layers.MultiHeadAttention, 2, 4), attention.heads, ((2, 3, 5), (2, 4, 5)))
    call = {}
    if every:
        whole = ASKED & VALUES[:, None] & KEYS[:, None] & AFTER
        call = {"value_mask": VALUES, "key_mask": KEYS, "use_causal_mask": True}
    layer, (query, value), weights = draw("hidden", row)
    found = layer(masked(query, QUERIES), value, **call)
    np.testing.assert_array_equal(found._keras_mask, QUERIES)
    expected = attention.heads(query, value, *weights, mask=whole)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_attention_forgets_a_mask_that_it_is_given_for_the_query() -> None:
    row = Row(partial(layers.MultiHeadAttention, 2, 4), attention.heads, ((2, 3, 5), (2, 4, 5)))
    layer, inputs, weights = draw("hidden", row)
    found = layer(*inputs, query_mask=QUERIES)
    assert not hasattr(found, "_keras_mask"), "no longer wrong: remove the record"
    np.testing.assert_allclose(found, attention.heads(*inputs, *weights), rtol=1e-12)
    pytest.xfail("Keras's MultiHeadAttention puts the query's own mask, or none, for `query_mask`")


@pytest.mark.parametrize("kind", [layers.MultiHeadAttention, layers.GroupQueryAttention])
def test_attention_refuses_a_gpus_kernel(kind: type[keras.Layer]) -> None:
    """Whatever the device, since TensorFlow has none of it."""
    sizes = (2, 4) if kind is layers.MultiHeadAttention else (4, 4, 2)
    query = np.ones((2, 3, 5), "float32")
    with pytest.raises(ValueError, match="Flash attention is not supported in tensorflow"):
        kind(*sizes, flash_attention=True)(query, query)


def test_a_slope_by_its_old_name_is_the_slope() -> None:
    with pytest.warns(UserWarning, match="Argument `alpha` is deprecated"):
        layer = layers.LeakyReLU(alpha=0.25, dtype="float64")
    np.testing.assert_array_equal(layer(np.array([-2.0, 3.0])), [-0.5, 3])


def test_a_norm_by_its_old_name_keeps_the_mean() -> None:
    """It divides by the deviation, as it says, and has a gain and no bias."""
    inputs = np.random.default_rng(36).standard_normal((3, 6))
    said = "You passed `rms_scaling=True`, which is deprecated"
    with pytest.warns(UserWarning, match=said):
        layer = layers.LayerNormalization(rms_scaling=True, scale=False, dtype="float64", **NORMAL)
    with pytest.warns(UserWarning, match=said):
        found = layer(inputs)
    assert [weight.name for weight in layer.weights] == ["gamma"]
    expected = inputs / np.sqrt(inputs.var(-1, keepdims=True) + 0.25)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("given", ["array", "list"])
def test_an_embedding_begins_as_its_weights(given: str) -> None:
    """They may stand in a list; a length is of no use any more, and is said to be."""
    table = np.random.default_rng(37).standard_normal((5, 3))
    weights: Any = [table] if given == "list" else table
    with pytest.warns(UserWarning, match="Argument `input_length` is deprecated"):
        layer = layers.Embedding(5, 3, weights=weights, input_length=2, dtype="float64")
    layer.build()
    for kind in ("int32", "int64", "float32"):
        np.testing.assert_array_equal(layer(np.array([[4, 0]], kind)), table[[[4, 0]]])


def test_a_reversible_embedding_hands_on_its_mask() -> None:
    layer = layers.ReversibleEmbedding(5, 3, mask_zero=True)
    found = layer(np.array([[4, 0]]))
    np.testing.assert_array_equal(found._keras_mask, [[True, False]])
    np.testing.assert_array_equal(found, layer.embeddings.numpy()[[[4, 0]]])


def test_groups_of_any_size_are_normalized() -> None:
    layer = layers.GroupNormalization(2, dtype="float64", **NORMAL)
    layer.build((None, None, 4))
    inputs = np.random.default_rng(39).standard_normal((2, 5, 4))
    parts = [normalized(part, (1, 2), 0.25) for part in np.split(inputs, 2, -1)]
    np.testing.assert_allclose(of_any_size(layer, inputs), np.concatenate(parts, -1), rtol=1e-12)


@pytest.mark.parametrize("kind", ["float64", "int32"])
def test_an_embedding_is_divided_by_its_norm(kind: str) -> None:
    """A wrapped layer that is built already keeps its weights."""
    inner = layers.Embedding(4, 3, dtype="float64")
    inner.build()
    inner.set_weights([np.random.default_rng(40).standard_normal((4, 3))])
    expected = inner.embeddings.numpy() / np.linalg.norm(inner.embeddings.numpy(), 2)
    layer = layers.SpectralNormalization(inner, power_iterations=60, dtype="float64")
    found = layer(np.array([[0, 3]], kind), training=True)
    np.testing.assert_allclose(inner.embeddings.numpy(), expected, rtol=1e-9)
    if kind == "float64":
        np.testing.assert_allclose(found[0], expected[[0, 3]], rtol=1e-9)
        return
    assert found.dtype == kind, "no longer wrong: remove the record"
    np.testing.assert_array_equal(found[0], expected[[0, 3]].astype(kind))
    pytest.xfail("Keras's SpectralNormalization makes an embedding whole numbers, as its ids are")


def test_alpha_dropout_drops_by_its_shape() -> None:
    """Whole columns here: each is all one, or all the lowest value."""
    layer = layers.AlphaDropout(0.5, noise_shape=(None, 1, 50), seed=1, dtype="float64")
    found = np.asarray(layer(np.ones((4, 6, 50)), training=True))
    assert (found == found[:, :1]).all()
    low, high = np.unique(found)
    # SELU's lowest value, then moved so that a mean of 0 and a variance of 1 would stay.
    least = -1.6732632423543772 * 1.0507009873554805
    scale = (0.5 + 0.5 * least**2 * 0.5) ** -0.5
    shift = -scale * least * 0.5
    np.testing.assert_allclose([low, high], [scale * least + shift, scale + shift], rtol=1e-6)


@pytest.mark.parametrize("rank", [2, 3])
def test_spatial_dropout_drops_whole_channels_that_come_first(rank: int) -> None:
    kind = getattr(layers, f"SpatialDropout{rank}D")
    layer = kind(0.5, data_format="channels_first", seed=1)
    found = layer(np.ones((2, 40, *[3] * rank), "float32"), training=True).numpy()
    channels = found.reshape(2, 40, -1)
    assert (channels == channels[..., :1]).all()
    np.testing.assert_array_equal(np.unique(channels), [0, 2])


def test_a_value_that_is_masked_may_be_read_from_a_model() -> None:
    """Where it is a tensor: as a saved model has it."""
    saved = keras.saving.serialize_keras_object(tf.constant(0.5, "float64"))
    layer = layers.Masking(mask_value=saved, dtype="float64")
    values = np.array([[[0.5, 0.5], [0.5, 1.0]]])
    np.testing.assert_array_equal(layer.compute_mask(values), [[False, True]])
