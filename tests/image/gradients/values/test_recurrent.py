"""Recurrent layers beside their formula: states handed over and kept, both directions, dropout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from scipy.special import expit

from gradients.tracing import traced
from gradients.values import recurrent

_random = np.random.default_rng(13)
#: Three steps: what Keras computes step by step takes most of the time here.
INPUTS = _random.standard_normal((2, 3, 3))
PLANES = _random.standard_normal((2, 3, 6, 3))
MASK = recurrent.MASK[:, :3]
LAYERS: dict[str, tuple[Callable[..., keras.Layer], np.ndarray]] = {
    "SimpleRNN": (lambda **o: layers.SimpleRNN(4, **o), INPUTS),
    "LSTM": (lambda **o: layers.LSTM(4, **o), INPUTS),
    "GRU": (lambda **o: layers.GRU(4, **o), INPUTS),
    "RNN": (
        lambda **o: layers.RNN(
            [layers.LSTMCell(4, dtype="float64"), layers.GRUCell(4, dtype="float64")], **o
        ),
        INPUTS,
    ),
    "ConvLSTM1D": (lambda **o: layers.ConvLSTM1D(4, 3, padding="same", **o), PLANES),
}


def made(name: str, **options: Any) -> tuple[keras.Layer, np.ndarray]:
    """Return a layer with the same weights whenever it is made, and its inputs."""
    make, inputs = LAYERS[name]
    layer = make(return_sequences=True, dtype="float64", **options)
    layer.build(inputs.shape)
    random = np.random.default_rng(14)
    for weight in layer.trainable_variables:
        weight.assign(random.uniform(-0.5, 0.5, weight.shape))
    return layer, inputs


@pytest.mark.parametrize("name", LAYERS)
def test_two_parts_with_the_state_between_are_the_whole(name: str) -> None:
    """The state is handed out, and taken; it is foretold where there are no numbers."""
    layer, inputs = made(name, return_state=True)
    whole, *last = layer(inputs)
    first, *states = layer(inputs[:, :2])
    second, *ends = layer(inputs[:, 2:], initial_state=states)
    np.testing.assert_allclose(np.concatenate([first, second], 1), whole, rtol=1e-12)
    for one, other in zip(keras.tree.flatten(ends), keras.tree.flatten(last), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    said = layer(keras.Input(batch_shape=inputs.shape, dtype="float64"))
    shapes = [tuple(part.shape) for part in keras.tree.flatten([whole, *last])]
    assert [tuple(part.shape) for part in keras.tree.flatten(list(said))] == shapes
    masks = layer.compute_mask(inputs, [MASK])
    assert masks[0] is MASK
    assert not any(mask is not None for mask in masks[1:])


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_that_keeps_its_state_goes_on_from_it(name: str) -> None:
    """Until it is told to forget."""
    layer, inputs = made(name, stateful=True, return_state=True)
    plain, _ = made(name, return_state=True)
    whole, *last = plain(inputs)
    for _ in range(2):
        (first, *between), (second, *ends) = (
            layer(part) for part in (inputs[:, :2], inputs[:, 2:])
        )
        np.testing.assert_allclose(np.concatenate([first, second], 1), whole, rtol=1e-12)
        for end, one in zip(*map(keras.tree.flatten, (ends, last)), strict=True):
            np.testing.assert_allclose(end, one, rtol=1e-12)
        # Unless it is given another.
        again, *_ = layer(inputs[:, 2:], initial_state=between)
        np.testing.assert_allclose(again, second, rtol=1e-12)
        if name == "RNN":
            with pytest.raises(AttributeError, match="has no attribute 'assign'"):
                layer.reset_state()
            pytest.xfail("Keras cannot reset the states of stacked cells of which one has two")
        layer.reset_state()


MERGES: dict[str | None, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "concat": lambda a, b: np.concatenate([a, b], -1),
    "sum": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "ave": lambda a, b: (a + b) / 2,
    None: lambda a, b: np.stack([a, b]),
}


@pytest.mark.parametrize(
    ("merge", "sequences", "kind"),
    [
        ("concat", True, layers.LSTM),
        ("sum", True, layers.SimpleRNN),
        ("sum", False, layers.GRU),
        ("mul", True, layers.SimpleRNN),
        ("ave", False, layers.SimpleRNN),
        (None, True, layers.LSTM),
        (None, True, layers.SimpleRNN),
    ],
)
def test_both_directions_are_two_layers(
    merge: str | None, *, sequences: bool, kind: type[keras.Layer]
) -> None:
    """Whatever merges them; with their states, given and handed out, and with a mask."""
    options = {"return_sequences": sequences, "return_state": True, "dtype": "float64"}
    both = layers.Bidirectional(kind(4, **options), merge_mode=merge, dtype="float64")
    both.build(INPUTS.shape)
    forward, backward = both.forward_layer, both.backward_layer
    count = 2 if kind is layers.LSTM else 1
    states = [_random.standard_normal((2, 4)) for _ in range(2 * count)]
    for call in ({"mask": MASK}, {"initial_state": states}):
        found = keras.tree.flatten(both(INPUTS, **call))
        given = dict(call)
        if "initial_state" in given:
            given["initial_state"] = states[:count]
        ahead, *one = forward(INPUTS, **given)
        if "initial_state" in given:
            given["initial_state"] = states[count:]
        back, *other = backward(INPUTS, **given)
        back = back[:, ::-1] if sequences else back
        output = np.stack(found[:2]) if merge is None else found[0]
        np.testing.assert_allclose(output, MERGES[merge](ahead, back), rtol=1e-12)
        for ours, theirs in zip(found[2 if merge is None else 1 :], [*one, *other], strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-12)
    said = both(keras.Input(batch_shape=INPUTS.shape, dtype="float64"))
    assert [part.shape for part in keras.tree.flatten(said)] == [
        tuple(part.shape) for part in found
    ]


def test_both_directions_keep_their_states_and_pass_the_mask() -> None:
    """Until they are told to forget."""
    both = layers.Bidirectional(
        layers.GRU(4, stateful=True, return_sequences=True, dtype="float64"), dtype="float64"
    )
    first, second = both(INPUTS), both(INPUTS)
    assert np.abs(first.numpy() - second.numpy()).max() > 1e-3
    assert len(both.states) == 2
    both.reset_state()
    np.testing.assert_array_equal(both(INPUTS), first)
    assert both.compute_mask(INPUTS, [MASK]) is MASK


def _drop(size: int, count: int) -> list[np.ndarray]:
    """Return masks of a dropout of a half: 0 or 2 for each number."""
    return [2.0 * (_random.standard_normal((2, size)) > 0) for _ in range(count)]


def dropped_simple(x: np.ndarray, h: np.ndarray, d: Any, r: Any, *w: np.ndarray) -> np.ndarray:
    """Return the state of a plain cell, of whose inputs and state a part is dropped."""
    return np.tanh((x * d) @ w[0] + (h * r) @ w[1] + w[2])


def dropped_lstm(x: np.ndarray, h: np.ndarray, d: Any, r: Any, *w: np.ndarray) -> np.ndarray:
    """Return the output of an LSTM's cell whose gates each have masks of their own."""
    kernels, again = np.split(w[0], 4, 1), np.split(w[1], 4, 1)
    i, f, c, o = (
        (x * d[k]) @ kernels[k] + (h * r[k]) @ again[k] + np.split(w[2], 4)[k] for k in range(4)
    )
    return expit(o) * np.tanh(expit(f) * h + expit(i) * np.tanh(c))


