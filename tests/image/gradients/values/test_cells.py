"""Recurrent layers made of parts: cells that a user writes, gates one by one, two directions."""

from __future__ import annotations

from functools import partial
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from scipy.special import expit

from gradients.tracing import traced
from gradients.values.recurrent import gru, gru_before, lstm, simple, through
from gradients.values.windows import convolve

_random = np.random.default_rng(41)
#: Three steps: what Keras computes step by step takes most of the time here.
INPUTS = _random.standard_normal((2, 3, 3))


class Method:
    """A cell that is no layer: its state fades by a half, and takes the inputs' sum.

    It has the method that Keras asks of stacked cells, and no more.
    """

    compute_dtype = "float64"

    def __init__(self, states: int | list[int] = 4, *, nested: bool = False) -> None:
        self.state_size, self.nested = states, nested

    def call(self, inputs: Any, states: Any) -> Any:
        """Return the output and the new state, in a list or alone."""
        new = 0.5 * states[0] + keras.ops.sum(inputs, -1, keepdims=True)
        return new, [new] if self.nested else new


class Fading(Method):
    """One that can be called."""

    def __call__(self, inputs: Any, states: Any) -> Any:
        return self.call(inputs, states)


class Told(Fading):
    """One that gives its first state itself, not in a list."""

    def get_initial_state(self, batch_size: Any) -> Any:
        """Return ones."""
        return keras.ops.ones((batch_size, 4), "float64")


def faded(inputs: np.ndarray, start: float = 0) -> np.ndarray:
    """Return the states of such a cell, one for each step."""
    state, found = np.full((len(inputs), 4), start), []
    for step in range(inputs.shape[1]):
        state = 0.5 * state + inputs[:, step].sum(-1, keepdims=True)
        found.append(state)
    return np.stack(found, 1)


@pytest.mark.parametrize(
    ("cell", "start"),
    [(Fading(), 0), (Fading([4], nested=True), 0), (Told(), 1)],
    ids=["single", "nested", "told"],
)
def test_a_cell_that_is_no_layer_is_a_cell(cell: Fading, start: float) -> None:
    layer = layers.RNN(cell, return_sequences=True, return_state=True, dtype="float64")
    found, state = layer(INPUTS)
    np.testing.assert_allclose(found, faded(INPUTS, start), rtol=1e-12)
    np.testing.assert_allclose(state, faded(INPUTS, start)[:, -1], rtol=1e-12)
    assert layer.compute_output_shape((2, 5, 3))[0] == (2, 5, 4)
    (given,) = layer(INPUTS[:, :2])[1:]
    rest, _ = layer(INPUTS[:, 2:], initial_state=given)
    np.testing.assert_allclose(rest, faded(INPUTS, start)[:, 2:], rtol=1e-12)


@pytest.mark.parametrize("first", [Fading(nested=True), Method([4], nested=True)])
def test_cells_of_both_kinds_are_stacked(first: Method) -> None:
    """What the first gives, the second takes; each with a state of its own."""
    for last in (Fading(nested=True), Fading([4], nested=True)):
        assert layers.StackedRNNCells([last]).output_size == 4
    cells = layers.StackedRNNCells([first, Fading([4], nested=True)], dtype="float64")
    layer = layers.RNN(cells, return_sequences=True, dtype="float64")
    np.testing.assert_allclose(layer(INPUTS), faded(faded(INPUTS)), rtol=1e-12)


#: By name: a layer whose gates are worked out one by one, and its cell in NumPy.
GATES: dict[str, tuple[type[keras.Layer], Any, dict[str, Any]]] = {
    "LSTM": (layers.LSTM, lstm, {}),
    "LSTM_plain": (
        layers.LSTM,
        lambda x, h, *w: lstm(x, h, *w, np.zeros(16)),
        {"use_bias": False},
    ),
    "GRU": (layers.GRU, gru, {}),
    "GRU_plain": (
        layers.GRU,
        lambda x, h, *w: gru(x, h, *w, np.zeros((2, 12))),
        {"use_bias": False},
    ),
    "GRU_before": (layers.GRU, gru_before, {"reset_after": False}),
    "GRU_before_plain": (
        layers.GRU,
        lambda x, h, *w: gru_before(x, h, *w, np.zeros(12)),
        {"reset_after": False, "use_bias": False},
    ),
}


@pytest.mark.parametrize("name", GATES)
def test_gates_one_by_one_are_the_gates(name: str) -> None:
    """Without dropout in training, too. No configuration keeps the way, so none is read here."""
    kind, cell, options = GATES[name]
    layer = kind(4, implementation=1, dtype="float64", **options)
    layer.build(INPUTS.shape)
    weights = [_random.uniform(-0.5, 0.5, weight.shape) for weight in layer.get_weights()]
    layer.set_weights(weights)
    expected = through(cell)(INPUTS, *weights)
    np.testing.assert_allclose(layer(INPUTS, training=True), expected, rtol=1e-12)
    assert "implementation" not in layer.get_config()


