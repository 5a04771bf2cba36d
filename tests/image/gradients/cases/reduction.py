"""Reductions, and running sums and products."""

from __future__ import annotations

import tensorflow as tf

from gradients import gaps
from gradients.case import Case
from gradients.inputs import constant, distinct, normal, off_zero

CASES = (
    Case("reduce_sum", [normal(3, 4, 2)], lambda x: tf.reduce_sum(x, 1) ** 2),
    Case("reduce_mean", [normal(3, 4, 2)], lambda x: tf.reduce_mean(x, 1) ** 2),
    Case("reduce_logsumexp", [normal(3, 4, 2)], lambda x: tf.reduce_logsumexp(x, 1) ** 2),
    Case("reduce_variance", [normal(3, 4, 2)], lambda x: tf.math.reduce_variance(x, 1) ** 2),
    Case("reduce_std", [normal(3, 4, 2)], lambda x: tf.math.reduce_std(x, 1) ** 2),
    Case(
        "reduce_euclidean_norm",
        [normal(3, 4, 2)],
        lambda x: tf.math.reduce_euclidean_norm(x, 1) ** 2,
        known=gaps.not_compiled("EuclideanNorm", 41915),
    ),
    Case(
        "reduce_max_and_min",
        [distinct(3, 4)],
        lambda x: tf.reduce_max(x, 1) * tf.reduce_min(x, 1),
    ),
    Case("reduce_prod", [off_zero(3, 4)], lambda x: tf.reduce_prod(x, 1)),
    Case(
        "reduce_prod_with_zero",
        [constant([[0.0, 2.0, 3.0], [1.0, 2.0, 3.0]])],
        lambda x: tf.reduce_prod(x, 1),
        known=gaps.REDUCE_PROD_WITH_ZERO,
    ),
    Case(
        "cumsum",
        [normal(3, 4)],
        lambda x: tf.cumsum(x, 1, exclusive=True, reverse=True) ** 2,
    ),
    Case("cumprod", [off_zero(3, 4)], lambda x: tf.math.cumprod(x, 1)),
    Case(
        "cumprod_with_zero",
        [constant([[2.0, 0.0, 3.0]])],
        lambda x: tf.math.cumprod(x, 1),
        known=gaps.CUMPROD_WITH_ZERO,
    ),
    Case("cumulative_logsumexp", [normal(3, 4)], lambda x: tf.math.cumulative_logsumexp(x, 1)),
    Case(
        "top_k_and_sort",
        [distinct(3, 6)],
        lambda x: tf.math.top_k(x, 3)[0] ** 2 * tf.sort(x, -1)[:, :3],
    ),
    Case("add_n", [normal(3, 2), normal(3, 2)], lambda a, b: tf.add_n([a, b, a]) ** 2),
)
