"""Reductions over segments; the sorted ids leave segment 2 empty."""

from __future__ import annotations

import tensorflow as tf

from gradients import gaps
from gradients.case import Case
from gradients.inputs import distinct, normal, off_zero

SORTED = [0, 0, 1, 3]

CASES = (
    Case(
        "segment_sum",
        [normal(4, 3)],
        lambda x: tf.math.segment_sum(x, SORTED) ** 2,
        known=gaps.not_compiled("SegmentSum", 50713),
    ),
    Case(
        "segment_mean",
        [normal(4, 3)],
        lambda x: tf.math.segment_mean(x, SORTED) ** 2,
        known=gaps.EMPTY_SEGMENT | gaps.not_compiled("SegmentMean"),
    ),
    Case(
        "segment_max",
        [distinct(4, 3)],
        lambda x: tf.math.segment_max(x, SORTED) ** 2,
        known=gaps.EMPTY_SEGMENT_EXTREMUM | gaps.not_compiled("SegmentMax"),
    ),
    Case(
        "segment_min",
        [distinct(4, 3)],
        lambda x: tf.math.segment_min(x, SORTED) ** 2,
        known=gaps.EMPTY_SEGMENT_EXTREMUM | gaps.not_compiled("SegmentMin"),
    ),
    Case(
        "segment_prod",
        [off_zero(4, 3)],
        lambda x: tf.math.segment_prod(x, SORTED),
        known=gaps.not_compiled("SegmentProd"),
    ),
    Case(
        "unsorted_segment_sum",
        [normal(4, 3)],
        lambda x: tf.math.unsorted_segment_sum(x, [2, 0, 2, 1], 4) ** 2,
    ),
    Case(
        "unsorted_segment_max",
        [distinct(4, 3)],
        lambda x: tf.math.unsorted_segment_max(x, [1, 0, 1, 0], 2) ** 2,
    ),
    Case(
        "unsorted_segment_min",
        [distinct(4, 3)],
        lambda x: tf.math.unsorted_segment_min(x, [1, 0, 1, 0], 2) ** 2,
    ),
    Case(
        "unsorted_segment_prod",
        [off_zero(4, 3)],
        lambda x: tf.math.unsorted_segment_prod(x, [1, 0, 1, 0], 2),
    ),
    Case(
        "unsorted_segment_sqrt_n",
        [normal(4, 3)],
        lambda x: tf.math.unsorted_segment_sqrt_n(x, [1, 0, 1, 0], 2) ** 2,
    ),
    Case(
        "sparse_segment_mean",
        [normal(5, 3)],
        lambda x: tf.sparse.segment_mean(x, [0, 2, 2, 4], SORTED) ** 2,
        known=gaps.no_second("SparseSegmentMeanGrad") | gaps.not_compiled("SparseSegmentMean"),
    ),
    Case(
        "sparse_segment_sum",
        [normal(5, 3)],
        lambda x: tf.sparse.segment_sum(x, [0, 2, 2, 4], SORTED) ** 2,
        known=gaps.no_second("SparseSegmentSumGrad") | gaps.not_compiled("SparseSegmentSum"),
    ),
    Case(
        "sparse_segment_sqrt_n",
        [normal(5, 3)],
        lambda x: tf.sparse.segment_sqrt_n(x, [0, 2, 2, 4], SORTED) ** 2,
        known=gaps.no_second("SparseSegmentSqrtNGrad") | gaps.not_compiled("SparseSegmentSqrtN"),
    ),
    Case(
        "bincount_weights",
        [normal(4)],
        lambda x: tf.math.bincount([0, 1, 1, 3], weights=x) ** 2,
        known=gaps.no_gradient("DenseBincount") | gaps.NO_HALF,
        on_gpu=gaps.WEIGHTED_COUNTS,
    ),
)
