"""Pooling: maxima and means of windows."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from gradients import gaps
from gradients.case import Case
from gradients.inputs import distinct, normal


def by_axis(combine: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]) -> Callable[..., tf.Tensor]:
    """Pool blocks of 2 x 2 x 2 without a pooling kernel: neighbours, axis by axis."""

    def pool(x: tf.Tensor) -> tf.Tensor:
        x = combine(x[:, ::2], x[:, 1::2])
        x = combine(x[:, :, ::2], x[:, :, 1::2])
        return combine(x[:, :, :, ::2], x[:, :, :, 1::2])

    return pool


CASES = (
    Case("max_pool2d", [distinct(2, 6, 6, 2)], lambda x: tf.nn.max_pool2d(x, 2, 2, "VALID")),
    Case(
        "max_pool2d_overlapping",
        [distinct(1, 6, 6, 2)],
        lambda x: tf.nn.max_pool2d(x, 3, 2, "SAME"),
    ),
    Case("avg_pool2d", [normal(2, 6, 6, 2)], lambda x: tf.nn.avg_pool2d(x, 3, 2, "SAME")),
    Case(
        "avg_pool2d_valid",
        [normal(1, 7, 6, 2)],
        lambda x: tf.nn.avg_pool2d(x, [2, 3], [3, 2], "VALID"),
    ),
    Case(
        "max_pool3d",
        [distinct(1, 4, 4, 4, 2)],
        lambda x: tf.nn.max_pool3d(x, 2, 2, "VALID"),
        dtype="float32",
        reference=by_axis(tf.maximum),
        known=gaps.NO_FLOAT16,
    ),
    Case(
        "avg_pool3d",
        [normal(1, 4, 4, 4, 2)],
        lambda x: tf.nn.avg_pool3d(x, 2, 2, "VALID"),
        dtype="float32",
        reference=by_axis(lambda a, b: (a + b) / 2),
        known=gaps.NO_FLOAT16,
    ),
    Case(
        "max_pool_with_argmax",
        [distinct(1, 4, 4, 2)],
        lambda x: tf.nn.max_pool_with_argmax(x, 2, 2, "VALID")[0],
        known=gaps.no_second("MaxPoolGradWithArgmax") | gaps.not_compiled("MaxPoolWithArgmax"),
    ),
    Case(
        "fractional_avg_pool",
        [normal(1, 6, 6, 2)],
        lambda x: tf.nn.fractional_avg_pool(x, [1, 1.5, 1.5, 1], seed=7)[0],
        known=gaps.STATIC_SHAPES
        | gaps.NO_HALF
        | gaps.no_second("FractionalAvgPoolGrad")
        | gaps.not_compiled("FractionalAvgPool"),
    ),
    Case(
        "fractional_max_pool",
        [distinct(1, 6, 6, 2)],
        lambda x: tf.nn.fractional_max_pool(x, [1, 1.5, 1.5, 1], seed=7)[0],
        known=gaps.NO_HALF
        | gaps.no_second("FractionalMaxPoolGrad")
        | gaps.not_compiled("FractionalMaxPool"),
    ),
)