def test_a_convolution_drops_by_its_masks() -> None:
    """Of inputs and of states, each gate's by its own; only in training."""
    cell = layers.ConvLSTM1D(4, 3, recurrent_activation="sigmoid", dtype="float64").cell
    cell.build((2, 6, 3))
    weights = [_random.standard_normal(weight.shape) for weight in cell.trainable_variables]
    for weight, value in zip(cell.trainable_variables, weights, strict=True):
        weight.assign(value)
    x, h = _random.standard_normal((2, 6, 3)), _random.standard_normal((2, 4, 4))
    drops = [2.0 * (_random.standard_normal(x.shape) > 0) for _ in range(4)]
    again = [2.0 * (_random.standard_normal(h.shape) > 0) for _ in range(4)]
    ones = [np.ones_like(mask) for mask in drops], [np.ones_like(mask) for mask in again]
    cell.dropout = cell.recurrent_dropout = 0.5
    cell._dropout_mask, cell._recurrent_dropout_mask = drops, again
    for training, (a, b) in ((True, (drops, again)), (False, ones)):
        kernels, states = np.split(weights[0], 4, -1), np.split(weights[1], 4, -1)
        i, f, c, o = (
            convolve(x * a[gate], kernels[gate])
            + convolve(h * b[gate], states[gate], same=True)
            + np.split(weights[2], 4)[gate]
            for gate in range(4)
        )
        expected = expit(o) * np.tanh(expit(f) * h + expit(i) * np.tanh(c))
        found, _ = cell(x, [h, h], training=training)
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_state_alone_is_a_state() -> None:
    """Cells that have one take it without a list, and hand it on so."""
    for kind, step in ((layers.SimpleRNNCell, simple), (layers.GRUCell, gru)):
        cell = kind(4, dtype="float64")
        cell.build((2, 3))
        weights = [_random.standard_normal(weight.shape) for weight in cell.get_weights()]
        cell.set_weights(weights)
        x, h = INPUTS[:, 0], _random.standard_normal((2, 4))
        found, state = cell(x, tf.constant(h))
        np.testing.assert_allclose(found, step(x, (h,), *weights)[0], rtol=1e-12)
        np.testing.assert_array_equal(state, found)


@pytest.mark.parametrize("both", [False, True], ids=["one", "both"])
def test_a_state_is_forgotten_by_the_old_name_and_by_building_again(*, both: bool) -> None:
    """One that is not kept is not forgotten; a batch may be of any size until it is there."""
    options = {"return_sequences": True, "dtype": "float64"}
    layer: Any = layers.GRU(4, stateful=True, **options)
    plain = layers.GRU(4, **options)
    plain.reset_state()
    if both:
        layer = layers.Bidirectional(layer, dtype="float64")
    first = layer(INPUTS)
    assert np.abs(layer(INPUTS) - first).max() > 1e-3
    layer.reset_states()
    np.testing.assert_array_equal(layer(INPUTS), first)
    if both:
        layer.reset_state()
        layer.build(INPUTS.shape)
    else:
        layer.build(INPUTS.shape)
    any_size = traced(layer, input_signature=[tf.TensorSpec((None, None, 3), "float64")])
    np.testing.assert_allclose(any_size(INPUTS), first, rtol=1e-12)


