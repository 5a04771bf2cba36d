"""Normalization, as tf.nn has it; Keras's layers stand in `layers`."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from gradients import gaps
from gradients.case import Case
from gradients.inputs import normal, off_zero, positive


def batch_normalization(x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor) -> tf.Tensor:
    """Normalize over the batch by its own moments."""
    mean, variance = tf.nn.moments(x, [0])
    return tf.nn.batch_normalization(x, mean, variance, offset, scale, 1e-3)


def layer_norm(x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor) -> tf.Tensor:
    """Normalize over the last axis by its own moments."""
    mean, variance = tf.nn.moments(x, [-1], keepdims=True)
    return (x - mean) * tf.math.rsqrt(variance + 1e-3) * scale + offset


def batch_norm_by_formula(x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor) -> tf.Tensor:
    """Normalize over all but the channels, without a fused kernel."""
    centred = x - tf.reduce_mean(x, [0, 1, 2])
    variance = tf.reduce_mean(centred**2, [0, 1, 2])
    return centred * tf.math.rsqrt(variance + 1e-3) * scale + offset


def response_by_formula(x: tf.Tensor) -> tf.Tensor:
    """Divide by the root of 1 + half the sum of squares over two channels on either side."""
    channels = np.arange(6)
    near = np.abs(channels[:, None] - channels) <= 2
    sums = tf.linalg.matmul(x**2, tf.constant(near, x.dtype))
    return x * tf.math.rsqrt(1 + 0.5 * sums)


CASES = (
    Case(
        "fused_batch_norm",
        [normal(4, 3, 3, 2), positive(2), normal(2)],
        lambda x, s, b: tf.compat.v1.nn.fused_batch_norm(x, s, b)[0],
        dtype="float32",
        reference=batch_norm_by_formula,
        known=gaps.NO_HALF,
    ),
    Case(
        "batch_normalization",
        [normal(6, 4), positive(4), normal(4)],
        batch_normalization,
        known=gaps.MOMENTS,
    ),
    Case(
        "layer_norm",
        [normal(4, 6), positive(6), normal(6)],
        layer_norm,
        known=gaps.MOMENTS,
    ),
    Case("l2_normalize", [off_zero(4, 5)], lambda x: tf.math.l2_normalize(x, -1)),
    Case(
        "local_response_normalization",
        [normal(2, 3, 3, 6)],
        lambda x: tf.nn.lrn(x, 2, 1.0, 0.5, 0.5),
        dtype="float32",
        reference=response_by_formula,
        known=gaps.NO_BFLOAT16 | gaps.no_second("LRNGrad", issue=22825),
    ),
    Case(
        "moments",
        [normal(4, 5)],
        lambda x: tf.concat(tf.nn.moments(x, [0]), 0),
        known=gaps.MOMENTS,
    ),
)
