"""Attention: by hand, and as Keras has it."""

from __future__ import annotations

import tensorflow as tf
from keras import layers

from gradients.case import Case
from gradients.cases.layers import Layer, weights
from gradients.inputs import normal


def causal(query: tf.Tensor, key: tf.Tensor, value: tf.Tensor) -> tf.Tensor:
    """Attend to what came before: scaled dot products, a mask, softmax."""
    size = tf.cast(query.shape[-1], query.dtype)
    future = 1 - tf.linalg.band_part(tf.ones([4, 4], query.dtype), -1, 0)
    scores = tf.matmul(query, key, transpose_b=True) / tf.sqrt(size) - 1e3 * future
    return tf.matmul(tf.nn.softmax(scores), value)


#: Kernel and biases of one projection of 6 features to 2 heads of 3.
PROJECTION = (weights(6, 2, 3), weights(2, 3))

CASES = (
    Case("causal", [normal(2, 4, 3), normal(2, 4, 3), normal(2, 4, 3)], causal),
    Case(
        "MultiHeadAttention",
        [normal(2, 4, 6), normal(2, 4, 6), *(3 * PROJECTION), weights(2, 3, 6), weights(6)],
        Layer(lambda dtype: layers.MultiHeadAttention(2, 3, dtype=dtype), (2, 4, 6), (2, 4, 6)),
    ),
    Case(
        "Attention",
        [normal(2, 4, 6), normal(2, 4, 6), normal(scale=0.1, mean=1.0)],
        Layer(
            lambda dtype: layers.Attention(use_scale=True, dtype=dtype),
            (2, 4, 6),
            (2, 4, 6),
            together=True,
        ),
    ),
    Case(
        "AdditiveAttention",
        [normal(2, 4, 6), normal(2, 4, 6), weights(6)],
        Layer(
            lambda dtype: layers.AdditiveAttention(dtype=dtype),
            (2, 4, 6),
            (2, 4, 6),
            together=True,
        ),
    ),
)