def dropped_gru(*, after: bool) -> Callable[..., np.ndarray]:
    """Return the same of a GRU's cell, whose gate comes after the product or before it."""

    def step(x: np.ndarray, h: np.ndarray, d: Any, r: Any, *w: np.ndarray) -> np.ndarray:
        kernels, again = np.split(w[0], 3, 1), np.split(w[1], 3, 1)
        biases = w[2] if after else np.stack([w[2], 0 * w[2]])
        own, old = (np.split(bias, 3) for bias in biases)
        new = [(x * d[k]) @ kernels[k] + own[k] for k in range(3)]
        z, g = (expit(new[k] + (h * r[k]) @ again[k] + old[k]) for k in range(2))
        state = (
            g * ((h * r[2]) @ again[2] + old[2]) if after else (g * (h * r[2])) @ again[2] + old[2]
        )
        return z * h + (1 - z) * np.tanh(new[2] + state)

    return step


#: By name: a cell whose gates are worked out one by one, how many masks it has, and its step.
CELLS: dict[str, tuple[Callable[..., keras.Layer], int, Callable[..., np.ndarray]]] = {
    "SimpleRNN": (layers.SimpleRNNCell, 0, dropped_simple),
    "LSTM": (lambda *a, **o: layers.LSTMCell(*a, implementation=1, **o), 4, dropped_lstm),
    "GRU": (
        lambda *a, **o: layers.GRUCell(*a, implementation=1, **o),
        3,
        dropped_gru(after=True),
    ),
    "GRU_before": (
        lambda *a, **o: layers.GRUCell(*a, implementation=1, reset_after=False, **o),
        3,
        dropped_gru(after=False),
    ),
}


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_drops_by_its_masks(name: str) -> None:
    """Inputs and states, each gate's by its own; only in training."""
    make, count, step = CELLS[name]
    cell = make(4, dropout=0.5, recurrent_dropout=0.5, dtype="float64")
    cell.build((2, 3))
    weights = [_random.standard_normal(weight.shape) for weight in cell.trainable_variables]
    for weight, value in zip(cell.trainable_variables, weights, strict=True):
        weight.assign(value)
    drops, again = _drop(3, count or 1), _drop(4, count or 1)
    one = [np.ones_like(mask) for mask in drops], [np.ones_like(mask) for mask in again]
    if not count:
        drops, again, one = drops[0], again[0], (one[0][0], one[1][0])
    cell._dropout_mask, cell._recurrent_dropout_mask = drops, again
    x, h = INPUTS[:, 0], _random.standard_normal((2, 4))
    states = [h, h] if name == "LSTM" else [h]
    found, _ = cell(x, states, training=True)
    np.testing.assert_allclose(found, step(x, h, drops, again, *weights), rtol=1e-12)
    found, _ = cell(x, states, training=False)
    np.testing.assert_allclose(found, step(x, h, *one, *weights), rtol=1e-12)


