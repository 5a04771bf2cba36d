"""tf's functions of two axes that are called in each way: large, in 16 bits, of unknown rank.

A line is a function of a matrix of TensorFlow's, and the same of NumPy's, which is called in
float64 with what TensorFlow was given. Sizes stand where kernels change: 66 rows, 1,030 columns.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import scipy.fft
import tensorflow as tf
from scipy.special import erf, expit, log_expit, log_softmax, softmax

from gradients.values.calls.formulas import (
    REDUCED,
    columns,
    entropies,
    ids,
    in_pairs,
    labels,
    looked_up,
    mean_and_variance,
    normalized,
    scale,
    segments,
    tf_columns,
    tf_ids,
    tf_labels,
    turned,
    unit,
    within,
)

#: What is called with: no two columns alike, and each about its own middle.
LARGE = np.random.default_rng(97).standard_normal((66, 1030)) + np.linspace(-1, 1, 1030)
SMALL = LARGE[:3, :5]


class Line(NamedTuple):
    """A function of TensorFlow, that of NumPy, and in which ways it can be called."""

    ours: Callable[[Any], Any]
    theirs: Callable[[np.ndarray], Any]
    #: What its graph has to know: nothing, the matrix's rank and its columns, or its sizes.
    knows: str = "nothing"
    #: Whether it takes 16 bits, and complex numbers.
    half: bool = True
    complex: bool = False
    #: How near to NumPy it comes in 64 bits.
    near: float = 1e-12


LINES: dict[str, Line] = {
    **{
        name: Line(
            lambda x, ours=ours: [ours(x[0]), ours(x, axis=-1)],
            lambda x, theirs=theirs: [theirs(x[0]), theirs(x, axis=-1)],
            complex=of_pairs,
        )
        for name, (ours, theirs, of_pairs) in REDUCED.items()
    },
    **{
        f"{name}_{axis}": Line(
            lambda x, ours=ours, axis=axis: ours(x, axis),
            lambda x, theirs=theirs, axis=axis: theirs(x, axis),
            knows="nothing" if axis == -1 else "rank",
        )
        for name, ours, theirs in (
            ("softmax", tf.nn.softmax, softmax),
            ("log_softmax", tf.nn.log_softmax, log_softmax),
        )
        for axis in (-1, 0)
    },
    **{
        f"entropy_{axis}": Line(
            lambda x, axis=axis: tf.nn.softmax_cross_entropy_with_logits(
                tf_labels(x, axis), x, axis
            ),
            lambda x, axis=axis: entropies(labels(x, axis), x, axis),
        )
        for axis in (-1, 0)
    },
    "entropy_sparse": Line(
        lambda x: tf.nn.sparse_softmax_cross_entropy_with_logits(tf_columns(x), x),
        lambda x: -log_softmax(x, -1)[np.arange(len(x)), columns(x)],
    ),
    "entropy_sigmoid": Line(
        lambda x: tf.nn.sigmoid_cross_entropy_with_logits(tf.sigmoid(x[::-1]), x),
        lambda x: -expit(x[::-1]) * log_expit(x) - expit(-x[::-1]) * log_expit(-x),
    ),
    # Its constants are of float32.
    "gelu": Line(
        lambda x: [tf.nn.gelu(x), tf.nn.gelu(x, approximate=True)],
        lambda x: [
            x * (1 + erf(x / np.sqrt(2))) / 2,
            x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))) / 2,
        ],
        near=1e-6,
    ),
    "activated": Line(
        lambda x: [tf.nn.silu(x, 1.5), tf.nn.leaky_relu(x, 0.375), tf.nn.crelu(x)],
        lambda x: [
            *(x * expit(1.5 * x), np.where(x > 0, x, 0.375 * x)),
            np.maximum(np.concatenate([x, -x], -1), 0),
        ],
    ),
    "moments": Line(
        lambda x: [*tf.nn.moments(x, [-1]), *tf.nn.moments(x, [0], keepdims=True)],
        lambda x: [x.mean(1), x.var(1), x.mean(0, keepdims=True), x.var(0, keepdims=True)],
    ),
    "moments_weighted": Line(
        lambda x: [
            *tf.nn.weighted_moments(x, [-1], scale(x)),
            *tf.nn.weighted_moments(x, [0], scale(x[:, :1])),
        ],
        lambda x: [
            *mean_and_variance(x, scale(x), 1),
            *mean_and_variance(x, scale(x[:, :1]) + 0 * x, 0),
        ],
    ),
    "statistics": Line(
        lambda x: [
            *tf.nn.normalize_moments(*tf.nn.sufficient_statistics(x, [0, -1])),
            *tf.nn.normalize_moments(*tf.nn.sufficient_statistics(x, [-1], x[0, 0])),
        ],
        lambda x: [x.mean(), x.var(), x.mean(1), x.var(1)],
    ),
    "normalized": Line(
        normalized,
        lambda x: (
            (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 0.25) * scale(x) + x
        ),
    ),
    "unit": Line(
        lambda x: [
            *(tf.math.l2_normalize(x, -1), tf.math.l2_normalize(x, 0)),
            tf.linalg.normalize(x, axis=1)[0],
        ],
        lambda x: [unit(x, 1), unit(x, 0), unit(x, 1)],
        complex=True,
    ),
    "clipped": Line(
        lambda x: [
            *(tf.clip_by_norm(x, 1.5), tf.clip_by_norm(x, 0.75, [-1])),
            *tf.clip_by_global_norm([x[:1], None, x[1:]], 1.5)[0][::2],
            tf.clip_by_value(x, -0.5, tf.abs(x[::-1])),
        ],
        lambda x: [
            *(within(x, 1.5), within(x, 0.75, 1)),
            *(within(x, 1.5)[:1], within(x, 1.5)[1:]),
            np.clip(x, -0.5, np.abs(x[::-1])),
        ],
    ),
    "global_norm": Line(
        lambda x: [
            tf.linalg.global_norm(tf.unstack(x)),
            tf.stack(tf.clip_by_global_norm(tf.unstack(x), 1.5)[0]),
        ],
        lambda x: [np.sqrt((x**2).sum()), within(x, 1.5)],
        knows="sizes",
    ),
    "products": Line(
        lambda x: [
            *(tf.matmul(x, x, transpose_b=True), tf.matmul(x, x[:, :2], transpose_a=True)),
            *(tf.matmul(x[None], x[None], adjoint_b=True)[0], tf.linalg.matvec(x, x[0])),
        ],
        lambda x: [x @ x.T, x.T @ x[:, :2], x @ x.conj().T, x @ x[0]],
        complex=True,
    ),
    "product_of_any_rank": Line(
        lambda x: [
            tf.matmul(tf.transpose(x)[:2], x),
            *(tf.matmul(x[None, :2], turned(x))[0], tf.matmul(turned(x)[:2], x[None])[0]),
        ],
        lambda x: [
            x.T[:2] @ x,
            *(x[:2] @ x.reshape(x.shape[1], -1), x.reshape(x.shape[1], -1)[:2] @ x),
        ],
        complex=True,
    ),
    "tensordot": Line(
        lambda x: [tf.tensordot(x, x, [[1], [-1]]), tf.tensordot(x, x, [[-1, 0], [-1, 0]])],
        lambda x: [x @ x.T, (x * x).sum()],
        complex=True,
    ),
    "einsum": Line(
        lambda x: [tf.einsum("ij,kj->ki", x, x), tf.einsum("ji", x)],
        lambda x: [x @ x.T, x.T],
        half=False,
        complex=True,
    ),
    "einsum_ellipsis": Line(
        lambda x: tf.einsum("...j,j->...", x, x[0]), lambda x: x @ x[0], half=False, complex=True
    ),
    "einsum_of_three": Line(
        lambda x: tf.einsum("ij,kj,kl->il", x, x, x[:, 1:3]),
        lambda x: x @ x.T @ x[:, 1:3],
        half=False,
        complex=True,
    ),
    "running": Line(
        lambda x: [
            *(tf.cumsum(x, -1), tf.cumsum(x, 1, exclusive=True, reverse=True)),
            *(tf.math.cumprod(1 + x / 99, 0, reverse=True), tf.math.cumulative_logsumexp(x, -1)),
        ],
        lambda x: [
            *(x.cumsum(1), x[:, ::-1].cumsum(1)[:, ::-1] - x),
            *((1 + x / 99)[::-1].cumprod(0)[::-1], np.logaddexp.accumulate(x, 1)),
        ],
        half=False,
    ),
    "segments": Line(
        lambda x: [
            tf.math.unsorted_segment_sum(tf.transpose(x), tf_ids(x), 5),
            tf.math.unsorted_segment_mean(tf.transpose(x), tf_ids(x), 5),
            tf.math.unsorted_segment_sqrt_n(tf.transpose(x), tf_ids(x), 5),
        ],
        lambda x: [segments(x, power) for power in (0, 1, 0.5)],
        half=False,
    ),
    "looked_up": Line(
        lambda x: [
            tf.nn.embedding_lookup(x, tf.range(tf.shape(x)[0])[::-1]),
            *(
                tf.nn.embedding_lookup_sparse(x, in_pairs(x), None, combiner=combine)
                for combine in ("sum", "mean", "sqrtn")
            ),
        ],
        lambda x: [x[::-1], *(looked_up(x, combine) for combine in ("sum", "mean", "sqrtn"))],
    ),
    "gathered": Line(
        lambda x: [
            *(
                tf.gather(x, tf_ids(x) + 1, axis=-1),
                tf.gather(x, tf_columns(x), axis=1, batch_dims=1),
            ),
            tf.gather_nd(x, tf_columns(x)[:, None], batch_dims=1),
            tf.boolean_mask(x, tf_ids(x) > 0, axis=1),
            tf.where(x > 0, x, x[:1]),
        ],
        lambda x: [
            x[:, ids(x) + 1],
            *[x[np.arange(len(x)), columns(x)]] * 2,
            *(x[:, ids(x) > 0], np.where(x > 0, x, x[:1])),
        ],
        knows="rank",
    ),
    "sorted": Line(
        lambda x: [
            *(tf.sort(x), tf.sort(x, 0, "DESCENDING"), tf.argsort(x), tf.argmax(x, -1)),
            *tf.math.top_k(x, 2),
        ],
        lambda x: [
            *(np.sort(x), -np.sort(-x, 0), x.argsort(kind="stable"), x.argmax(-1)),
            *(-np.sort(-x)[:, :2], (-x).argsort(kind="stable")[:, :2]),
        ],
    ),
    "joined": Line(
        lambda x: [
            *(tf.concat([x, -x], -1), tf.concat(tf.unstack(x), 0), tf.add_n(tf.unstack(x))),
            *(tf.stack(tf.unstack(x), -1), tf.stack(tf.split(x, x.shape[0]), 1)[0]),
        ],
        lambda x: [
            *(np.concatenate([x, -x], -1), x.ravel(), x.sum(0), x.T, x),
        ],
        knows="sizes",
        half=False,
    ),
    "moved": Line(
        lambda x: [
            *(tf.transpose(x), tf.reverse(x, [-1]), tf.roll(x, [1, -2], [0, 1]), x[::-1, 1:]),
            *(tf.tile(x, [1, 2]), tf.repeat(x, 2, axis=1), x[:2, ..., None][0], x[1:0:-1, :0]),
        ],
        lambda x: [
            *(x.T, x[:, ::-1], np.roll(x, (1, -2), (0, 1)), x[::-1, 1:]),
            *(np.tile(x, (1, 2)), x.repeat(2, 1), x[0][:, None], x[1:0:-1, :0]),
        ],
        complex=True,
    ),
    "padded": Line(
        lambda x: [
            tf.pad(x, [[1, 2], [0, 3]], constant_values=1.5),
            *(tf.pad(x, [[0, 0], [1, 3]], mode) for mode in ("REFLECT", "SYMMETRIC")),
        ],
        lambda x: [
            np.pad(x, [[1, 2], [0, 3]], constant_values=1.5),
            *(np.pad(x, [[0, 0], [1, 3]], mode) for mode in ("reflect", "symmetric")),
        ],
        knows="rank",
    ),
    "signals": Line(
        lambda x: [tf.signal.mfccs_from_log_mel_spectrograms(x), tf.signal.dct(x, norm="ortho")],
        lambda x: [scipy.fft.dct(x) / np.sqrt(2 * x.shape[1]), scipy.fft.dct(x, norm="ortho")],
        half=False,
    ),
}
