"""Layers over time: the mask of each time, times that nobody knows yet, noise that is kept."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from scipy.special import softmax

from gradients.tracing import traced
from gradients.values.recurrent import MASK, lstm, through

_random = np.random.default_rng(21)
INPUTS = _random.standard_normal((2, 5, 3))
UNITS = 4


def test_each_time_has_its_mask() -> None:
    """A layer at each of three times, which is itself recurrent."""
    inputs, mask = _random.standard_normal((2, 3, 5, 3)), np.stack([MASK, ~MASK, MASK], 1)
    mask[:, 1, 0] = True
    layer = layers.TimeDistributed(layers.LSTM(UNITS, dtype="float64"), dtype="float64")
    layer.build(inputs.shape)
    weights = [_random.standard_normal(weight.shape) for weight in layer.weights]
    layer.set_weights(weights)
    expected = [through(lstm, mask=mask[:, t])(inputs[:, t], *weights) for t in range(3)]
    np.testing.assert_allclose(layer(inputs, mask=mask), np.stack(expected, 1), rtol=1e-12)


def test_the_batch_of_a_mask_may_be_unknown_where_that_of_the_inputs_is_known() -> None:
    inputs, mask = _random.standard_normal((2, 3, 5, 3)), _random.random((2, 3, 5)) > 0.5
    layer = layers.TimeDistributed(layers.Softmax(dtype="float64"), dtype="float64")
    given = [tf.TensorSpec((2, 3, 5, 3), tf.float64), tf.TensorSpec((None, 3, 5, 1), tf.bool)]
    graph = traced(lambda x, shown: layer(x, mask=shown), input_signature=given)
    found = graph(inputs, mask[..., None])
    np.testing.assert_allclose(found, softmax(inputs, -1) * mask[..., None], rtol=1e-12)


class Doubling(keras.Layer):
    """A cell whose output is not its state."""

    state_size = output_size = 3

    def call(self, inputs: Any, states: Any) -> Any:
        """Return half of the state and the inputs, and twice that as what comes out."""
        new = 0.5 * states[0] + inputs
        return 2 * new, [new]


@pytest.mark.parametrize("unroll", [False, True])
def test_what_is_hidden_has_the_output_before_it_and_not_the_state(*, unroll: bool) -> None:
    """Its state stays, and its output: 0 where there was none."""
    layer = layers.RNN(
        *(Doubling(dtype="float64"),), return_sequences=True, unroll=unroll, dtype="float64"
    )
    state, last, expected = np.zeros((2, 3)), np.zeros((2, 3)), []
    for step in range(INPUTS.shape[1]):
        new, shown = 0.5 * state + INPUTS[:, step], MASK[:, step, None]
        state, last = np.where(shown, new, state), np.where(shown, 2 * new, last)
        expected.append(last)
    np.testing.assert_allclose(layer(INPUTS, mask=MASK), np.stack(expected, 1), rtol=1e-12)


@pytest.mark.parametrize("times", [2, 5])
def test_times_may_be_unknown_until_it_runs(times: int) -> None:
    """Keras counts samples in their place: of five times of two samples it gives two."""
    layer = layers.TimeDistributed(layers.Dense(UNITS, dtype="float64"), dtype="float64")
    layer.build(INPUTS.shape)
    kernel, bias = _random.standard_normal((3, UNITS)), _random.standard_normal(UNITS)
    layer.set_weights([kernel, bias])
    given = tf.TensorSpec([2, None, 3], tf.float64)
    found = traced(layer, input_signature=[given])(INPUTS[:, :times])
    assert times == 2 or len(found[0]) != times, "no longer wrong: remove the record"
    np.testing.assert_allclose(found, INPUTS[:, :2] @ kernel + bias, rtol=1e-12)
    if times != 2:
        pytest.xfail("TimeDistributed gives as many times as there are samples")


def test_a_sequence_keeps_its_noise_and_the_next_has_another() -> None:
    """Of inputs, and of states: kernels are the identity, so that each shows its own."""
    options = {"activation": None, "use_bias": False, "return_sequences": True, "dtype": "float64"}
    layer = layers.SimpleRNN(16, dropout=0.5, seed=1, **options)
    ones = np.ones((8, 3, 16))
    layer.build(ones.shape)
    layer.cell.kernel.assign(np.eye(16))
    layer.cell.recurrent_kernel.assign(np.zeros((16, 16)))
    first, second = layer(ones, training=True).numpy(), layer(ones, training=True).numpy()
    assert set(np.unique(first)) == {0, 2}
    assert (first == first[:, :1]).all()
    assert (first != second).any()
    np.testing.assert_array_equal(layer(ones, training=False), ones)
    layer = layers.SimpleRNN(16, recurrent_dropout=0.5, seed=1, **options)
    layer.build(ones.shape)
    layer.cell.kernel.assign(np.eye(16))
    layer.cell.recurrent_kernel.assign(np.eye(16))
    pulse = np.stack([np.ones((8, 16)), *np.zeros((2, 8, 16))], 1)
    found, again = layer(pulse, training=True).numpy(), layer(pulse, training=True).numpy()
    np.testing.assert_array_equal(found[:, 0], 1)
    assert set(np.unique(found[:, 1])) == {0, 2}
    np.testing.assert_array_equal(found[:, 2], found[:, 1] ** 2)
    assert (found != again).any()
    np.testing.assert_array_equal(layer(pulse, training=False), np.ones((8, 3, 16)))
