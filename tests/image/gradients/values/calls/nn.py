"""tf.nn, and clipping: functions of what a network is made of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from scipy.special import erf, expit, log_softmax, softmax, xlogy

from gradients.values.calls import Rows
from gradients.values.calls.formulas import mean_and_variance, unit, within
from gradients.values.calls.inputs import COMPLEX, CUBE, IDS, POSITIVE, SEQUENCE, TABLE, UNIT, X, Y
from gradients.values.windows import convolve, depthwise


def entropy(labels: np.ndarray, logits: np.ndarray, weight: float = 1.0) -> np.ndarray:
    """Return the cross entropy of what a sigmoid makes of logits."""
    return -weight * labels * np.log(expit(logits)) - (1 - labels) * np.log(expit(-logits))


def dilated(kernel: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Return a kernel with gaps."""
    high, wide, *rest = kernel.shape
    whole = np.zeros(((high - 1) * rows + 1, (wide - 1) * columns + 1, *rest))
    whole[::rows, ::columns] = kernel
    return whole


def clipped_slices() -> list[tf.Tensor]:
    """Return the rows of a sparse tensor, one of them twice, and a dense one, to a length of 2."""
    slices = tf.IndexedSlices(X, [2, 0, 2], [4, 4])
    (clipped, dense), _ = tf.clip_by_global_norm([slices, CUBE], 2.0)
    return [clipped.values, dense]


_random = np.random.default_rng(22)
PICTURES = _random.standard_normal((2, 7, 6, 2))
KERNEL = _random.standard_normal((3, 2, 2, 2))
POINTWISE = _random.standard_normal((1, 1, 4, 3))
LABELS = np.array([2, 0, 3])
LENGTH = np.sqrt((X**2).sum() + (CUBE**2).sum())
ONE_HOT = np.eye(4)[LABELS] * 0.8 + 0.05
#: Of each row's ids, what they count.
COUNTED = np.zeros((3, 6))
COUNTED[[0, 0, 1, 2], [1, 4, 5, 2]] = [0.5, 2.0, 3.0, 1.75]
SQUARES = np.array([0.25 + 4.0, 9.0, 1.5**2 + 0.25**2])[:, None]
FACTORIAL = POSITIVE * np.log(POSITIVE) - POSITIVE + np.log(2 * np.pi * POSITIVE) / 2


def sparse(values: Sequence[float]) -> tf.SparseTensor:
    """Return three rows of ids, or of what they count."""
    return tf.SparseTensor([[0, 0], [0, 1], [1, 0], [2, 0], [2, 2]], values, [3, 3])


def _lacking() -> tf.SparseTensor:
    """Return three rows of ids, of which one is empty, and one has an id that there is not."""
    return tf.SparseTensor([[0, 0], [0, 1], [2, 0], [2, 2]], [1, 4, -1, 2], [3, 3])


def looked_up(combiner: str, *, plain: bool = False) -> tf.Tensor:
    """Return what is made of the rows that are looked up."""
    weights = None if plain else sparse(np.array([0.5, 2.0, 3.0, 1.5, 0.25]))
    return tf.nn.embedding_lookup_sparse(TABLE, sparse([1, 4, 5, 2, 2]), weights, combiner=combiner)


