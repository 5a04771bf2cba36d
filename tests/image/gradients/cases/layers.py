"""Keras's layers, as functions of their inputs and their weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from keras import layers

from gradients import gaps
from gradients.case import Case
from gradients.inputs import normal

Shape = tuple[int, ...]


class Layer:
    """A layer as a function: its inputs first, its trainable weights after them.

    What it holds besides stays as a seed makes it, the same in every type. `together` passes
    several inputs as one list.
    """

    def __init__(
        self,
        make: Callable[[str], keras.Layer],
        *shapes: Shape,
        together: bool = False,
        **arguments: Any,
    ) -> None:
        self._make, self._shapes, self._together = make, shapes, together
        self._arguments = arguments
        self._built: dict[str, tuple[keras.Layer, list[tf.Tensor]]] = {}

    def __call__(self, *operands: tf.Tensor) -> tf.Tensor:
        count = len(self._shapes)
        inputs, weights = list(operands[:count]), list(operands[count:])
        layer, state = self._layer(operands[0].dtype.name)
        given = [inputs] if self._together else inputs
        outputs, _ = layer.stateless_call(weights, state, *given, **self._arguments)
        return outputs

    def _layer(self, dtype: str) -> tuple[keras.Layer, list[tf.Tensor]]:
        """Return the layer and its state in a type, built where that is new."""
        if dtype not in self._built:
            # A variable belongs to no graph: the first call may stand inside a function.
            with tf.init_scope():
                self._built[dtype] = self._build(dtype)
        return self._built[dtype]

    def _build(self, dtype: str) -> tuple[keras.Layer, list[tf.Tensor]]:
        keras.utils.set_random_seed(0)
        layer = self._make(dtype)
        layer.build(list(self._shapes)) if self._together else layer.build(*self._shapes)
        state = [tf.constant(variable.numpy()) for variable in layer.non_trainable_variables]
        return layer, state


def weights(*shape: int) -> Any:
    """Draw weights that keep magnitudes about as they are."""
    return normal(*shape, scale=0.4)


def gains(*shape: int) -> Any:
    """Draw the factors of a normalization, around 1."""
    return normal(*shape, scale=0.4, mean=1.0)


CASES = (
    Case(
        "Dense",
        [normal(3, 5), weights(5, 4), weights(4)],
        Layer(lambda dtype: layers.Dense(4, activation="tanh", dtype=dtype), (3, 5)),
    ),
    Case(
        "Conv2D",
        [normal(2, 5, 5, 2), weights(3, 3, 2, 3), weights(3)],
        Layer(lambda dtype: layers.Conv2D(3, 3, activation="gelu", dtype=dtype), (2, 5, 5, 2)),
    ),
    Case(
        "Conv2DTranspose",
        [normal(1, 3, 3, 2), weights(3, 3, 3, 2), weights(3)],
        Layer(lambda dtype: layers.Conv2DTranspose(3, 3, strides=2, dtype=dtype), (1, 3, 3, 2)),
    ),
    Case(
        "SeparableConv2D",
        [normal(1, 5, 5, 2), weights(3, 3, 2, 1), weights(1, 1, 2, 3), weights(3)],
        Layer(lambda dtype: layers.SeparableConv2D(3, 3, dtype=dtype), (1, 5, 5, 2)),
    ),
    Case(
        "EinsumDense",
        [normal(2, 4, 3), weights(3, 2, 5), weights(2, 5)],
        Layer(
            lambda dtype: layers.EinsumDense(
                "abc,cde->abde", (None, 2, 5), bias_axes="de", dtype=dtype
            ),
            (2, 4, 3),
        ),
    ),
    Case(
        "BatchNormalization_training",
        [normal(6, 4), gains(4), weights(4)],
        Layer(lambda dtype: layers.BatchNormalization(dtype=dtype), (6, 4), training=True),
        known=gaps.MOMENTS,
    ),
    Case(
        "BatchNormalization_inference",
        [normal(6, 4), gains(4), weights(4)],
        Layer(lambda dtype: layers.BatchNormalization(dtype=dtype), (6, 4), training=False),
    ),
    Case(
        "LayerNormalization",
        [normal(3, 6), gains(6), weights(6)],
        Layer(lambda dtype: layers.LayerNormalization(dtype=dtype), (3, 6)),
        known=gaps.MOMENTS,
    ),
    Case(
        "GroupNormalization",
        [normal(2, 3, 3, 4), gains(4), weights(4)],
        Layer(lambda dtype: layers.GroupNormalization(2, dtype=dtype), (2, 3, 3, 4)),
        known=gaps.MOMENTS,
    ),
    Case(
        "RMSNormalization",
        [normal(3, 6), gains(6)],
        Layer(lambda dtype: layers.RMSNormalization(dtype=dtype), (3, 6)),
    ),
    Case(
        "UnitNormalization",
        [normal(3, 6)],
        Layer(lambda dtype: layers.UnitNormalization(dtype=dtype), (3, 6)),
    ),
    Case(
        "SpectralNormalization_inference",
        [normal(3, 4), weights(4, 3), weights(3)],
        Layer(
            lambda dtype: layers.SpectralNormalization(layers.Dense(3, dtype=dtype), dtype=dtype),
            (3, 4),
            training=False,
        ),
    ),
    Case(
        "PReLU",
        [normal(3, 4), weights(4)],
        Layer(lambda dtype: layers.PReLU(dtype=dtype), (3, 4)),
    ),
    Case(
        "GlobalAveragePooling2D",
        [normal(2, 4, 4, 3)],
        Layer(lambda dtype: layers.GlobalAveragePooling2D(dtype=dtype), (2, 4, 4, 3)),
    ),
)
