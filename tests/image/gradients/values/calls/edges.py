"""Where functions end: nothing, ties, what is infinite, whole numbers of each type."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from scipy.special import log_expit, log_softmax, softmax

from gradients.values.calls import Rows
from gradients.values.calls.inputs import COMPLEX, X

INF, NAN = np.inf, np.nan
NONE, NONE_OF_FOUR = np.zeros((3, 0)), np.zeros((0, 4))
#: Rows of what a softmax must hold to its greatest number, or that has none.
FAR = np.array([[1e4, -1e4, 0.5], [-1e4, 1e4, 1e4], [-INF, 0.5, 2.0], [-1e-9, 0, 1e-9]])
#: The first of what is alike stands first, whichever way it is sorted.
ALIKE = np.array([[2, 7, 2, 7, 1], [5, 5, 5, 5, 5], [-0.0, 0.0, 3, 3, -1]])
HOLES = np.array([0.0, 0.0, 2.0, INF, -3.0])
OVER = np.array([0.0, INF, 0.0, 0.0, 0.5])
SIGNED, OTHERS = np.array([-7, -3, 0, 3, 7]), np.array([2, -2, 5, -2, 3])
WHOLE = ("int8", "int32")


def _whole(kind: str) -> list[Any]:
    """Return what is made of whole numbers of a type."""
    one, other = tf.constant(SIGNED, kind), tf.constant(OTHERS, kind)
    return [
        *(one // other, one % other, one + other, one * other, one - other, -one, abs(one)),
        *(tf.sign(one), tf.round(one), tf.maximum(one, other), one < other, one == other),
        *(tf.reduce_sum(one), tf.reduce_max(one), tf.reduce_min(one), tf.argmax(one)),
        *(tf.cast(one, "float64"), tf.cast(tf.constant([-2.75, 2.75]), kind)),
        *(tf.clip_by_value(one, -3, 3), tf.where(one > 0, one, other), tf.sort(one)),
        tf.cast(one / other, "float32"),
    ]


def whole() -> list[Any]:
    """Return the same by NumPy."""
    return [
        *(SIGNED // OTHERS, SIGNED % OTHERS, SIGNED + OTHERS, SIGNED * OTHERS, SIGNED - OTHERS),
        *(-SIGNED, abs(SIGNED), np.sign(SIGNED), SIGNED, np.maximum(SIGNED, OTHERS)),
        *(SIGNED < OTHERS, SIGNED == OTHERS, 0, 7, -7, 4, SIGNED, np.array([-2, 2])),
        *(np.clip(SIGNED, -3, 3), np.where(SIGNED > 0, SIGNED, OTHERS), np.sort(SIGNED)),
        np.float32(SIGNED / OTHERS),
    ]


def _typed() -> dict[str, tuple[tf.Tensor, ...]]:
    """Return what has a type by an argument, or by what it is made of; by the type."""
    whole, pixels = tf.constant([3, 1]), tf.constant([[[[3], [1]]]], "uint8")
    return {
        "int8": (tf.sequence_mask([1], 2, "int8"),),
        "uint8": (tf.image.adjust_brightness(pixels, 0.1), tf.image.adjust_gamma(pixels)),
        "int16": (tf.math.top_k(X, index_type="int16")[1], tf.cast(X, "int16")),
        "int32": (
            *(tf.argmax(X, output_type="int32"), tf.argmin(X, output_type="int32")),
            *(tf.math.count_nonzero(X, dtype="int32"), tf.zeros_like(X, "int32"), tf.argsort(X)),
            *(tf.reduce_mean(whole), tf.math.confusion_matrix([1], [1]), tf.size(X), tf.shape(X)),
        ),
        "int64": (
            *(tf.argmax(X), tf.math.count_nonzero(X), tf.size(X, tf.int64), tf.where([True])),
            *(tf.shape(X, tf.int64), tf.searchsorted([1.0], [2.0], out_type=tf.int64)),
            *(tf.unique([1], tf.int64)[1], tf.unique_with_counts([1], tf.int64)[2]),
            tf.math.bincount([1], dtype=tf.int64),
        ),
        "float16": (
            *(tf.one_hot([1], 3, dtype="float16"), tf.eye(2, dtype="float16")),
            tf.random.stateless_normal([2], [1, 2], dtype="float16"),
            tf.nn.moments(tf.constant(X, "float16"), 0)[0],
        ),
        "float32": (
            *(tf.constant([3], "int8") / 2, tf.constant([3], "uint16") / 2, tf.eye(2)),
            *(tf.math.zero_fraction(X), tf.image.resize(pixels, [1, 1]), tf.nn.leaky_relu(whole)),
        ),
        "float64": (
            *(tf.zeros(2, "float64"), tf.ones_like(whole, "float64"), whole / 2),
            *(tf.linspace(X[0], X[1], 2), tf.math.real(COMPLEX), tf.abs(COMPLEX)),
        ),
    }


ROWS: Rows = {
    "nothing_reduced": (
        lambda: [
            *(reduce(NONE, 1) for reduce in (tf.reduce_sum, tf.reduce_prod, tf.reduce_mean)),
            *(reduce(NONE, 1) for reduce in (tf.reduce_max, tf.reduce_min, tf.reduce_logsumexp)),
            *(tf.math.reduce_std(NONE, 1), tf.norm(NONE, axis=1), tf.reduce_any(NONE > 0, 1)),
            *(tf.reduce_all(NONE > 0), tf.math.count_nonzero(NONE), tf.add_n([NONE, NONE])),
            *(tf.reduce_sum(NONE), tf.reduce_sum(NONE_OF_FOUR, 0), tf.reduce_mean(NONE, 0)),
        ],
        [
            *(np.zeros(3), np.ones(3), np.full(3, NAN), np.full(3, -INF), np.full(3, INF)),
            *(np.full(3, -INF), np.full(3, NAN), np.zeros(3), np.zeros(3, bool), True, 0, NONE),
            *(0, np.zeros(4), np.zeros(0)),
        ],
    ),
    "nothing_joined": (
        lambda: [
            *(tf.matmul(NONE, NONE_OF_FOUR), tf.tensordot(NONE, NONE_OF_FOUR, 1)),
            *(tf.einsum("ab,bc->ac", NONE, NONE_OF_FOUR), tf.concat([NONE, X, NONE], 1)),
            *(tf.gather(X, np.zeros(0, int)), tf.gather(X, np.zeros((2, 0), int), axis=1)),
            *(tf.boolean_mask(X, np.zeros(3, bool)), tf.where(X > 9), tf.sort(NONE)),
            *(tf.cumsum(NONE, 1), tf.one_hot(np.zeros(0, int), 4), tf.math.top_k(X, 0)[0]),
            *(tf.math.unsorted_segment_sum(NONE_OF_FOUR, np.zeros(0, int), 2), tf.repeat(X, 0, 0)),
            *(tf.math.unsorted_segment_mean(NONE_OF_FOUR, np.zeros(0, int), 2), tf.unique([])[0]),
            *(tf.sequence_mask(np.zeros(0, int)), tf.math.bincount(np.zeros(0, int), minlength=2)),
            *(tf.clip_by_norm(NONE, 1.0), tf.nn.softmax(NONE), tf.split(NONE, 3)[0]),
            *(tf.nn.embedding_lookup(X, np.zeros((2, 0), int)), tf.reverse(NONE, [0]), X[3:]),
        ],
        [
            *(np.zeros((3, 4)), np.zeros((3, 4)), np.zeros((3, 4)), X, NONE_OF_FOUR),
            *(np.zeros((3, 2, 0)), NONE_OF_FOUR, np.zeros((0, 2)), NONE, NONE, NONE_OF_FOUR),
            *(NONE, np.zeros((2, 4)), NONE_OF_FOUR, np.zeros((2, 4)), np.zeros(0)),
            *(np.zeros((0, 0)), np.zeros(2), NONE, NONE, np.zeros((1, 0)), np.zeros((2, 0, 4))),
            *(NONE, NONE_OF_FOUR),
        ],
    ),
    "alike": (
        lambda: [
            *(tf.argmax(ALIKE, 1), tf.argmin(ALIKE, 1), tf.argsort(ALIKE, stable=True)),
            *(tf.argsort(ALIKE, direction="DESCENDING"), tf.math.top_k(ALIKE, 3)[1]),
            *tf.unique_with_counts(ALIKE[0]),
            *(tf.argmax(ALIKE), tf.math.in_top_k([1, 4], np.float32(ALIKE[:2]), 1)),
            tf.math.unsorted_segment_max(ALIKE[0], [0, 1, 0, 1, 1], 3)[:2],
            *(tf.searchsorted([1.0, 2, 2, 3], [2.0, 3], side) for side in ("left", "right")),
        ],
        [
            *(ALIKE.argmax(1), ALIKE.argmin(1), ALIKE.argsort(kind="stable")),
            *((-ALIKE).argsort(kind="stable"), (-ALIKE).argsort(kind="stable")[:, :3]),
            *(np.array([2, 7, 1]), np.array([0, 1, 0, 1, 2]), np.array([2, 2, 1])),
            *(ALIKE.argmax(0), np.array([True, True]), np.array([2, 7])),
            *(np.array([1, 3]), np.array([3, 4])),
        ],
    ),
    "far": (
        lambda: [
            *(of(FAR) for of in (tf.nn.softmax, tf.nn.log_softmax)),
            *(of(FAR.T, axis=0) for of in (tf.nn.softmax, tf.nn.log_softmax)),
            *(of(FAR[:2, None], -1) for of in (tf.nn.softmax, tf.nn.log_softmax)),
            tf.nn.softmax_cross_entropy_with_logits(np.eye(3)[[1, 0, 1, 2]], FAR.clip(-1e4)),
            tf.nn.softmax_cross_entropy_with_logits(np.eye(3)[[1, 0]].T, FAR[:2].T, axis=0),
            tf.nn.sparse_softmax_cross_entropy_with_logits([1, 0, 1, 2], FAR),
            tf.nn.sparse_softmax_cross_entropy_with_logits([[1], [0]], FAR[:2, None]),
            tf.nn.sigmoid_cross_entropy_with_logits(0 * FAR[:2] + 0.25, FAR[:2]),
            tf.nn.weighted_cross_entropy_with_logits(0 * FAR[:2] + 0.25, FAR[:2], 3.0),
            *(tf.math.log_sigmoid(FAR), tf.math.softplus(FAR)),
            tf.reduce_logsumexp([[-INF, -INF], [INF, 1.0], [-INF, 1.0], [INF, -INF]], 1),
            tf.reduce_logsumexp(FAR, 1, keepdims=True),
        ],
        [
            *[softmax(FAR, 1), log_softmax(FAR, 1)],
            *[softmax(FAR, 1).T, log_softmax(FAR, 1).T],
            *[softmax(FAR[:2], 1)[:, None], log_softmax(FAR[:2], 1)[:, None]],
            -log_softmax(FAR.clip(-1e4), 1)[range(4), [1, 0, 1, 2]],
            -log_softmax(FAR[:2], 1)[range(2), [1, 0]],
            -log_softmax(FAR, 1)[range(4), [1, 0, 1, 2]],
            -log_softmax(FAR[:2], 1)[range(2), [1, 0]][:, None],
            -0.25 * log_expit(FAR[:2]) - 0.75 * log_expit(-FAR[:2]),
            -0.75 * log_expit(FAR[:2]) - 0.75 * log_expit(-FAR[:2]),
            *(log_expit(FAR), -log_expit(-FAR)),
            np.array([-INF, INF, 1, INF]),
            np.logaddexp.reduce(FAR, 1, keepdims=True),
        ],
    ),
    "infinite": (
        lambda: [
            *(
                tf.math.divide_no_nan(OVER, HOLES),
                tf.math.multiply_no_nan(OVER, HOLES[:3][[0] * 5]),
            ),
            *(
                tf.math.xlogy([0.0, 0.0, 2.0], [0.0, NAN, 0.0]),
                tf.math.xdivy([0.0, 1.0], [0.0, 0.0]),
            ),
            *(tf.math.xlog1py([0.0, 0.0], [-1.0, INF]), tf.sign([-0.0, INF, -INF])),
            *(tf.clip_by_value([-INF, INF, 0.5], -1.0, 1.0), tf.reduce_max([-INF, -INF])),
            *(tf.clip_by_global_norm([[INF, 1.0]], 1.0)[0][0], tf.clip_by_norm([INF, 1.0], 2.0)[1]),
            *(tf.pow([0.0, 0.0, 2.0], [0.0, 2.0, -INF]), tf.math.l2_normalize([0.0, 0.0])),
            *(tf.math.reciprocal_no_nan([0.0, INF, -4.0]), tf.math.softplus([-INF, INF])),
            *(tf.constant([-7.5, 7.5]) % 2.0, tf.math.floormod([-7.5, 7.5], [-2.0, -2.0])),
            *(tf.truncatemod([-7.5, 7.5], [2.0, -2.0]), tf.math.is_finite([INF, NAN, 1.0])),
        ],
        [
            *(np.array([0, 0, 0, 0, -1 / 6]), np.zeros(5)),
            *(np.array([0, 0, -INF]), np.array([0, INF])),
            *(np.zeros(2), np.array([0, 1, -1]), np.array([-1, 1, 0.5]), -INF),
            *(np.full(2, NAN), 0, np.array([1, 0, 0]), np.zeros(2)),
            *(np.array([0, 0, -0.25]), np.array([0, INF]), np.array([0.5, 1.5])),
            *(np.array([-1.5, -0.5]), np.array([-1.5, 1.5]), np.array([False, False, True])),
        ],
    ),
    "whole": (
        lambda: [made for kind in WHOLE for made in _whole(kind)],
        [one for _ in WHOLE for one in whole()],
    ),
    "whole_products": (
        lambda: [
            *(
                tf.matmul(SIGNED[None].astype(kind), OTHERS[:, None].astype(kind))
                for kind in ("int32", "int64")
            ),
            *(tf.tensordot(np.int32(SIGNED), np.int32(OTHERS), 1), tf.pow(SIGNED, 3)),
            *(
                tf.reduce_mean(SIGNED + OTHERS),
                tf.cumsum(SIGNED, reverse=True),
                tf.reduce_prod(SIGNED),
            ),
            *(tf.math.unsorted_segment_sum(SIGNED, [0, 2, 0, 2, 2], 3), tf.add_n([SIGNED, OTHERS])),
            *(
                tf.einsum("i,i->", SIGNED, OTHERS),
                tf.cast(SIGNED, "bool"),
                tf.cast(COMPLEX, "int32"),
            ),
            *(tf.cast([True, False], "float16"), tf.math.divide(SIGNED, OTHERS)),
            *(tf.math.squared_difference(SIGNED, OTHERS), tf.math.cumprod(OTHERS, exclusive=True)),
        ],
        [
            *[np.array([[(SIGNED * OTHERS).sum()]])] * 2,
            *((SIGNED * OTHERS).sum(), SIGNED**3, 1, SIGNED[::-1].cumsum()[::-1], 0),
            *(np.array([-7, 0, 7]), SIGNED + OTHERS, (SIGNED * OTHERS).sum(), SIGNED != 0),
            *(X.astype(int), np.array([1, 0]), SIGNED / OTHERS, (SIGNED - OTHERS) ** 2),
            np.append(1, OTHERS.cumprod()[:-1]),
        ],
    ),
    "ranges": (
        lambda: [
            *(tf.range(0, 1.5, 0.5), tf.range(0, 2, 0.5), tf.range(5), tf.range(2.5)),
            *(tf.range(3, -2, -2), tf.range(0), tf.range(2, 9, tf.constant(3, "int64"))),
            *(tf.range(tf.constant(1.0, "float64"), 2, 0.25), tf.range(1, 7, 2, "float32")),
            *(
                tf.linspace(0, 1, 1),
                tf.linspace(2.0, 2.0, 3),
                tf.linspace([0.0, 1], [1.0, 5], 2, axis=1),
            ),
        ],
        [
            *(np.arange(0, 1.5, 0.5), np.arange(0, 2, 0.5), np.arange(5), np.arange(2.5)),
            *(np.arange(3, -2, -2), np.arange(0), np.arange(2, 9, 3)),
            *(np.arange(1, 2, 0.25), np.arange(1, 7, 2)),
            *(np.zeros(1), np.full(3, 2), np.array([[0, 1], [1, 5]])),
        ],
    ),
    "types": (
        lambda: sum(one.dtype.name != kind for kind, found in _typed().items() for one in found),
        0,
    ),
}
