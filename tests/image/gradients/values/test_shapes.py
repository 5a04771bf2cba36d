"""Layers on what has no size, axis or name yet, and what they say of themselves."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from keras.src.layers.merging.dot import batch_dot

from gradients.tracing import traced

_random = np.random.default_rng(71)
ONE, OTHER = (_random.standard_normal((2, 3, 4)) for _ in range(2))


@pytest.mark.parametrize(
    ("shapes", "axes", "equation"),
    [
        (((2, 3), (2, 3)), None, "bi,bi->b"),
        (((2, 3, 4), (2, 4, 5)), None, "bij,bjk->bik"),
        (((2, 3, 4), (2, 4)), None, "bij,bj->bi"),
        (((2, 3, 4), (2, 5, 4)), 2, "bij,bkj->bik"),
        (((2, 3, 4), (2, 5, 4)), (-1, -1), "bij,bkj->bik"),
        (((2, 3), (2, 4, 3)), (1, -1), "bj,bij->bi"),
    ],
)
def test_a_product_of_batches_is_a_sum(shapes: Any, axes: Any, equation: str) -> None:
    """Over the axes that are named, from the front or from behind, or over the usual ones."""
    pair = [_random.standard_normal(shape) for shape in shapes]
    expected = np.einsum(equation, *pair)
    found = np.asarray(batch_dot(*map(tf.constant, pair), axes=axes))
    np.testing.assert_allclose(found.reshape(expected.shape), expected, rtol=1e-12)

    @traced(input_signature=[tf.TensorSpec([None] * len(s), "float64") for s in shapes])
    def unknown(x: Any, y: Any) -> Any:
        return batch_dot(x, y, axes=axes)

    np.testing.assert_allclose(unknown(*pair), found, rtol=1e-12)


#: By name: a layer of two tensors, what each is told of its size, and what it gives.
MERGED: dict[str, tuple[keras.Layer, tuple[Any, Any], Any]] = {
    "Add": (layers.Add(dtype="float64"), ((None, None, 4), (None, 3, None)), np.add),
    "Add_alike": (layers.Add(dtype="float64"), ((None, 4), (None, 4)), np.add),
    "Multiply": (layers.Multiply(dtype="float64"), ((None, 3, 4), (None, None, None)), np.multiply),
    "Concatenate": (
        layers.Concatenate(1, dtype="float64"),
        ((None, None, 4), (None, 3, 4)),
        lambda a, b: np.concatenate([a, b], 1),
    ),
    "Concatenate_behind": (
        layers.Concatenate(dtype="float64"),
        ((None, None, 4), (None, 3, None)),
        lambda a, b: np.concatenate([a, b], -1),
    ),
    "Dot": (
        layers.Dot(-1, normalize=True, dtype="float64"),
        ((None, 3, 4), (None, None, 4)),
        lambda a, b: np.einsum(
            "bij,bkj->bik",
            a / np.linalg.norm(a, axis=-1, keepdims=True),
            b / np.linalg.norm(b, axis=-1, keepdims=True),
        ),
    ),
}


@pytest.mark.parametrize("name", MERGED)
def test_what_is_merged_needs_no_size(name: str) -> None:
    layer, shapes, expected = MERGED[name]
    pair = (ONE[:, 0], OTHER[:, 0]) if len(shapes[0]) == 2 else (ONE, OTHER)
    given = [keras.Input(batch_shape=shape, dtype="float64") for shape in shapes]
    said = layer(given)
    exact = expected(*pair)
    known = layer.compute_output_shape(list(shapes))
    for shape in (said.shape, known):
        assert [a for a in shape if a] == [b for a, b in zip(shape, exact.shape, strict=True) if a]
    np.testing.assert_allclose(keras.Model(given, said)(list(pair)), exact, rtol=1e-12)


@pytest.mark.parametrize("kind", ["Add", "Concatenate"])
def test_what_is_merged_may_have_one_size_twice(kind: str) -> None:
    """A row of ones is spread over the other; a batch may be told of one alone."""
    layer = layers.Add(dtype="float64") if kind == "Add" else layers.Concatenate(dtype="float64")
    given = [keras.Input(batch_shape=shape, dtype="float64") for shape in ((2, 3, 4), (None, 3, 4))]
    expected = ONE + OTHER if kind == "Add" else np.concatenate([ONE, OTHER], -1)
    np.testing.assert_allclose(keras.Model(given, layer(given))([ONE, OTHER]), expected, rtol=1e-12)


def halved(x: Any, mask: Any = None, training: bool = False, by: float = 2.0) -> Any:
    """Return a part of the numbers, where the mask shows them; in training all of them."""
    shown = x if mask is None else keras.ops.where(mask[..., None], x, 0)
    return shown if training else shown / by


def test_a_function_of_ones_own_is_told_what_it_asks_for() -> None:
    """The mask, whether it is trained, and what is given beside: from the layer, and saved."""
    shown = np.array([[1, 0, 1], [0, 1, 1]], bool)
    layer = layers.Lambda(
        halved,
        output_shape=(3, 4),
        mask=lambda x, mask=None: mask,
        arguments={"by": 4.0},
        dtype="float64",
    )
    tensor = tf.constant(ONE)
    np.testing.assert_allclose(layer(tensor), ONE / 4, rtol=1e-12)
    found = layer(tensor, mask=shown, training=True)
    np.testing.assert_array_equal(found, ONE * shown[..., None])
    assert layer.compute_output_shape((2, 3, 4)) == (2, 3, 4)
    np.testing.assert_array_equal(layer.compute_mask(tensor, shown), shown)
    scope = {"halved": halved}
    again = layers.Lambda.from_config(layer.get_config(), custom_objects=scope, safe_mode=False)
    np.testing.assert_allclose(again(tensor), ONE / 4, rtol=1e-12)


def test_a_function_without_a_name_is_saved_for_who_trusts_it() -> None:
    """Its shapes, too; without trust it is not read."""
    layer = layers.Lambda(lambda x: x * 3, output_shape=lambda shape: shape, dtype="float64")
    config = layer.get_config()
    again = layers.Lambda.from_config(config, safe_mode=False)
    np.testing.assert_array_equal(again(ONE), ONE * 3)
    assert again.compute_output_shape((2, 3)) == (2, 3)
    with pytest.raises(ValueError, match="unsafe"):
        layers.Lambda.from_config(layer.get_config(), safe_mode=True)


@pytest.mark.parametrize(
    "options",
    [
        {"batch_shape": (2, 3)},
        {"shape": (3,), "batch_size": 2},
        {"input_tensor": keras.KerasTensor((2, 3), "float64"), "batch_size": 2, "shape": (3,)},
        {"input_tensor": keras.KerasTensor((2, 3), "float64"), "batch_shape": (2, 3)},
        {"input_tensor": keras.KerasTensor((2, 3), "float64"), "sparse": False},
    ],
)
def test_an_input_has_the_size_that_it_is_given(options: dict[str, Any]) -> None:
    layer = layers.InputLayer(dtype="float64", **options)
    assert layer.batch_shape == (2, 3)
    assert layer.output.shape == (2, 3)
    assert layer.output.dtype == "float64"
    config = {name: layer.get_config()[name] for name in ("batch_shape", "dtype", "sparse")}
    assert config == {"batch_shape": (2, 3), "dtype": "float64", "sparse": False}
    assert layer.call() is None


RATES = {
    "number": 0.25,
    "schedule": keras.optimizers.schedules.ExponentialDecay(0.25, 2, 0.5),
}


@pytest.mark.parametrize("name", RATES)
def test_a_rate_is_saved(name: str) -> None:
    optimizer = keras.optimizers.SGD(RATES[name])
    again = keras.optimizers.SGD.from_config(optimizer.get_config())
    assert float(again.learning_rate) == 0.25
    text = keras.optimizers.schedules.serialize(RATES["schedule"])
    assert float(keras.optimizers.schedules.deserialize(text)(2)) == 0.125


@pytest.mark.parametrize("kind", ["LayerNormalization", "BatchNormalization", "RMSNormalization"])
def test_a_norm_gives_what_it_takes_before_it_is_built(kind: str) -> None:
    for axis in (-1, 1):
        layer = getattr(layers, kind)(axis=axis)
        assert layer.compute_output_shape((None, 3, 4)) == (None, 3, 4)


def test_attention_says_what_it_was_made_with() -> None:
    layer = layers.MultiHeadAttention(2, 4, value_dim=3, dropout=0.25, attention_axes=(1,))
    layer(np.zeros((1, 3, 5), "float32"), np.zeros((1, 2, 5), "float32"))
    assert (layer.num_heads, layer.key_dim, layer.value_dim, layer.dropout) == (2, 4, 3, 0.25)
    assert (layer.use_bias, layer.attention_axes) == (True, (1,))
    kernels = [layer.query_dense, layer.key_dense, layer.value_dense, layer.output_dense]
    assert [dense.kernel.shape for dense in kernels] == [(5, 2, 4), (5, 2, 4), (5, 2, 3), (2, 3, 5)]


UNBUILT = {
    "Dense": layers.Dense(3),
    "EinsumDense": layers.EinsumDense("ab,bc->ac", 3),
    "Embedding": layers.Embedding(4, 3),
    "Conv1D": layers.Conv1D(3, 2),
}


@pytest.mark.parametrize("name", UNBUILT)
def test_what_is_not_built_has_nothing_to_save(name: str) -> None:
    """Nor does it take anything."""
    store: dict[str, np.ndarray] = {}
    UNBUILT[name].save_own_variables(store)
    assert store == {}
    UNBUILT[name].load_own_variables(store)
    assert UNBUILT[name].weights == []


def test_a_kernel_alone_is_saved() -> None:
    one, other = (layers.Conv1D(3, 2, use_bias=False) for _ in range(2))
    store: dict[str, np.ndarray] = {}
    for layer in (one, other):
        layer.build((None, 5, 4))
    one.save_own_variables(store)
    other.load_own_variables(store)
    np.testing.assert_array_equal(other.kernel.numpy(), one.kernel.numpy())


@pytest.mark.parametrize("kind", [layers.BatchNormalization, layers.GroupNormalization])
def test_a_norm_along_two_axes_says_its_shape(kind: Any) -> None:
    layer = kind()
    layer.axis = (1, 2)
    assert tuple(layer.compute_output_shape((None, 3, 4))) == (None, 3, 4)
    with pytest.raises(ValueError, match="Axis 2 is out of bounds"):
        layer.compute_output_shape((None, 3))


def test_a_reversible_embedding_says_its_shape() -> None:
    layer = layers.ReversibleEmbedding(6, 4)
    assert tuple(layer.compute_output_shape((2, 3))) == (2, 3, 4)
    assert tuple(layer.compute_output_shape((2, 4), reverse=True)) == (2, 6)
    assert layer(keras.Input((3,), dtype="int32")).shape == (None, 3, 4)
    assert layer(keras.Input((4,)), reverse=True).shape == (None, 6)
    assert layer.compute_mask(np.zeros((2, 3))) is None


def test_a_loss_says_its_options() -> None:
    loss = keras.losses.CTC(reduction="sum", name="alignments")
    config = loss.get_config()
    assert (config["reduction"], config["name"]) == ("sum", "alignments")
    assert keras.losses.CTC.from_config(config).get_config() == config
