"""The derivative of a layer along a direction, beside its formula's, by central differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from gradients.values.layers import Row, apply

STEP = 1e-6
HEADS = (layers.MultiHeadAttention, layers.GroupQueryAttention)
#: Layers that have more than one way from what they are given to what they give.
KINDS = (
    *(layers.BatchNormalization, layers.LayerNormalization, layers.GroupNormalization),
    *(layers.RMSNormalization, layers.UnitNormalization, layers.Softmax),
    *(layers.Attention, *HEADS),
    *(layers.GlobalAveragePooling1D, layers.ReversibleEmbedding),
)


def hold_slope(row: Row, layer: keras.Layer, inputs: Sequence[Any], values: Sequence[Any]) -> None:
    """Hold it to the formula's, in all inputs and all weights that are trained, of some kinds."""
    plain = isinstance(layer, HEADS) and not row.call
    if row.dtype != "float64" or not isinstance(layer, KINDS) or plain:
        return
    random = np.random.default_rng(len(values))
    given = [tf.constant(part) for part in inputs]
    with tf.GradientTape() as tape:
        tape.watch(given)
        found = apply(layer, row, given)
    seeds = {id(variable) for variable in layer.variables if "seed" in variable.path}
    weights = [variable for variable in layer.variables if id(variable) not in seeds]
    trained = [variable for variable in weights if variable.trainable]
    cotangent = random.standard_normal(found.shape)
    gradients = tape.gradient(
        found,
        [*given, *(variable.value for variable in trained)],
        output_gradients=tf.constant(cotangent),
        unconnected_gradients="zero",
    )
    places = [*range(len(given))]
    places += [len(given) + n for n, weight in enumerate(weights) if weight.trainable]
    arrays = [np.asarray(one) for one in (*inputs, *values)]
    directions = [np.zeros_like(one) for one in arrays]
    for place in places:
        directions[place] = random.standard_normal(arrays[place].shape)
    slope = sum(
        np.vdot(gradient, directions[place])
        for gradient, place in zip(gradients, places, strict=True)
    )
    ends = [
        np.vdot(
            cotangent,
            row.reference(*(one + step * way for one, way in zip(arrays, directions, strict=True))),
        )
        for step in (STEP, -STEP)
    ]
    exact = (ends[0] - ends[1]) / (2 * STEP)
    size = np.sqrt(sum(float(tf.reduce_sum(one**2)) for one in gradients))
    assert abs(slope - exact) <= 1e-6 * size, (slope, exact)
