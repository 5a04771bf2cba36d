"""Keras's layers in 16 bits, as mixed precision computes, against NumPy in float64.

Inputs and weights are numbers that 16 bits hold, so that what is off is what the layer lost: the
rounding of its products and of its result, and no more where it widens what it sums.
"""

from __future__ import annotations

import zlib
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from gradients.values.saved import restored
from gradients.values.test_large import ROWS as LARGE
from gradients.values.test_layers import TABLE, apply

#: Rows of all layers that compute, and of those that join or move numbers.
ROWS = (
    *("Dense", "Dense_plain", "EinsumDense", "SpectralNormalization", "PReLU", "Normalization"),
    *("BatchNormalization", "BatchNormalization_training", "GroupNormalization"),
    *("LayerNormalization", "LayerNormalization_axes", "RMSNormalization", "UnitNormalization"),
    *("Softmax", "Attention", "AdditiveAttention", "MultiHeadAttention", "GroupQueryAttention"),
    *("Dot", "Average", "ReversibleEmbedding", "SeparableConv_2", *LARGE),
    *("SimpleRNN", "LSTM", "GRU", "Bidirectional"),
    *("Add", "Concatenate", "Flatten", "Reshape", "Permute", "RepeatVector"),
)
#: A unit in the last place.
ULP = {"bfloat16": 2**-7, "float16": 2**-10}
#: In ulp, by the norm: what is rounded once leaves 0.25, twice 0.35; a loop of five steps 0.8.
TOLERANCE, LONG = 0.5, 1.0
#: Rows that round their products, and then what they make of them. A product of batches rounds its
#: sums on the way, too, where oneDNN has no kernel for it: which types it takes, the CPU decides.
LOOPS = ("Attention", "RNN", "GRU", "LSTM", "Bidirectional", "Dot")
#: Away from 0 a mean that is rounded is far from the mean of what is left.
MEANS, MEAN = ("Normalization", "Pooling", "Adaptive"), 8


def rounded(values: np.ndarray, kind: str) -> np.ndarray:
    """Return the nearest numbers that a type holds."""
    return np.asarray(tf.cast(tf.cast(values, kind), "float64"))


def draw(name: str, kind: str) -> tuple[keras.Layer, list[np.ndarray], list[np.ndarray]]:
    """Return a layer of mixed precision, its inputs and its weights."""
    row, random = TABLE[name], np.random.default_rng(zlib.crc32(name.encode()))
    mean = MEAN if any(word in name for word in MEANS) else 0
    inputs = [rounded(mean + random.standard_normal(shape), kind) for shape in row.shapes]
    layer = restored(row.make(dtype=f"mixed_{kind}"))
    layer.build(list(row.shapes)) if row.together else layer.build(*row.shapes)
    values = [
        rounded(random.uniform(0.1, 0.9, weight.shape) - (weight.ndim > 1) / 2, kind)
        for weight in layer.weights
    ]
    layer.set_weights(values)
    return layer, inputs, values


@pytest.mark.parametrize("kind", ULP)
@pytest.mark.parametrize("name", ROWS)
def test_a_layer_of_mixed_precision_is_its_formula(name: str, kind: str) -> None:
    """To the rounding of what it gives."""
    layer, inputs, values = draw(name, kind)
    row = TABLE[name]
    found: Any = apply(layer, row, [tf.cast(given, kind) for given in inputs])
    assert found.dtype.name == kind
    expected = row.reference(*inputs, *values)
    off = np.linalg.norm(np.asarray(tf.cast(found, "float64")) - expected)
    tolerance = LONG if any(word in name for word in LOOPS) else TOLERANCE
    assert off < tolerance * ULP[kind] * np.linalg.norm(expected)