@pytest.mark.parametrize("kind", [layers.SimpleRNN, layers.LSTM, layers.GRU])
@pytest.mark.parametrize("again", [0.0, 0.5])
def test_a_layer_draws_its_masks_for_each_call(kind: type[keras.Layer], again: float) -> None:
    """In training each call is another; without, all are the same, as without dropout."""
    layer = kind(4, dropout=0.5, recurrent_dropout=again, seed=3, dtype="float64")
    one, other = (layer(INPUTS, training=True).numpy() for _ in range(2))
    assert np.abs(one - other).max() > 1e-3
    plain = kind(4, dtype="float64")
    plain.build(INPUTS.shape)
    plain.set_weights([weight.numpy() for weight in layer.trainable_variables])
    np.testing.assert_allclose(layer(INPUTS), plain(INPUTS), rtol=1e-12)


def test_many_units_go_on_through_many_steps() -> None:
    """However many they will be, and in the type that they have."""
    units, steps = 70, 300
    layer = layers.SimpleRNN(
        units, return_sequences=True, return_state=True, stateful=True, dtype="float64"
    )
    inputs = _random.standard_normal((1, steps, 2))
    layer.build((1, None, 2))
    w = [_random.uniform(-0.1, 0.1, weight.shape) for weight in layer.get_weights()]
    layer.set_weights(w)
    unsized = traced(layer, input_signature=[tf.TensorSpec((1, None, 2), "float64")])
    state = (np.zeros((1, units)),)
    for _ in range(2):
        expected = [state := recurrent.simple(inputs[:, step], state, *w) for step in range(steps)]
        found, last = unsized(inputs)
        np.testing.assert_allclose(found[0], np.concatenate(expected)[:, 0], rtol=1e-12, atol=1e-12)
        np.testing.assert_array_equal(last, layer.states[0])
