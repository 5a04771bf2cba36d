"""Arithmetic and elementary functions. Those of a family are stacked: each keeps its own rows."""

from __future__ import annotations

import tensorflow as tf

from gradients.case import Case
from gradients.inputs import distinct, normal, off_zero, positive, uniform

CASES = (
    Case(
        "ranks_apart",
        [normal(1, 2, 3), normal(2, 3), normal(1, 1)],
        lambda a, b, c: a * b + b * c + (a - b) / (c**2 + 1),
    ),
    Case(
        "arithmetic",
        [normal(3, 4), off_zero(4)],
        lambda a, b: tf.stack([a + b, a - b, a * b, a / b, -a * tf.abs(b)]),
    ),
    Case(
        "division",
        [normal(3, 4), off_zero(4)],
        lambda a, b: tf.stack(
            [
                tf.math.divide_no_nan(a, b),
                tf.math.multiply_no_nan(a, b),
                tf.realdiv(a, b),
                tf.math.reciprocal_no_nan(b) * a,
            ]
        ),
    ),
    Case(
        "modulo",
        [uniform(2.1, 2.9, 4), uniform(0.51, 0.67, 4)],
        lambda a, b: tf.math.floormod(a, b),
    ),
    Case(
        "extrema",
        [distinct(3, 4), distinct(3, 4, offset=0.3)],
        lambda a, b: tf.stack([tf.maximum(a, b) ** 2, tf.minimum(a, b) ** 2]),
    ),
    Case(
        "squares",
        [off_zero(3, 4), normal(4)],
        lambda a, b: tf.stack([tf.square(a) * b, tf.math.squared_difference(a, b), a**3 + b]),
    ),
    Case(
        "roots_and_powers",
        [positive(4)],
        lambda x: tf.stack([tf.sqrt(x), tf.math.reciprocal(x), tf.exp(x), tf.math.log(x), 2.0**x]),
    ),
    Case(
        "trigonometric",
        [normal(4)],
        lambda x: tf.stack([tf.sin(x), tf.cos(x), tf.tan(x / 3), tf.sinh(x), tf.cosh(x)]),
    ),
    Case(
        "inverse_trigonometric",
        [uniform(-0.8, 0.8, 4)],
        lambda x: tf.stack([tf.asin(x), tf.acos(x), tf.atan(x)]),
    ),
    Case("log_sigmoid", [normal(4)], tf.math.log_sigmoid),
    Case("cast", [normal(4)], lambda x: tf.cast(tf.cast(x, tf.float64) ** 2, x.dtype)),
    Case(
        "select",
        [normal(3, 4), normal(3, 4)],
        lambda a, b: tf.where(tf.stop_gradient(a) > 0, a * b, a + b),
    ),
)