class Sums(keras.Layer):
    """A layer that adds up, and takes neither a mask nor a word on training."""

    def __init__(self, *, go_backwards: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.go_backwards, self.stateful = go_backwards, False
        self.return_sequences, self.return_state = True, False

    def call(self, sequences: Any, initial_state: Any = None) -> Any:
        """Return the sums up to each step, or from it on, the last first."""
        return keras.ops.cumsum(sequences[:, ::-1] if self.go_backwards else sequences, 1)

    def compute_output_shape(self, sequences_shape: Any, initial_state_shape: Any = None) -> Any:
        """Return the shape of the inputs."""
        return sequences_shape

    def get_config(self) -> dict[str, Any]:
        """Return the direction, too."""
        return super().get_config() | {"go_backwards": self.go_backwards}


def test_a_layer_of_ones_own_reads_in_both_directions() -> None:
    with keras.saving.custom_object_scope({"Sums": Sums}):
        both = layers.Bidirectional(Sums(dtype="float64"), dtype="float64")
    expected = [np.cumsum(INPUTS, 1), np.cumsum(INPUTS[:, ::-1], 1)[:, ::-1]]
    np.testing.assert_allclose(both(INPUTS), np.concatenate(expected, -1), rtol=1e-12)


LSTM, GRU = partial(layers.LSTM, 4), partial(layers.GRU, 4)
#: By name: the layer that reads forwards, and what the one that reads backwards has otherwise.
PAIRS: dict[str, tuple[Any, dict[str, Any]]] = {
    **{
        f"{name}_{what}": (partial(kind, **options), other)
        for name, kind in (("LSTM", LSTM), ("GRU", GRU))
        for what, options, other in (
            ("plain", {"use_bias": False}, {}),
            ("dropout", {"dropout": 0.5}, {}),
            ("recurrent_dropout", {"recurrent_dropout": 0.5}, {}),
            ("alone", {"use_cudnn": False}, {}),
            ("plain_behind", {}, {"use_bias": False}),
            ("dropout_behind", {}, {"dropout": 0.5}),
            ("recurrent_dropout_behind", {}, {"recurrent_dropout": 0.5}),
            ("alone_behind", {}, {"use_cudnn": False}),
            ("units", {}, {"units": 3}),
            ("activation", {}, {"activation": "sigmoid"}),
            ("recurrent_activation", {}, {"recurrent_activation": "tanh"}),
        )
    },
    "GRU_before": (partial(GRU, reset_after=False), {}),
    "GRU_before_behind": (GRU, {"reset_after": False}),
}


@pytest.mark.parametrize("name", PAIRS)
def test_two_directions_may_be_two_kinds(name: str) -> None:
    """Each computes what it is, and none is taken for a kernel that both would share."""
    make, other = PAIRS[name]
    inputs = INPUTS[:, :2]
    options = {"dtype": "float64", **make.keywords} | other
    backward = make.func(*(() if "units" in options else make.args), go_backwards=True, **options)
    backward.use_cudnn = options.get("use_cudnn", "auto")
    both = layers.Bidirectional(make(dtype="float64"), backward_layer=backward, dtype="float64")
    both.backward_layer.use_cudnn = backward.use_cudnn
    expected = [both.forward_layer(inputs), both.backward_layer(inputs)]
    np.testing.assert_allclose(both(inputs), np.concatenate(expected, -1), rtol=1e-12)


def test_one_direction_may_be_another_layer() -> None:
    for ahead, back in ((layers.LSTM, layers.GRU), (layers.GRU, layers.SimpleRNN)):
        both = layers.Bidirectional(
            ahead(4, dtype="float64"),
            backward_layer=back(4, go_backwards=True, dtype="float64"),
            dtype="float64",
        )
        expected = [both.forward_layer(INPUTS), both.backward_layer(INPUTS)]
        np.testing.assert_allclose(both(INPUTS), np.concatenate(expected, -1), rtol=1e-12)


@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU"])
def test_a_share_that_is_dropped_is_none_at_least_and_all_at_most(name: str) -> None:
    cell = getattr(layers, f"{name}Cell")(2, dropout=2.5, recurrent_dropout=-0.5)
    assert (cell.dropout, cell.recurrent_dropout) == (1, 0)
    cell = getattr(layers, f"{name}Cell")(2, dropout=-0.5, recurrent_dropout=2.5)
    assert (cell.dropout, cell.recurrent_dropout) == (0, 1)


class Halving(keras.Layer):
    """Half of the state, which is one tensor, and the inputs."""

    state_size = output_size = 3

    def build(self, input_shape: tuple[int, ...]) -> None:
        """Keep what a step is said to be."""
        self.told = tuple(input_shape)

    def call(self, inputs: Any, states: Any) -> Any:
        """Return what comes out, and the state after it, which is the same."""
        out = inputs + 0.5 * states[0]
        return out, [out]


def test_stacked_cells_of_one_state_each_tell_as_many() -> None:
    cells = layers.StackedRNNCells([Halving(dtype="float64") for _ in range(2)])
    assert len(cells(np.ones((2, 3)), cells.get_initial_state(2))[1]) == 2
    assert all(map(tf.is_tensor, cells(np.ones((2, 3)), cells.get_initial_state(2))[1]))
    layer = layers.RNN(cells, return_state=True)
    inputs = np.random.default_rng(44).standard_normal((2, 5, 3))
    first, second = np.zeros((2, 2, 3))
    for step in range(5):
        first = inputs[:, step] + 0.5 * first
        second = first + 0.5 * second
    for found, expected in zip(layer(inputs), (second, first, second), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5)
    alone = Halving(dtype="float64")
    np.testing.assert_allclose(layers.RNN(alone)(inputs), first, rtol=1e-5)
    assert alone.told == (2, 3), "each of the samples, without its steps"
