"""What mutants of Keras's layers and losses showed that nothing else asked for."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, losses

from gradients.tracing import traced

_random = np.random.default_rng(31)
STEPS = _random.standard_normal((2, 6, 3))
SHOWN = np.array([[1, 1, 0, 1, 0, 0], [1, 0, 1, 1, 1, 0]], bool)
#: Layers that hand on which steps are hidden.
PASSING = {
    "GaussianNoise": {"stddev": 0.5},
    "GaussianDropout": {"rate": 0.5},
    "Dropout": {"rate": 0.5},
    "AlphaDropout": {"rate": 0.5},
    "ActivityRegularization": {"l2": 0.5},
    "Activation": {"activation": "tanh"},
    "LeakyReLU": {},
    "PReLU": {},
    "ELU": {},
    "ReLU": {},
    "UnitNormalization": {},
    "LayerNormalization": {},
    "BatchNormalization": {},
    "GroupNormalization": {"groups": 3},
    "Dense": {"units": 2},
    "Identity": {},
}
RECURRENT = {
    "SimpleRNN": (layers.SimpleRNN, STEPS),
    "LSTM": (layers.LSTM, STEPS),
    "GRU": (layers.GRU, STEPS),
    "ConvLSTM1D": (
        lambda units, **o: layers.ConvLSTM1D(units, 3, padding="same", **o),
        _random.standard_normal((2, 6, 5, 3)),
    ),
}


@pytest.mark.parametrize("name", PASSING)
def test_a_layer_hands_on_what_is_hidden(name: str) -> None:
    layer = getattr(layers, name)(**PASSING[name])
    hidden = layers.Masking()(np.where(SHOWN[..., None], STEPS, 0))
    np.testing.assert_array_equal(layer(hidden)._keras_mask, SHOWN)


@pytest.mark.parametrize("name", RECURRENT)
def test_a_layer_goes_on_from_states(name: str) -> None:
    """Both halves of a sequence, one after the other, are the whole."""
    make, inputs = RECURRENT[name]
    layer = make(4, return_sequences=True, return_state=True, dtype="float64")
    whole, *ends = layer(inputs)
    first, *states = layer(inputs[:, :2])
    other, *last = layer(inputs[:, 2:], initial_state=states)
    np.testing.assert_allclose(np.concatenate([first, other], 1), whole, rtol=1e-12)
    for one, end in zip(last, ends, strict=True):
        np.testing.assert_allclose(one, end, rtol=1e-12)


def test_zeros_for_what_is_hidden_stand_where_it_is_hidden() -> None:
    """Unrolled and backwards they stand in the order of the inputs, not of the outputs."""
    options = {"return_sequences": True, "go_backwards": True, "zero_output_for_mask": True}
    loop, unrolled = (layers.LSTM(4, dtype="float64", unroll=way, **options) for way in (0, 1))
    loop.build(STEPS.shape)
    unrolled.build(STEPS.shape)
    unrolled.set_weights(loop.get_weights())
    right, found = (layer(STEPS, mask=tf.constant(SHOWN)).numpy() for layer in (loop, unrolled))
    assert ((right == 0).all(-1) == ~SHOWN[:, ::-1]).all()
    # Before the first that is shown there is nothing to go on with.
    early = SHOWN[:, ::-1].cumsum(1) == 0
    wrong = (found == 0).all(-1) == ~SHOWN | early
    assert wrong.all(), "no longer so wrong: remove the record"
    pytest.xfail("Keras hides other steps than the mask, where a layer is unrolled backwards")


VECTOR, MATRIX = _random.standard_normal((2, 4)), _random.standard_normal((2, 4, 3))
BLOCK = _random.standard_normal((2, 4, 3, 5))
#: What is multiplied, along which axes, and what that is.
PRODUCTS: dict[str, tuple[Any, Any, Any, str]] = {
    "vectors": (VECTOR, VECTOR**2, 1, "bi,bi->b"),
    "vector, matrix": (VECTOR, MATRIX, 1, "bi,bij->bj"),
    "matrix, vector": (MATRIX, VECTOR, 1, "bij,bi->bj"),
    "matrix, vector behind": (MATRIX, MATRIX[:, 0] ** 2, -1, "bij,bj->bi"),
    "matrices": (MATRIX, MATRIX**2, (2, -1), "bij,bkj->bik"),
    "vector, block": (VECTOR, BLOCK, (1, 1), "bi,bijk->bjk"),
    "block, matrix": (BLOCK, MATRIX, (2, 2), "bijk,blj->bikl"),
    "matrix, other way": (MATRIX, MATRIX.swapaxes(1, 2) ** 2, (1, 2), "bij,bki->bjk"),
    "matrix, block": (MATRIX, BLOCK, (1, 1), "bij,bikl->bjkl"),
}


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("name", PRODUCTS)
def test_a_product_is_along_its_axes(name: str, *, normalize: bool) -> None:
    """Or the cosine, each along its own."""
    one, other, axes, meaning = PRODUCTS[name]
    found = layers.Dot(axes, normalize, dtype="float64")([one, other])
    if normalize:
        one, other = (
            x / np.linalg.norm(x, axis=axis, keepdims=True)
            for x, axis in zip((one, other), np.broadcast_to(axes, 2), strict=True)
        )
    expected = np.einsum(meaning, one, other)
    np.testing.assert_allclose(tf.squeeze(found), expected, rtol=1e-12, atol=1e-12)
    if expected.ndim > 1:
        assert found.shape == expected.shape


def test_statistics_stay_in_float32_beside_half_numbers() -> None:
    """With mixed precision what is kept is not rounded to 16 bits on its way."""
    layer = layers.BatchNormalization(momentum=0.75, dtype="mixed_float16")
    inputs = (3 + STEPS).astype("float16")
    layer.build(inputs.shape)
    layer.moving_mean.assign([0.12345678, 1.2345678, 12.345678])
    layer(inputs, training=True)
    mean = inputs.astype("float64").mean((0, 1))
    expected = 0.75 * np.float32([0.12345678, 1.2345678, 12.345678]) + 0.25 * mean
    np.testing.assert_allclose(layer.moving_mean, expected, rtol=1e-6)


def test_renormalization_stays_in_float32_beside_half_numbers() -> None:
    kept = np.float32([0.12345678, 1.2345678, 12.345678])
    layer = layers.BatchNormalization(renorm=True, renorm_momentum=0.75, dtype="mixed_float16")
    inputs = (3 + STEPS).astype("float16")
    layer.build(inputs.shape)
    of_all = inputs.astype("float64")
    moments = {
        "renorm_mean": of_all.mean((0, 1)),
        "renorm_stddev": np.sqrt(of_all.var((0, 1)) + layer.epsilon),
    }
    for name in moments:
        getattr(layer, name).assign(kept)
    layer(inputs, training=True)
    for name, moment in moments.items():
        np.testing.assert_allclose(getattr(layer, name), 0.75 * kept + 0.25 * moment, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_attention_hides_in_every_type(dtype: str) -> None:
    """The least score is one that the type has: what is hidden counts exactly 0."""
    query, value = (x.astype("float32") for x in (STEPS, 1 + STEPS[:, ::-1]))
    layer = layers.Attention(dtype=dtype)
    assert not layer.variables, "without dropout and scale it keeps nothing"
    mask = [None, tf.constant(SHOWN)]
    _, scores = layer([query, value], mask=mask, return_attention_scores=True)
    scores = tf.cast(scores, "float64").numpy()
    assert np.isfinite(scores).all()
    assert (scores[~np.repeat(SHOWN[:, None], 6, 1)] == 0).all()
    np.testing.assert_allclose(scores.sum(-1), 1, atol=2e-2)


def test_normalization_of_groups_knows_no_sizes() -> None:
    """The axis of channels is not the last, and all sizes but its own are unknown."""
    layer = layers.GroupNormalization(groups=2, axis=-2, epsilon=0.25, dtype="float64")
    inputs = _random.standard_normal((2, 5, 4, 3))
    layer.build(inputs.shape)
    known = traced(layer, input_signature=[tf.TensorSpec([None, None, 4, None], tf.float64)])
    groups = inputs.reshape(2, 5, 2, 2, 3)
    mean, variance = (f(groups, (1, 3, 4), keepdims=True) for f in (np.mean, np.var))
    expected = ((groups - mean) / np.sqrt(variance + 0.25)).reshape(inputs.shape)
    np.testing.assert_allclose(known(inputs), expected, rtol=1e-12, atol=1e-12)


def test_a_column_beside_a_matrix_loses_its_axis() -> None:
    """Each sample's loss is the mean over its numbers, however the targets' last axis looks."""
    targets, given = _random.standard_normal((2, 4, 3))
    expected = ((targets - given) ** 2).mean(-1)
    for pair in ((targets[..., None], given), (targets, given[..., None])):
        found = losses.MeanSquaredError(reduction=None, dtype="float64")(*pair)
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    column = losses.MeanSquaredError(reduction=None, dtype="float64")(targets[:, 0], given[:, :1])
    np.testing.assert_allclose(column, (targets[:, 0] - given[:, 0]) ** 2, rtol=1e-12)


def test_a_loss_of_a_structure_has_each_part_fitted() -> None:
    """A function of several targets gets each beside its own prediction, of the same rank."""

    def both(targets: Any, given: Any) -> Any:
        return (targets["a"] - given["a"]) ** 2 + 3 * (targets["b"] - given["b"]) ** 2

    wrapper = keras.src.losses.losses.LossFunctionWrapper
    one, other, a, b = _random.standard_normal((4, 5))
    found = wrapper(both, reduction="sum", dtype="float64")(
        {"a": one, "b": other[:, None]}, {"a": a[:, None], "b": b}
    )
    np.testing.assert_allclose(found, ((one - a) ** 2 + 3 * (other - b) ** 2).sum(), rtol=1e-12)


def test_an_ignored_class_has_no_loss() -> None:
    """As the function is called, without a class that takes a mean by its mask."""
    shares = np.array([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]])
    found = losses.sparse_categorical_crossentropy(np.array([0, 1, 2]), shares, ignore_class=1)
    np.testing.assert_allclose(found, -np.log([0.5, 1, 0.6]), rtol=1e-6)


WEIGHTS, GIVEN = _random.standard_normal((7, 3)), _random.standard_normal((4, 3))
BIASES = _random.standard_normal(7)
LABELS = np.array([[1, 2], [4, 0], [6, 5], [2, 3]])
DRAWN = np.array([4, 0, 3])
CHANCES, OTHERS = _random.uniform(0.1, 0.9, (4, 2)), _random.uniform(0.1, 0.9, 3)


def sampled_logits(*, hits: bool) -> np.ndarray:
    """Return those of two labels and of what was drawn, corrected by how likely it was."""
    logits = GIVEN @ WEIGHTS.T + BIASES
    true = np.take_along_axis(logits, LABELS, 1) - np.log(CHANCES)
    drawn = logits[:, DRAWN] - np.log(OTHERS)
    if not hits:
        drawn = np.where((DRAWN[:, None] == LABELS[:, None]).any(-1), -np.inf, drawn)
    return np.concatenate([true, drawn], 1)


def sampled(loss: Any, **options: Any) -> tf.Tensor:
    """Return a loss of them."""
    samples = tuple(map(tf.constant, (DRAWN, CHANCES, OTHERS)))
    halves = [WEIGHTS[:4], WEIGHTS[4:]] if options.pop("halves", False) else WEIGHTS
    return loss(
        *(halves, BIASES, LABELS, GIVEN, 3, 7),
        num_true=2,
        sampled_values=samples,
        **options,
    )


def test_a_sampled_softmax_leaves_out_what_is_a_label() -> None:
    """Half of the probability is each label's."""
    logits = sampled_logits(hits=False)
    logarithms = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    expected = -logarithms[:, :2].mean(1)
    for halves in (False, True):
        found = sampled(tf.nn.sampled_softmax_loss, halves=halves)
        np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("hits", [True, False])
