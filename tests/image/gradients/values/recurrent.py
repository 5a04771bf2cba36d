"""Keras's recurrent layers in NumPy: a loop over time, with what a mask leaves out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers
from scipy.special import expit

from gradients.values.layers import Reference, Row, one
from gradients.values.windows import convolve

#: One sequence ends early, the other starts late and has a gap; read backwards it is another mask.
MASK = np.array([[1, 1, 1, 1, 0], [0, 1, 0, 1, 1]], bool)
States = tuple[np.ndarray, ...]
Product = Callable[[np.ndarray, np.ndarray], np.ndarray]
Function = Callable[[np.ndarray], np.ndarray]


def simple(x: np.ndarray, h: States, *w: np.ndarray, act: Function = np.tanh) -> States:
    """Return the state after a step: the only one, and the output."""
    return (act(x @ w[0] + h[0] @ w[1] + w[2]),)


def lstm(
    x: np.ndarray,
    h: States,
    *w: np.ndarray,
    times: Product = np.matmul,
    act: Function = np.tanh,
    gate: Function = expit,
) -> States:
    """Return the output and the cell (Hochreiter, Schmidhuber; with a gate that forgets)."""
    # In a convolution over places what the state gives keeps its size.
    again = times if times is np.matmul else lambda a, b: convolve(a, b, same=True)
    gates = np.split(times(x, w[0]) + again(h[0], w[1]) + w[2], 4, axis=-1)
    taken, kept, new, shown = gates
    cell = gate(kept) * h[1] + gate(taken) * act(new)
    return (gate(shown) * act(cell), cell)


def gru(
    x: np.ndarray, h: States, *w: np.ndarray, act: Function = np.tanh, gate: Function = expit
) -> States:
    """Return the state (Cho); the gate is applied after the product, which has its own bias."""
    old = np.split(x @ w[0] + w[2][0], 3, axis=-1)
    state = np.split(h[0] @ w[1] + w[2][1], 3, axis=-1)
    z, r = (gate(a + b) for a, b in zip(old[:2], state[:2], strict=True))
    return (z * h[0] + (1 - z) * act(old[2] + r * state[2]),)


def gru_before(
    x: np.ndarray, h: States, *w: np.ndarray, act: Function = np.tanh, gate: Function = expit
) -> States:
    """Return the state where the gate is applied before the product."""
    old, kernels = np.split(x @ w[0] + w[2], 3, axis=-1), np.split(w[1], 3, axis=-1)
    z, r = (gate(a + h[0] @ b) for a, b in zip(old[:2], kernels[:2], strict=True))
    return (z * h[0] + (1 - z) * act(old[2] + (r * h[0]) @ kernels[2]),)


def through(
    cell: Callable[..., States],
    *,
    mask: np.ndarray | None = None,
    backwards: bool = False,
    sequences: bool = False,
    zeros: bool = False,
    shape: tuple[int, ...] = (),
) -> Reference:
    """Return a loop over time: where the mask has nothing, state and output stay.

    `zeros` puts 0 there instead, in the output alone. `shape` is that of a state, which is a
    vector, as long as its kernel, where none is given.
    """

    def reference(x: np.ndarray, *w: np.ndarray) -> np.ndarray:
        start = np.zeros((len(x), *(shape or w[1].shape[:1])))
        states, shown, outputs = (start, start), start, []
        for time in reversed(range(x.shape[1])) if backwards else range(x.shape[1]):
            new = cell(x[:, time], states, *w)
            seen = np.ones(len(x), bool) if mask is None else mask[:, time]
            here = seen.reshape(-1, *[1] * (start.ndim - 1))
            states = tuple(np.where(here, a, b) for a, b in zip(new, states, strict=False))
            shown = np.where(here, new[0], 0 if zeros else shown)
            outputs.append(shown)
        return np.stack(outputs, 1) if sequences else shown

    return reference


def both(x: np.ndarray, *w: np.ndarray) -> np.ndarray:
    """Return the outputs of a layer that reads forwards and one that reads backwards."""
    forward = through(lstm, sequences=True)(x, *w[:3])
    back = through(lstm, sequences=True, backwards=True)(x, *w[3:])[:, ::-1]
    return np.concatenate([forward, back], axis=-1)


def stacked(x: np.ndarray, *w: np.ndarray) -> np.ndarray:
    """Return what a second cell makes of the outputs of a first."""
    return through(simple)(through(gru, sequences=True)(x, *w[:3]), *w[3:])


def row(make: Callable[..., keras.Layer], reference: Reference, **o: Any) -> Row:
    """Return the row of a layer of four units over five times."""
    return one(make, reference, 2, 5, 3, units=4, **o)


HIDE = {"call": {"mask": MASK}}
SHOW = {"return_sequences": True}
SHAPES = {1: (6,), 2: (6, 5), 3: (6, 5, 4)}

RECURRENT = {
    "SimpleRNN": row(layers.SimpleRNN, through(simple)),
    "SimpleRNN_mask": row(layers.SimpleRNN, through(simple, mask=MASK), **HIDE),
    "LSTM": row(layers.LSTM, through(lstm)),
    "LSTM_mask": row(layers.LSTM, through(lstm, mask=MASK, sequences=True), **HIDE, **SHOW),
    "LSTM_mask_unrolled": row(
        layers.LSTM, through(lstm, mask=MASK, sequences=True), **HIDE, **SHOW, unroll=True
    ),
    "LSTM_zeros": row(
        layers.LSTM,
        through(lstm, mask=MASK, sequences=True, zeros=True),
        **HIDE,
        **SHOW,
        zero_output_for_mask=True,
    ),
    "LSTM_backwards": row(
        layers.LSTM, through(lstm, backwards=True, sequences=True), **SHOW, go_backwards=True
    ),
    "LSTM_backwards_mask": row(
        layers.LSTM, through(lstm, backwards=True, mask=MASK), **HIDE, go_backwards=True
    ),
    "GRU": row(layers.GRU, through(gru, sequences=True), **SHOW),
    "GRU_mask": row(layers.GRU, through(gru, mask=MASK), **HIDE),
    "GRU_before": row(layers.GRU, through(gru_before), reset_after=False),
    "SimpleRNN_plain": row(
        layers.SimpleRNN, through(lambda x, h, *w: simple(x, h, *w, 0)), use_bias=False
    ),
    "LSTM_plain": row(
        layers.LSTM,
        through(lambda x, h, *w: lstm(x, h, *w, np.zeros(16))),
        use_bias=False,
        unit_forget_bias=False,
    ),
    "GRU_plain": row(
        layers.GRU,
        through(lambda x, h, *w: gru(x, h, *w, np.zeros((2, 12)))),
        use_bias=False,
    ),
    "GRU_before_plain": row(
        layers.GRU,
        through(lambda x, h, *w: gru_before(x, h, *w, np.zeros(12))),
        use_bias=False,
        reset_after=False,
    ),
    "Bidirectional": Row(
        lambda **o: layers.Bidirectional(layers.LSTM(4, return_sequences=True, **o), **o),
        both,
        ((2, 5, 3),),
    ),
    "RNN": Row(
        lambda **o: layers.RNN(
            layers.StackedRNNCells([layers.GRUCell(4, **o), layers.SimpleRNNCell(4, **o)], **o), **o
        ),
        stacked,
        ((2, 5, 3),),
    ),
} | {
    f"ConvLSTM{rank}D": one(
        getattr(layers, f"ConvLSTM{rank}D"),
        through(
            lambda x, h, *w: lstm(x, h, *w, times=convolve),
            sequences=True,
            shape=(*(size - 2 for size in sizes), 4),
        ),
        *(2, 3, *sizes, 2),
        filters=4,
        kernel_size=3,
        recurrent_activation="sigmoid",
        **SHOW,
    )
    for rank, sizes in SHAPES.items()
}
