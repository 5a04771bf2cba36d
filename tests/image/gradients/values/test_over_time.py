"""Recurrent layers with options put together, and what they drop, hide, start from and forget."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from gradients.values.over_time import MASK, ROWS
from gradients.values.test_layers import draw

_random = np.random.default_rng(51)
INPUTS = _random.standard_normal((2, 3, 3))


@pytest.mark.parametrize("name", ROWS)
def test_a_layer_over_time_is_its_formula(name: str) -> None:
    """Its shape is foretold, too."""
    row = ROWS[name]
    layer, inputs, values = draw(name, row)
    found, expected = layer(*inputs, **row.call), row.reference(*inputs, *values)
    np.testing.assert_allclose(found, expected, rtol=row.tolerance, atol=row.tolerance)
    assert tuple(layer.compute_output_shape(*row.shapes)) == expected.shape


def test_directions_start_from_the_weights_that_are_given() -> None:
    """The first half are the forward layer's."""
    kind = {"units": 4, "dtype": "float64"}
    plain = layers.Bidirectional(layers.GRU(**kind), dtype="float64")
    plain.build(INPUTS.shape)
    weights = [_random.standard_normal(weight.shape) for weight in plain.get_weights()]
    plain.set_weights(weights)
    given = layers.Bidirectional(layers.GRU(**kind), weights=weights, dtype="float64")
    assert np.abs(given(INPUTS) - plain(INPUTS)).max() > 1e-3, "no longer wrong: remove the record"
    pytest.xfail("Bidirectional takes weights to start from, and starts from others")


@pytest.mark.parametrize(
    ("merge", "sequences", "expected"),
    [(None, True, (MASK, MASK)), (None, False, (None, None)), ("sum", False, None)],
)
def test_directions_hand_on_the_mask(merge: Any, *, sequences: bool, expected: Any) -> None:
    layer = layers.Bidirectional(layers.SimpleRNN(2, return_sequences=sequences), merge_mode=merge)
    found = layer.compute_mask(INPUTS, [MASK])
    if expected is None:
        assert found is None
    else:
        assert all(one is other for one, other in zip(found, expected, strict=True))


#: What drops a half of its inputs alone, of ones: its output then has no other numbers.
DROPPING = {
    "StackedRNNCells": lambda: layers.RNN(
        [layers.SimpleRNNCell(8, dropout=rate, **PLAIN) for rate in (0.0, 0.5)]
    ),
    "SimpleRNN": lambda: layers.SimpleRNN(8, dropout=0.5, **PLAIN),
    "TimeDistributed": lambda: layers.TimeDistributed(layers.Dropout(0.5, seed=1)),
    "TimeDistributed_of_one": lambda: layers.TimeDistributed(
        keras.Sequential([layers.Dropout(0.5, seed=1)])
    ),
    "Bidirectional": lambda: layers.Bidirectional(
        layers.SimpleRNN(8, dropout=0.5, **PLAIN), merge_mode="mul"
    ),
}
#: A cell that gives what it takes.
PLAIN: dict[str, Any] = {
    "activation": None,
    "use_bias": False,
    "kernel_initializer": "identity",
    "recurrent_initializer": "zeros",
    "seed": 1,
}


@pytest.mark.parametrize("name", DROPPING)
def test_a_layer_in_another_drops_in_training_alone(name: str) -> None:
    """It scales what it keeps."""
    layer, ones = DROPPING[name](), np.ones((4, 2, 8), "float32")
    np.testing.assert_array_equal(np.unique(layer(ones)), [1])
    found = np.unique(layer(ones, training=True))
    assert found.tolist() == ([0, 4] if name == "Bidirectional" else [0, 2])


@pytest.mark.parametrize(
    "kind", [layers.SimpleRNNCell, layers.LSTMCell, layers.GRUCell], ids=lambda kind: kind.__name__
)
def test_each_rate_is_its_own(kind: Any) -> None:
    """Of the inputs a fifth is dropped, of the state a half; each gate has a mask of its own."""
    cell = kind(40, dropout=0.2, recurrent_dropout=0.5, seed=1)
    for masks, kept in (
        (cell.get_dropout_mask(np.ones((2, 40), "float32")), 1.25),
        (cell.get_recurrent_dropout_mask(np.ones((2, 40), "float32")), 2),
    ):
        several = [np.asarray(mask) for mask in masks] if isinstance(masks, list) else [masks]
        assert len(several) == {"LSTMCell": 4, "GRUCell": 3}.get(kind.__name__, 1)
        for number, mask in enumerate(several):
            np.testing.assert_array_equal(np.unique(mask), [0, kept])
            assert not any((mask == other).all() for other in several[:number])


@pytest.mark.parametrize("kind", [layers.LSTM, layers.GRU, layers.SimpleRNN])
def test_a_kept_state_is_the_last_that_is_shown(kind: Any) -> None:
    """All states, through a mask, and all are forgotten."""
    layer = kind(4, stateful=True, return_state=True, dtype="float64")
    mask = np.array([[True, True, False], [True, False, False]])
    _, *first = layer(INPUTS, mask=mask)
    for held, last in zip(layer.states, first, strict=True):
        np.testing.assert_array_equal(held, last)
    plain = kind(4, return_state=True, dtype="float64")
    plain.build(INPUTS.shape)
    plain.set_weights(layer.get_weights()[: len(plain.weights)])
    for sample, steps in enumerate((2, 1)):
        _, *states = plain(INPUTS[[sample], :steps])
        for state, last in zip(states, first, strict=True):
            np.testing.assert_allclose(state[0], last[sample], rtol=1e-12)
    layer.reset_state()
    assert not any(np.any(held) for held in layer.states)


def test_half_numbers_go_through_time() -> None:
    """States and outputs are of the type that is computed in, weights of the other."""
    half, whole = (
        layers.RNN(
            layers.StackedRNNCells(
                [layers.LSTMCell(4, dtype=of), layers.GRUCell(3, dtype=of)], dtype=of
            ),
            return_sequences=True,
            return_state=True,
            dtype=of,
        )
        for of in ("mixed_float16", "float32")
    )
    inputs = INPUTS.astype("float32")
    expected = keras.tree.flatten(whole(inputs))
    half.build(inputs.shape)
    half.set_weights(whole.get_weights())
    assert {weight.dtype for weight in half.trainable_weights} == {"float32"}
    for found, exact in zip(keras.tree.flatten(half(inputs)), expected, strict=True):
        assert found.dtype.name == "float16"
        np.testing.assert_allclose(keras.ops.cast(found, "float32"), exact, atol=2e-2)
