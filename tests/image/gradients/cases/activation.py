"""Activations, clipping."""

from __future__ import annotations

import keras
import tensorflow as tf

from gradients import gaps
from gradients.case import Case
from gradients.inputs import normal, off_zero


def clip_together(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """Clip two tensors by the norm of both."""
    clipped, _ = tf.clip_by_global_norm([x, y], 1.0)
    return tf.concat([tf.reshape(part, [-1]) for part in clipped], 0)


CASES = (
    Case("relu", [off_zero(4, 5)], tf.nn.relu),
    Case("leaky_relu", [off_zero(4, 5)], tf.nn.leaky_relu),
    Case("elu", [off_zero(4, 5)], tf.nn.elu),
    Case("selu", [off_zero(4, 5)], tf.nn.selu, on_gpu=gaps.SELU_CONSTANTS),
    Case("relu6", [off_zero(4, 5)], tf.nn.relu6),
    Case("softplus", [off_zero(4, 5)], tf.nn.softplus),
    Case(
        "softsign",
        [off_zero(4, 5)],
        tf.nn.softsign,
        known=gaps.no_second("SoftsignGrad"),
    ),
    Case("silu", [off_zero(4, 5)], tf.nn.silu),
    Case("mish", [off_zero(4, 5)], keras.activations.mish),
    Case("hard_sigmoid", [off_zero(4, 5)], keras.activations.hard_sigmoid),
    Case("gelu_exact", [off_zero(4, 5)], tf.nn.gelu),
    Case("gelu_tanh", [off_zero(4, 5)], lambda x: tf.nn.gelu(x, approximate=True)),
    Case("tanh", [normal(4, 5)], tf.tanh),
    Case("sigmoid", [normal(4, 5)], tf.sigmoid),
    Case("softmax", [normal(4, 5)], tf.nn.softmax),
    Case("log_softmax", [normal(4, 5)], tf.nn.log_softmax),
    Case("clip_by_value", [off_zero(4, 5)], lambda x: tf.clip_by_value(x, -0.9, 0.95)),
    Case("clip_by_norm", [normal(4, 5)], lambda x: tf.clip_by_norm(x, 1.0)),
    Case("clip_by_global_norm", [normal(4, 5), normal(3)], clip_together),
)
