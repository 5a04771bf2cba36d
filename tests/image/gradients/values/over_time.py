"""Recurrent layers by their options, which are put together: direction, mask, loop or none."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from keras import layers

from gradients.values.layers import Row, one
from gradients.values.recurrent import MASK as WHOLE
from gradients.values.recurrent import gru, gru_before, lstm, simple, through
from gradients.values.windows import convolve

#: Three steps: one sequence ends early, the other starts late.
MASK = WHOLE[:, 2:]
assert MASK.tolist() == [[True, True, False], [False, True, True]]


def softsign(x: np.ndarray) -> np.ndarray:
    """Return what stands for each activation that is not the usual one."""
    return x / (1 + np.abs(x))


def plane(x: np.ndarray, h: Any, *w: np.ndarray, **functions: Any) -> Any:
    """Return the states of a layer whose products are convolutions that keep all places."""
    return lstm(x, h, *w, times=partial(convolve, same=True), **functions)


#: What a layer is told, and what that is in NumPy.
TOLD: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "backwards": ({"go_backwards": True}, {"backwards": True}),
    "sequences": ({"return_sequences": True}, {"sequences": True}),
    "zeros": ({"zero_output_for_mask": True}, {"zeros": True}),
    # A mask may be of any type: 0 hides.
    "mask": ({"call": {"mask": MASK.astype("int32")}}, {"mask": MASK}),
    "unroll": ({"unroll": True}, {}),
}
#: Each with each other that it could be taken for; unrolled zeros backwards are a record elsewhere.
TOGETHER = (
    *("backwards sequences", "backwards unroll", "mask", "mask sequences", "mask backwards"),
    *("mask backwards sequences", "mask zeros", "mask zeros sequences", "mask backwards zeros"),
    *("mask unroll", "mask unroll sequences", "mask unroll zeros", "mask unroll zeros sequences"),
    *("mask unroll backwards sequences", "sequences unroll"),
)
SOME = ("mask backwards sequences", "mask unroll zeros")
KINDS: dict[
    str, tuple[Callable[..., Any], Callable[..., Any], tuple[int, ...], tuple[int, ...]]
] = {
    "SimpleRNN": (partial(layers.SimpleRNN, 4), simple, (2, 3, 3), (4,)),
    "LSTM": (partial(layers.LSTM, 4), lstm, (2, 3, 3), (4,)),
    "GRU": (partial(layers.GRU, 4), gru, (2, 3, 3), (4,)),
    "ConvLSTM1D": (
        partial(layers.ConvLSTM1D, 4, 3, padding="same", recurrent_activation="sigmoid"),
        plane,
        (2, 3, 5, 2),
        (5, 4),
    ),
}


def _row(kind: str, words: str) -> Row:
    make, cell, shape, state = KINDS[kind]
    asked: dict[str, Any] = {}
    known: dict[str, Any] = {}
    for word in words.split():
        asked |= TOLD[word][0]
        known |= TOLD[word][1]
    return one(make, through(cell, shape=state, **known), *shape, **asked)


def _acting(make: Callable[..., Any], cell: Callable[..., Any], *shape: int, **o: Any) -> Row:
    """Return the row of a layer whose activations are others, one inside, one of its gates."""
    gated = {} if cell is simple else {"gate": lambda x: np.clip(x / 6 + 0.5, 0, 1)}
    inside = partial(cell, act=softsign, **gated)
    state = (5, 4) if cell is plane else (4,)
    words = {"recurrent_activation": "hard_sigmoid"} if gated else {}
    return one(make, through(inside, shape=state), *shape, activation="softsign", **words, **o)


def both_ways(x: np.ndarray, *w: np.ndarray) -> np.ndarray:
    """Return what a layer gives that reads forwards and one that reads backwards."""
    known = {"sequences": True, "mask": MASK, "zeros": True}
    back = through(gru, backwards=True, **known)(x, *w[3:])
    return np.concatenate([through(gru, **known)(x, *w[:3]), back[:, ::-1]], -1)


def _strided(
    x: np.ndarray, h: Any, *w: np.ndarray, strides: int = 1, dilation: int = 1, same: bool = False
) -> Any:
    times = partial(convolve, strides=strides, dilation=dilation, same=same)
    return lstm(x, h, *w, times=times)


ROWS: dict[str, Row] = {
    **{
        f"{kind}_{words}": _row(kind, words)
        for kind in KINDS
        # The loop is the same for all: the cheapest has each, the others what they could break.
        for words in (TOGETHER if kind == "SimpleRNN" else SOME)
    },
    **{
        f"{name}_acting": _acting(make, cell, *shape, **options)
        for name, make, cell, shape, options in (
            ("SimpleRNN", layers.SimpleRNN, simple, (2, 3, 3), {"units": 4}),
            ("LSTM", layers.LSTM, lstm, (2, 3, 3), {"units": 4}),
            ("GRU", layers.GRU, gru, (2, 3, 3), {"units": 4}),
            ("GRU_before", layers.GRU, gru_before, (2, 3, 3), {"units": 4, "reset_after": False}),
            (
                "ConvLSTM1D",
                *(layers.ConvLSTM1D, plane, (2, 3, 5, 2)),
                {"filters": 4, "kernel_size": 3, "padding": "same"},
            ),
        )
    },
    # More units, inputs and samples than fit into one block of a product.
    **{
        f"{kind.__name__}_wide": one(kind, through(cell, shape=(70,)), 66, 2, 300, units=70)
        for kind, cell in ((layers.LSTM, lstm), (layers.GRU, gru), (layers.SimpleRNN, simple))
    },
    # What is hidden is 0 in both directions, wherever sequences come out.
    "Bidirectional": Row(
        lambda **o: layers.Bidirectional(layers.GRU(4, return_sequences=True, **o), **o),
        both_ways,
        ((2, 3, 3),),
        call={"mask": MASK},
    ),
    **{
        f"ConvLSTM{rank}D_{name}": one(
            getattr(layers, f"ConvLSTM{rank}D"),
            through(partial(_strided, **known), shape=(*sizes, 2), backwards=name == "strided"),
            *(2, 2, *(5,) * rank, 2),
            filters=2,
            kernel_size=2,
            recurrent_activation="sigmoid",
            **asked,
        )
        for rank in (1, 2, 3)
        for name, asked, known, sizes in (
            (
                "strided",
                {"strides": 2, "padding": "same", "go_backwards": True},
                {"strides": 2, "same": True},
                (3,) * rank,
            ),
            ("dilated", {"dilation_rate": 2}, {"dilation": 2}, (3,) * rank),
        )
        # A CPU has no gaps in three dimensions.
        if (rank, name) != (3, "dilated")
    },
    "RNN_backwards": Row(
        lambda **o: layers.RNN(
            layers.StackedRNNCells([layers.LSTMCell(4, **o), layers.SimpleRNNCell(3, **o)], **o),
            go_backwards=True,
            **o,
        ),
        lambda x, *w: through(simple, shape=(3,))(
            through(lstm, sequences=True, backwards=True)(x, *w[:3]), *w[3:]
        ),
        ((2, 3, 2),),
    ),
    "TimeDistributed_convolution": Row(
        lambda **o: layers.TimeDistributed(layers.Conv1D(2, 3, strides=2, **o), **o),
        lambda x, w, b: np.stack([convolve(x[:, t], w, 2) + b for t in range(3)], 1),
        ((2, 3, 7, 2),),
    ),
}
