"""Keras's layers along one large axis after another, and losses and metrics of many, in float32.

What is wrong beyond a size alone, or is summed in fewer bits there, no row of a few numbers shows.
They are held to NumPy in float64.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import activations
from scipy import special

from gradients.tracing import traced
from gradients.values.layers import Row
from gradients.values.losses import LOSSES
from gradients.values.metrics import METRICS
from gradients.values.test_layers import TABLE, apply, draw

#: Rows of layers in which numbers meet: along a line, in a plane, and the others.
PLANES = [
    f"{kind}_{rank}"
    for rank in (1, 2)
    for kind in (
        *("Conv", "Conv_transposed_False", "DepthwiseConv", "SeparableConv"),
        *("MaxPooling_valid", "AveragePooling_same", "GlobalMaxPooling", "GlobalAveragePooling"),
        *("AdaptiveMax", "AdaptiveAverage"),
    )
]
ROWS = (
    *("Dense", "Dense_plain", "EinsumDense", "SpectralNormalization", "PReLU", "Normalization"),
    *("BatchNormalization", "BatchNormalization_training", "GroupNormalization"),
    *("LayerNormalization", "LayerNormalization_axes", "RMSNormalization", "UnitNormalization"),
    *("Softmax", "Attention", "AdditiveAttention", "MultiHeadAttention", "GroupQueryAttention"),
    *("Concatenate", "Dot", "Dot_cosine", "Average", "ReversibleEmbedding"),
    *("SimpleRNN", "LSTM", "GRU", "Bidirectional", *PLANES, "Conv_causal"),
)
#: Sizes of a batch, of the last axis, and, by how many axes there are, of one between.
SAMPLES, LAST, BETWEEN = 70, 1030, {3: 540, 4: 150}
#: What a layer's configuration has for a size, and how large that gets.
ATTRIBUTES = {"units": 260, "filters": 260, "depth_multiplier": 260}
ATTRIBUTES |= {"key_dim": 130, "num_heads": 66}
#: Axes that a reference has a size of its own for, or that are dear: one loop over time is enough.
FIXED = {"ReversibleEmbedding": 2, "SimpleRNN": 1, "LSTM": 1, "GRU": 1}
#: Of kernels that many numbers go through, of both signs: their sums are about 1.
SHRUNK = 1 / 8
#: By the norm. 16 bits leave 1e-3; a sum of 30,000 products in float32 leaves 2e-6.
TOLERANCE, STEP = 1e-5, 1e-6
LENGTHS = [tf.TensorSpec([None, None, None])]
#: How often samples, or what a sample has, are repeated.
MANY = 260
#: Losses of what is certain, which is bounded by another number in float32, and of all pairs.
OTHERS = ("BinaryCrossentropy_certain", "Circle")


def large(name: str) -> Iterator[tuple[str, Row]]:
    """Yield what is grown of a row, and the row: one axis at a time, the batch beside the first."""
    row = replace(TABLE[name], dtype="float32")
    rank = len(row.shapes[0])
    sizes = sorted({pair for shape in row.shapes for pair in enumerate(shape[1:], 1)})
    for axis, old in sizes:
        if axis != FIXED.get(name):
            grown = {(axis, old): LAST if axis == rank - 1 else BETWEEN[rank]}
            if axis == 1 and rank < 4:
                grown[0, row.shapes[0][0]] = SAMPLES
            shapes = (
                tuple(grown.get(pair, pair[1]) for pair in enumerate(shape)) for shape in row.shapes
            )
            yield f"axis {axis}, {old}", replace(row, shapes=tuple(shapes))
    for attribute, size in ATTRIBUTES.items():
        if isinstance(row.make().get_config().get(attribute), int):
            yield attribute, replace(row, make=partial(_with, row, {attribute: size}))


def _with(row: Row, attributes: Mapping[str, int], **kinds: Any) -> keras.Layer:
    """Return a row's layer with other attributes."""
    layer = row.make(**kinds)
    return type(layer).from_config(layer.get_config() | attributes)


def _differentiated(layer: keras.Layer, row: Row, cotangent: np.ndarray, *given: tf.Tensor) -> Any:
    """Return what a layer gives, and how that changes along a cotangent, by each input."""
    with tf.GradientTape() as tape:
        tape.watch(given)
        found = apply(layer, row, list(given))
    return found, tape.gradient(found, given, tf.constant(cotangent, found.dtype))


@pytest.mark.parametrize("name", ROWS)
def test_a_large_layer_is_its_formula(name: str) -> None:
    """And its gradient is the formula's."""
    for what, row in large(name):
        layer, inputs, values = draw(name, row)
        values = [(value - 0.5) * SHRUNK if value.ndim > 1 else value for value in values]
        layer.set_weights([*values, *layer.get_weights()[len(values) :]])
        random = np.random.default_rng(len(what))
        ways = [random.standard_normal(given.shape) for given in inputs]
        after, before = (
            row.reference(*(x + step * way for x, way in zip(inputs, ways, strict=True)), *values)
            for step in (STEP, -STEP)
        )
        expected, cotangent = (after + before) / 2, random.standard_normal(after.shape)
        both = partial(_differentiated, layer, row, cotangent)
        # A loop over many times is slow in eager execution; in a graph it may not know how many.
        called = traced(both, input_signature=LENGTHS) if name == "Bidirectional" else both
        found, gradients = called(*map(tf.constant, inputs))
        off = np.linalg.norm(found - expected) / np.linalg.norm(expected)
        slope = sum(np.vdot(g, way) for g, way in zip(gradients, ways, strict=True))
        size = np.sqrt(sum(np.linalg.norm(gradient) ** 2 for gradient in gradients))
        gap = abs(slope - np.vdot((after - before) / (2 * STEP), cotangent)) / size
        assert max(off, gap) < TOLERANCE, (what, off, gap)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_many_classes(name: str) -> None:
    """More than a thousand."""
    x = np.random.default_rng(0).standard_normal((3, LAST)).astype("float32")
    found, expected = getattr(activations, name)(x), getattr(special, name)(x.astype(float), -1)
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE)


@pytest.mark.parametrize("name", [name for name in LOSSES if name not in OTHERS])
def test_a_loss_of_many(name: str) -> None:
    """Samples, and numbers or classes of each."""
    row = LOSSES[name]
    targets, outputs = row.pair
    classes = [targets, np.tile(outputs, MANY) / MANY]
    if targets.ndim == outputs.ndim:
        classes[0] = np.tile(targets, MANY)
    for pair in ([np.concatenate([part] * MANY) for part in row.pair], classes):
        found = row.make(reduction="none", dtype="float32")(*pair)
        expected = row.reference(*pair)
        assert np.linalg.norm(found - expected) < TOLERANCE * np.linalg.norm(expected)


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_of_many(name: str) -> None:
    """Samples, in one batch, each with its weight."""
    row = METRICS[name]
    targets, outputs, weights = (np.concatenate([part] * MANY) for part in (*row.pair, row.weights))
    metric = row.make(dtype="float32")
    metric.update_state(targets, outputs, sample_weight=weights)
    expected = row.reference(targets, outputs, weights)
    # A share of what is left, as R2 is, loses digits.
    tolerance = 10 * TOLERANCE
    np.testing.assert_allclose(metric.result(), expected, rtol=tolerance, atol=tolerance)
