"""Keras's convolutions and pools along one large axis after another, in float32.

What is wrong beyond a size alone, or is summed in fewer bits there, no row of a few numbers shows.
They are held to NumPy in float64, and so are their gradients.
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

from gradients.values.layers import Row
from gradients.values.test_layers import TABLE, apply, draw

#: Rows of layers along a line and in a plane; `wide` and `test_recurrent` have the others.
ROWS = (
    *(
        f"{kind}_{rank}"
        for rank in (1, 2)
        for kind in (
            *("Conv", "Conv_transposed_False", "DepthwiseConv"),
            *("MaxPooling_valid", "AveragePooling_same", "GlobalMaxPooling"),
            *("GlobalAveragePooling", "AdaptiveMax", "AdaptiveAverage"),
        )
    ),
    "Conv_causal",
)
#: Sizes of a batch, of the last axis, and, by how many axes there are, of one between.
SAMPLES, LAST, BETWEEN = 70, 1030, {3: 540, 4: 150}
#: What a layer's configuration has for a size, and how large that gets.
ATTRIBUTES = {"filters": 260, "depth_multiplier": 260}
#: Of kernels that many numbers go through, of both signs: their sums are about 1.
SHRUNK = 1 / 8
#: By the norm. 16 bits leave 1e-3; a sum of 30,000 products in float32 leaves 2e-6.
TOLERANCE, STEP = 1e-5, 1e-6


def large(name: str) -> Iterator[tuple[str, Row]]:
    """Yield what is grown of a row, and the row: one axis at a time, the batch beside the first."""
    row = replace(TABLE[name], dtype="float32")
    rank = len(row.shapes[0])
    sizes = sorted({pair for shape in row.shapes for pair in enumerate(shape[1:], 1)})
    for axis, old in sizes:
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
        found, gradients = _differentiated(layer, row, cotangent, *map(tf.constant, inputs))
        off = np.linalg.norm(found - expected) / np.linalg.norm(expected)
        slope = sum(np.vdot(g, way) for g, way in zip(gradients, ways, strict=True))
        size = np.sqrt(sum(np.linalg.norm(gradient) ** 2 for gradient in gradients))
        gap = abs(slope - np.vdot((after - before) / (2 * STEP), cotangent)) / size
        # The greater of the two would be the first where the second is no number.
        assert off < TOLERANCE, (what, off)
        assert gap < TOLERANCE, (what, gap)