def test_noise_is_told_from_labels(*, hits: bool) -> None:
    """Each of two labels is true by half (Gutmann, Hyvarinen; TensorFlow's `nce_loss`)."""
    logits = sampled_logits(hits=hits)
    target = np.array([0.5, 0.5, 0, 0, 0])
    with np.errstate(invalid="ignore"):
        each = np.logaddexp(0, logits) - np.where(target > 0, target * logits, 0)
    found = sampled(tf.nn.nce_loss, remove_accidental_hits=not hits)
    np.testing.assert_allclose(found, each.sum(1), rtol=1e-12)


@pytest.mark.parametrize("cast", [True, False])
def test_floats_alone_get_the_type_of_a_layer_that_casts(*, cast: bool) -> None:
    layer = layers.Identity(dtype="float64", autocast=cast)
    for given in ("int32", "bool", "float32"):
        kind = "float64" if cast and given == "float32" else given
        for x in (tf.ones(2, given), np.ones(2, given), keras.Input([2], dtype=given)):
            assert layer(x).dtype == kind


def test_what_is_thawed_inside_a_frozen_layer_is_not_trained() -> None:
    inner = layers.BatchNormalization()
    model = keras.Sequential([layers.Input([3]), inner])
    model.trainable = False
    inner.trainable = True
    assert len(inner.trainable_variables) == 2
    assert model.trainable_variables == []
    assert len(model.non_trainable_variables) == 4


def test_a_penalty_is_of_the_weights_that_a_call_is_given() -> None:
    """Which are not those that the layer holds, where it is called without a state."""
    layer = layers.Dense(2, kernel_regularizer=keras.regularizers.L2(0.5), dtype="float64")
    layer.build((None, 3))
    given = [_random.standard_normal(variable.shape) for variable in layer.trainable_variables]
    *_, penalties = layer.stateless_call(given, [], STEPS[0], return_losses=True)
    np.testing.assert_allclose(sum(penalties), 0.5 * (given[0] ** 2).sum(), rtol=1e-6)