ROWS: Rows = {
    "silu": (lambda: tf.nn.silu(X, 1.5), X * expit(1.5 * X)),
    "gelu": (lambda: tf.nn.gelu(X), X * (1 + erf(X / np.sqrt(2))) / 2),
    "gelu_approximate": (
        lambda: tf.nn.gelu(X, approximate=True),
        X * (1 + np.tanh(np.sqrt(2 / np.pi) * (X + 0.044715 * X**3))) / 2,
    ),
    "leaky_relu": (lambda: tf.nn.leaky_relu(X, 0.375), np.where(X > 0, X, 0.375 * X)),
    "crelu": (
        lambda: [tf.nn.crelu(CUBE, axis=axis) for axis in (0, 1, -1)],
        [np.maximum(np.concatenate([CUBE, -CUBE], axis), 0) for axis in (0, 1, -1)],
    ),
    "relu6": (lambda: tf.nn.relu6(4 * X), np.clip(4 * X, 0, 6)),
    "softmax": (lambda: tf.nn.softmax(CUBE, axis=1), softmax(CUBE, 1)),
    "log_softmax": (lambda: tf.nn.log_softmax(CUBE, axis=0), log_softmax(CUBE, 0)),
    "softmax_entropy": (
        lambda: tf.nn.softmax_cross_entropy_with_logits(ONE_HOT.T, X.T, axis=0),
        -(ONE_HOT * log_softmax(X, -1)).sum(-1),
    ),
    "softmax_entropy_batches": (
        lambda: tf.nn.softmax_cross_entropy_with_logits(softmax(CUBE, 1), CUBE**2, axis=1),
        -(softmax(CUBE, 1) * log_softmax(CUBE**2, 1)).sum(1),
    ),
    "sparse_softmax_entropy": (
        lambda: tf.nn.sparse_softmax_cross_entropy_with_logits(LABELS, X),
        -log_softmax(X, -1)[np.arange(3), LABELS],
    ),
    "sparse_softmax_entropy_batches": (
        lambda: tf.nn.sparse_softmax_cross_entropy_with_logits([LABELS, LABELS - 0], CUBE),
        -log_softmax(CUBE, -1)[:, np.arange(3), LABELS],
    ),
    "sigmoid_entropy": (
        lambda: tf.nn.sigmoid_cross_entropy_with_logits(UNIT, 3 * X),
        entropy(UNIT, 3 * X),
    ),
    "weighted_entropy": (
        lambda: tf.nn.weighted_cross_entropy_with_logits(UNIT, 3 * X, 2.5),
        entropy(UNIT, 3 * X, 2.5),
    ),
    "poisson": (lambda: tf.nn.log_poisson_loss(POSITIVE, X), np.exp(X) - X * POSITIVE),
    "poisson_whole": (
        lambda: tf.nn.log_poisson_loss(POSITIVE, X, compute_full_loss=True),
        np.exp(X) - X * POSITIVE + np.where(POSITIVE > 1, FACTORIAL, 0),
    ),
    "l2_loss": (lambda: tf.nn.l2_loss(X), (X**2).sum() / 2),
    "l2_normalize": (lambda: tf.math.l2_normalize(CUBE, axis=1), unit(CUBE, 1)),
    "l2_normalize_axes": (
        lambda: tf.math.l2_normalize(CUBE, axis=[0, 2]),
        CUBE / np.sqrt((CUBE**2).sum((0, 2), keepdims=True)),
    ),
    "l2_normalize_small": (
        lambda: tf.math.l2_normalize(X / 100, axis=1, epsilon=4.0),
        X / 200,
    ),
    "l2_normalize_complex": (
        lambda: tf.math.l2_normalize(COMPLEX, axis=0),
        unit(COMPLEX, 0),
    ),
    "normalize": (
        lambda: tf.linalg.normalize(X, ord=1, axis=1),
        [X / np.abs(X).sum(1, keepdims=True), np.abs(X).sum(1, keepdims=True)],
    ),
    "moments": (lambda: tf.nn.moments(CUBE, [0, 2]), [CUBE.mean((0, 2)), CUBE.var((0, 2))]),
    "moments_kept": (
        lambda: tf.nn.moments(CUBE, [1], keepdims=True),
        [CUBE.mean(1, keepdims=True), CUBE.var(1, keepdims=True)],
    ),
    "weighted_moments": (
        lambda: tf.nn.weighted_moments(X, [1], POSITIVE),
        mean_and_variance(X, POSITIVE, 1),
    ),
    "weighted_moments_of_rows": (
        lambda: tf.nn.weighted_moments(X, [0], POSITIVE[:, :1]),
        mean_and_variance(X, np.broadcast_to(POSITIVE[:, :1], X.shape), 0),
    ),
    "weighted_moments_alike": (
        lambda: tf.nn.weighted_moments(X, [1], POSITIVE[:, :1]),
        [X.mean(1), X.var(1)],
    ),
    "statistics": (
        lambda: tf.nn.normalize_moments(*tf.nn.sufficient_statistics(X, [0], np.float64(0.5))),
        [X.mean(0), X.var(0)],
    ),
    "statistics_plain": (
        lambda: tf.nn.normalize_moments(*tf.nn.sufficient_statistics(X, [1])),
        [X.mean(1), X.var(1)],
    ),
    "batch_normalization": (
        lambda: tf.nn.batch_normalization(X, Y, POSITIVE, X**2, UNIT, 0.25),
        (X - Y) / np.sqrt(POSITIVE + 0.25) * UNIT + X**2,
    ),
    "batch_normalization_plain": (
        lambda: tf.nn.batch_normalization(X, Y, POSITIVE, None, None, 0.25),
        (X - Y) / np.sqrt(POSITIVE + 0.25),
    ),
    "batch_normalization_offset": (
        lambda: tf.nn.batch_normalization(X, Y, POSITIVE, UNIT, None, 0.25),
        (X - Y) / np.sqrt(POSITIVE + 0.25) + UNIT,
    ),
    "batch_normalization_scale": (
        lambda: tf.nn.batch_normalization(X, Y, POSITIVE, None, UNIT, 0.25),
        (X - Y) / np.sqrt(POSITIVE + 0.25) * UNIT,
    ),
    "zero_fraction": (lambda: tf.nn.zero_fraction(np.maximum(X, 0)), np.mean(X <= 0)),
    "depthwise": (
        lambda: tf.nn.depthwise_conv2d(PICTURES, KERNEL, [1, 1, 1, 1], "VALID"),
        depthwise(PICTURES, KERNEL),
    ),
    "depthwise_strided": (
        lambda: tf.nn.depthwise_conv2d(PICTURES, KERNEL, [1, 2, 2, 1], "VALID"),
        depthwise(PICTURES, KERNEL)[:, ::2, ::2],
    ),
    "depthwise_dilated": (
        lambda: tf.nn.depthwise_conv2d(PICTURES, KERNEL, [1, 1, 1, 1], "VALID", dilations=[2, 3]),
        depthwise(PICTURES, dilated(KERNEL, 2, 3)),
    ),
    "separable": (
        lambda: tf.nn.separable_conv2d(PICTURES, KERNEL, POINTWISE, [1, 2, 2, 1], "VALID"),
        depthwise(PICTURES, KERNEL)[:, ::2, ::2] @ POINTWISE[0, 0],
    ),
    "separable_dilated": (
        lambda: tf.nn.separable_conv2d(
            PICTURES, KERNEL, POINTWISE, [1, 1, 1, 1], "VALID", dilations=[3, 2]
        ),
        depthwise(PICTURES, dilated(KERNEL, 3, 2)) @ POINTWISE[0, 0],
    ),
    "atrous": (
        lambda: tf.nn.atrous_conv2d(PICTURES, KERNEL, 2, "VALID"),
        convolve(PICTURES, dilated(KERNEL, 2, 2), 1),
    ),
    "pool_dilated": (
        lambda: tf.nn.pool(SEQUENCE, [2], "MAX", strides=[1], dilations=[3], padding="VALID"),
        np.maximum(SEQUENCE[:, :2], SEQUENCE[:, 3:]),
    ),
    "dropout": (lambda: tf.nn.dropout(X, 0.0), X),
    "top_k": (
        lambda: tf.nn.top_k(X, 2),
        [-np.sort(-X, 1)[:, :2], np.argsort(-X, 1)[:, :2]],
    ),
    "in_top_k": (
        lambda: tf.math.in_top_k(LABELS, X.astype("float32"), 2),
        np.any(np.argsort(-X, 1)[:, :2] == LABELS[:, None], axis=1),
    ),
    "clip_by_value": (lambda: tf.clip_by_value(X, -0.5, UNIT), np.clip(X, -0.5, UNIT)),
    "clip_by_norm": (lambda: tf.clip_by_norm(X, 1.25), within(X, 1.25)),
    "clip_by_norm_within": (lambda: tf.clip_by_norm(X, 99.0), X),
    "clip_by_norm_axes": (lambda: tf.clip_by_norm(CUBE, 1.25, [0, 2]), within(CUBE, 1.25, (0, 2))),
    "clip_by_norm_zero": (lambda: tf.clip_by_norm(0 * X, 1.25), 0 * X),
    "clip_by_global_norm": (
        lambda: tf.clip_by_global_norm([X, None, CUBE], 2.0)[0][::2],
        [part * 2 / LENGTH for part in (X, CUBE)],
    ),
    "clip_by_global_norm_within": (
        lambda: tf.clip_by_global_norm([X, CUBE], 99.0),
        [X, CUBE, LENGTH],
    ),
    "clip_by_global_norm_given": (
        lambda: tf.clip_by_global_norm([X], 2.0, tf.constant(8.0, "float64"))[0],
        [X / 4],
    ),
    "clip_by_global_norm_slices": (clipped_slices, [X * 2 / LENGTH, CUBE * 2 / LENGTH]),
    "clip_by_average_norm": (
        lambda: tf.compat.v1.clip_by_average_norm(CUBE.astype("float32"), 0.125),
        # What it calls the average is the norm by how many numbers there are.
        CUBE * 0.125 * CUBE.size / np.sqrt((CUBE**2).sum()),
    ),
    "lookup": (lambda: tf.nn.embedding_lookup(TABLE, IDS), TABLE[IDS]),
    "lookup_clipped": (
        lambda: tf.nn.embedding_lookup(TABLE, IDS, max_norm=1.0),
        within(TABLE[IDS], 1.0, -1),
    ),
    "lookup_parts": (
        lambda: tf.compat.v1.nn.embedding_lookup([TABLE[::2], TABLE[1::2]], IDS),
        TABLE[IDS],
    ),
    "lookup_halves": (
        lambda: tf.nn.embedding_lookup([TABLE[:3], TABLE[3:]], IDS),
        TABLE[IDS],
    ),
    "lookup_sum": (
        lambda: looked_up("sum"),
        COUNTED @ TABLE,
    ),
    "lookup_mean": (
        lambda: looked_up("mean"),
        COUNTED @ TABLE / COUNTED.sum(1, keepdims=True),
    ),
    "lookup_sqrtn": (
        lambda: looked_up("sqrtn"),
        COUNTED @ TABLE / np.sqrt(SQUARES),
    ),
    "lookup_safe": (
        lambda: tf.nn.safe_embedding_lookup_sparse(TABLE, _lacking(), combiner="sum"),
        np.stack([TABLE[1] + TABLE[4], 0 * TABLE[0], TABLE[2]]),
    ),
    "lookup_default": (
        lambda: tf.nn.safe_embedding_lookup_sparse(TABLE, _lacking(), combiner="sum", default_id=3),
        np.stack([TABLE[1] + TABLE[4], TABLE[3], TABLE[2]]),
    ),
    "lookup_plain": (
        lambda: looked_up("mean", plain=True),
        np.stack([(TABLE[1] + TABLE[4]) / 2, TABLE[5], TABLE[2]]),
    ),
    "xlogy": (lambda: tf.math.xlogy(np.maximum(X, 0), POSITIVE), xlogy(np.maximum(X, 0), POSITIVE)),
}
