"""Keras's recurrent layers, through time."""

from __future__ import annotations

from keras import layers

from gradients import gaps
from gradients.case import Case
from gradients.cases.layers import Layer, weights
from gradients.inputs import normal

#: Kernel, recurrent kernel and biases of an LSTM of 4 units over 3 inputs.
LSTM = (weights(3, 16), weights(4, 16), weights(16))

CASES = (
    Case(
        "SimpleRNN",
        [normal(2, 5, 3), weights(3, 4), weights(4, 4), weights(4)],
        Layer(lambda dtype: layers.SimpleRNN(4, return_sequences=True, dtype=dtype), (2, 5, 3)),
        known=gaps.ORTHOGONAL_BFLOAT16,
    ),
    Case(
        "LSTM",
        [normal(2, 5, 3), *LSTM],
        Layer(lambda dtype: layers.LSTM(4, return_sequences=True, dtype=dtype), (2, 5, 3)),
        known=gaps.ORTHOGONAL_BFLOAT16,
        on_gpu=gaps.CUDNN_RECURRENT,
    ),
    Case(
        "LSTM_unrolled",
        [normal(2, 5, 3), *LSTM],
        Layer(
            lambda dtype: layers.LSTM(4, return_sequences=True, unroll=True, dtype=dtype),
            (2, 5, 3),
        ),
        known=gaps.ORTHOGONAL_BFLOAT16,
    ),
    Case(
        "GRU",
        [normal(2, 5, 3), weights(3, 12), weights(4, 12), weights(2, 12)],
        Layer(lambda dtype: layers.GRU(4, return_sequences=True, dtype=dtype), (2, 5, 3)),
        known=gaps.ORTHOGONAL_BFLOAT16,
        on_gpu=gaps.CUDNN_RECURRENT,
    ),
    Case(
        "Bidirectional_LSTM",
        [normal(2, 4, 3), *(2 * [weights(3, 12), weights(3, 12), weights(12)])],
        Layer(
            lambda dtype: layers.Bidirectional(layers.LSTM(3, dtype=dtype), dtype=dtype),
            (2, 4, 3),
        ),
        known=gaps.ORTHOGONAL_BFLOAT16,
        on_gpu=gaps.CUDNN_RECURRENT,
    ),
    Case(
        "ConvLSTM2D",
        [normal(1, 3, 5, 5, 2), weights(3, 3, 2, 8), weights(3, 3, 2, 8), weights(8)],
        Layer(lambda dtype: layers.ConvLSTM2D(2, 3, dtype=dtype), (1, 3, 5, 5, 2)),
        known=gaps.ORTHOGONAL_BFLOAT16,
    ),
)
