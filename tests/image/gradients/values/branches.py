"""Layers in NumPy on the ways that their other rows never take; `BRANCHES` has a row for each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import layers
from scipy.special import softmax

from gradients.values import attention
from gradients.values.attention import AFTER, KEYS, NEAR, PAIRS, QUERIES, VALUES
from gradients.values.layers import Row, one
from gradients.values.recurrent import MASK, gru, lstm, simple, through
from gradients.values.windows import convolve, depthwise, separable, transposed

#: Which query is itself shown, in a mask of pairs.
ASKED = QUERIES[..., None]
EVERY = {"query_mask": QUERIES, "value_mask": VALUES, "key_mask": KEYS, "use_causal_mask": True}


def put_behind(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Return a transposed convolution to which a row of zeros is added behind, per axis."""
    rank = x.ndim - 2
    return np.pad(transposed(x, w, 2, same=False), [(0, 0), *[(0, 1)] * rank, (0, 0)])


def shown_mean(x: np.ndarray) -> np.ndarray:
    """Return the mean of what the mask shows, as Keras counts: and a very little."""
    return (x * MASK[..., None]).sum((0, 1)) / (MASK.sum() + 1e-7)


def of_heads(kind: Callable[..., keras.Layer], shared: int) -> dict[str, Row]:
    """Return the rows of masks that are given for the query, alone and with all others."""
    heads, shapes = partial(attention.heads, shared=shared), ((2, 3, 5), (2, 4, 5))
    whole = ASKED & VALUES[:, None] & KEYS[:, None] & AFTER & NEAR
    seen = ASKED & np.ones((2, 3, 4), bool)
    given: dict[str, tuple[np.ndarray, dict[str, Any], dict[str, Any]]] = {
        "key": (np.broadcast_to(KEYS[:, None], (2, 3, 4)), {}, {"key_mask": KEYS}),
        # More queries than keys.
        "causal_steps": (
            KEYS[:, None, :3] & np.tri(5, 3, dtype=bool),
            {"dropout": 0.5},
            {"key_mask": KEYS[:, :3], "use_causal_mask": True},
        ),
    }
    if shared > 1:
        given["query"] = (seen, {}, {"query_mask": QUERIES})
        given["every"] = (whole & PAIRS, {"sliding_window": 2}, EVERY | {"attention_mask": PAIRS})
    return {
        f"{kind.__name__}_{name}": Row(
            partial(kind, *((2, 4) if shared == 1 else (4, 4, 2)), **options),
            partial(heads, mask=mask),
            ((2, 5, 5), (2, 3, 5)) if name == "causal_steps" else shapes,
            call=call,
        )
        for name, (mask, options, call) in given.items()
    } | {
        f"{kind.__name__}_gate_plain": Row(
            partial(
                kind,
                *((2, 4, 3) if shared == 1 else (4, 4, 2)),
                use_gate=True,
                use_bias=False,
            ),
            partial(heads, gate=True, bias=False),
            shapes,
        )
    }


BRANCHES: dict[str, Row] = {
    "BatchNormalization_masked": one(
        layers.BatchNormalization,
        lambda x, g, m, v: (
            g * (x - shown_mean(x)) / np.sqrt(shown_mean((x - shown_mean(x)) ** 2) + 0.25)
        ),
        *(2, 5, 3),
        epsilon=0.25,
        center=False,
        call={"training": True, "mask": MASK},
    ),
    "GlobalAveragePooling1D_masked": one(
        layers.GlobalAveragePooling1D,
        lambda x: (x * MASK[..., None]).sum(1) / MASK.sum(1)[:, None],
        *(2, 5, 3),
        call={"mask": MASK},
    ),
    "PReLU_axis": one(layers.PReLU, lambda x, a: np.where(x > 0, x, a * x), 3, 4, 2, shared_axes=1),
    "LeakyReLU_0": one(layers.LeakyReLU, lambda x: np.maximum(x, 0), 3, 4, negative_slope=0.0),
    "ReLU_plain": one(layers.ReLU, lambda x: np.maximum(x, 0), 3, 4),
    "Softmax_numbers": one(
        layers.Softmax,
        lambda x: softmax(np.where(MASK, x, -1e9), -1) * MASK,
        *MASK.shape,
        call={"mask": np.where(MASK, 0.75, 0.25)},
    ),
    **of_heads(layers.MultiHeadAttention, 1),
    **of_heads(layers.GroupQueryAttention, 2),
    "GroupQueryAttention_own_key": Row(
        partial(layers.GroupQueryAttention, 4, 4, 2),
        partial(attention.heads, shared=2, inputs=3),
        ((2, 3, 5), (2, 4, 5), (2, 4, 5)),
    ),
    "MultiHeadAttention_number": Row(
        partial(layers.MultiHeadAttention, 2, 4, attention_axes=2),
        attention.heads,
        ((2, 2, 3, 5), (2, 2, 4, 5)),
    ),
    "MultiHeadAttention_behind": Row(
        partial(layers.MultiHeadAttention, 2, 4, attention_axes=(-2,)),
        attention.heads,
        ((2, 2, 3, 5), (2, 2, 4, 5)),
    ),
    "Conv2DTranspose_behind": one(
        layers.Conv2DTranspose,
        put_behind,
        *(2, 3, 4, 2),
        filters=3,
        kernel_size=2,
        strides=2,
        output_padding=1,
        use_bias=False,
    ),
    "Conv2DTranspose_by_one": one(
        layers.Conv2DTranspose,
        lambda x, w, b: transposed(x, w, 1, same=False) + b,
        *(2, 3, 4, 2),
        filters=3,
        kernel_size=2,
    ),
    "DepthwiseConv2D_plain": one(
        layers.DepthwiseConv2D,
        partial(depthwise, same=True),
        *(2, 5, 4, 2),
        kernel_size=3,
        padding="same",
        use_bias=False,
    ),
    "SeparableConv2D_plain": one(
        layers.SeparableConv2D,
        partial(separable, same=True),
        *(2, 5, 4, 2),
        filters=3,
        kernel_size=3,
        padding="same",
        use_bias=False,
    ),
    "EinsumDense_bias": one(
        layers.EinsumDense,
        lambda x, w, b: np.einsum("abc,cde->abde", x, w) + b,
        *(2, 4, 3),
        equation="abc,cde->abde",
        output_shape=(4, 2, 5),
        bias_axes="be",
    ),
    "ReversibleEmbedding_other": one(
        layers.ReversibleEmbedding,
        lambda x, w: 2 * np.tanh(x @ w.T / 2),
        *(2, 3, 4),
        input_dim=6,
        output_dim=4,
        reverse_dtype="float64",
        logit_soft_cap=2.0,
        call={"reverse": True},
        dtype="float32",
    ),
    "Cropping3D_one": one(
        layers.Cropping3D, lambda x: x[:, 1:-1, 1:-1, 1:-1], 2, 3, 4, 5, 1, cropping=1
    ),
    "Flatten_numbers": one(layers.Flatten, lambda x: x[:, None], 3),
    "GaussianNoise_0": one(layers.GaussianNoise, lambda x: x, 2, 3, stddev=0.0),
    **{
        f"{kind.__name__}_0": one(kind, lambda x: x, 2, 3, 4, rate=0.0, call={"training": True})
        for kind in (
            layers.Dropout,
            layers.AlphaDropout,
            layers.GaussianDropout,
            layers.SpatialDropout1D,
        )
    },
    "ConvLSTM1D_plain": one(
        layers.ConvLSTM1D,
        through(lambda x, h, *w: lstm(x, h, *w, np.zeros(16), times=convolve), shape=(4, 4)),
        *(2, 3, 6, 2),
        filters=4,
        kernel_size=3,
        recurrent_activation="sigmoid",
        use_bias=False,
    ),
    **{
        f"{name}_trained": one(kind, through(cell), *(2, 5, 3), units=4, call={"training": True})
        for name, kind, cell in (
            ("SimpleRNN", layers.SimpleRNN, simple),
            ("LSTM", layers.LSTM, lstm),
            ("GRU", layers.GRU, gru),
        )
    },
}
