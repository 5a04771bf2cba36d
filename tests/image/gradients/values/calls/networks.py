"""keras.ops of networks, with each argument at a value that is not its default."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import tensorflow as tf
from keras import ops, quantizers
from scipy.special import expit, log_softmax, softmax, softplus

from gradients.values.calls import Rows
from gradients.values.calls.arrays import blocks
from gradients.values.calls.inputs import CUBE, IMAGES, POSITIVE, SEQUENCE, UNIT, X, Y
from gradients.values.calls.operations import VALUES
from gradients.values.windows import convolve, depthwise, pooled, separable, transposed, windows

_random = np.random.default_rng(33)
#: On, inside of and outside of every kink.
KINKS = np.array([-3.5, -3.0, -1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0, 3.0, 6.5])
BLOCK = _random.standard_normal((2, 3, 4, 5))
KERNEL = _random.standard_normal((2, 3, 3, 2))
DEPTH = _random.standard_normal((2, 2, 3, 2))
POINT = _random.standard_normal((1, 1, 6, 4))
LINE, LINE_DEPTH = _random.standard_normal((3, 3, 2)), _random.standard_normal((3, 3, 2))
FIRST = IMAGES.transpose(0, 3, 1, 2)
WIDE, BROAD = (_random.standard_normal(shape) for shape in ((1, 3, 2, 515), (2, 1, 515, 4)))
IDS = np.array([[2, -1, 0], [1, 1, 3]])
HOT = np.where(IDS[..., None] == np.arange(4), 1.0, 0)


def folded(x: np.ndarray, size: Any, kernel: Any, gap: Any, pad: Any, step: Any) -> np.ndarray:
    """Return the sum of windows, each put where it came from."""
    channels = x.shape[1] // (kernel[0] * kernel[1])
    high, wide = (n + 2 * p for n, p in zip(size, pad, strict=True))
    found = np.zeros((len(x), channels, high, wide))
    reach = [(k - 1) * g for k, g in zip(kernel, gap, strict=True)]
    rows, columns = range(0, high - reach[0], step[0]), range(0, wide - reach[1], step[1])
    parts = x.reshape(len(x), channels, *kernel, len(rows), len(columns))
    for (i, row), (j, column) in product(enumerate(rows), enumerate(columns)):
        for a, b in np.ndindex(*kernel):
            found[:, :, row + a * gap[0], column + b * gap[1]] += parts[:, :, a, b, i, j]
    return found[:, :, pad[0] : high - pad[0], pad[1] : wide - pad[1]]


def unfolded(x: np.ndarray, kernel: Any, gap: Any, pad: Any, step: Any) -> np.ndarray:
    """Return windows, channel by channel, one column each."""
    x = np.pad(x, [(0, 0), (0, 0), (pad[0],) * 2, (pad[1],) * 2]).transpose(0, 2, 3, 1)
    seen = windows(x, kernel, step, gap)
    return seen.transpose(0, 3, 4, 5, 1, 2).reshape(len(x), -1, seen.shape[1] * seen.shape[2])


def first(make: Callable[[np.ndarray], np.ndarray], x: np.ndarray) -> np.ndarray:
    """Return what is made of channels that come first."""
    return np.moveaxis(make(np.moveaxis(x, 1, -1)), -1, 1)


def stepped(x: np.ndarray, low: Any, high: Any) -> np.ndarray:
    """Return numbers on 15 steps of each channel, moved so that 0 is one (TensorFlow's manual)."""
    low, high = (np.reshape(bound, (-1, 1, 1)) for bound in (low, high))
    step = (high - low) / 14
    start = -np.round(-low / step) * step
    return np.round((np.clip(x, start, start + 14 * step) - start) / step) * step + start


#: Of six keys the last alone is shown, whose score is the least.
FAR, LAST = -30.0 * np.arange(6)[:, None, None], np.broadcast_to(np.arange(6) == 5, (1, 1, 6, 6))
COLUMNS = _random.standard_normal((2, 18, 15))
WAYS: dict[str, Any] = {"kernel": (2, 3), "gap": (2, 1), "pad": (1, 2), "step": (2, 1)}

ROWS: Rows = {
    "sparse_sigmoid": (lambda: ops.sparse_sigmoid(KINKS), np.clip((KINKS + 1) / 2, 0, 1)),
    "sparse_plus": (
        lambda: ops.sparse_plus(KINKS),
        np.where(KINKS < 1, np.maximum(KINKS + 1, 0) ** 2 / 4, KINKS),
    ),
    "tanh_shrink": (lambda: ops.tanh_shrink(KINKS), KINKS - np.tanh(KINKS)),
    "hard_tanh": (lambda: ops.hard_tanh(KINKS), np.clip(KINKS, -1, 1)),
    "hard_sigmoid": (lambda: ops.hard_sigmoid(KINKS), np.clip(KINKS / 6 + 0.5, 0, 1)),
    "hard_silu": (lambda: ops.hard_silu(KINKS), KINKS * np.clip(KINKS / 6 + 0.5, 0, 1)),
    "soft_shrink_usual": (
        lambda: ops.soft_shrink(KINKS),
        np.sign(KINKS) * np.maximum(abs(KINKS) - 0.5, 0),
    ),
    "hard_shrink_usual": (
        lambda: ops.hard_shrink(KINKS),
        np.where(abs(KINKS) > 0.5, KINKS, 0),
    ),
    "threshold_kinks": (lambda: ops.threshold(KINKS, 0.5, -7), np.where(KINKS > 0.5, KINKS, -7)),
    "squareplus_usual": (lambda: ops.squareplus(KINKS), (KINKS + np.sqrt(KINKS**2 + 4)) / 2),
    "softplus": (lambda: ops.softplus(KINKS), softplus(KINKS)),
    "leaky_relu": (lambda: ops.leaky_relu(KINKS, 0.375), np.where(KINKS > 0, KINKS, 0.375 * KINKS)),
    "leaky_relu_usual": (lambda: ops.leaky_relu(KINKS), np.where(KINKS > 0, KINKS, 0.2 * KINKS)),
    "elu_large": (lambda: ops.elu(KINKS, 2.5), np.where(KINKS > 0, KINKS, 2.5 * np.expm1(KINKS))),
    "celu_large": (
        lambda: ops.celu(KINKS, 2.5),
        np.where(KINKS > 0, KINKS, 2.5 * np.expm1(KINKS / 2.5)),
    ),
    "glu_last": (lambda: ops.glu(CUBE), CUBE[..., :2] * expit(CUBE[..., 2:])),
    "softmax_axes_turned": (lambda: ops.softmax(BLOCK, axis=(3, 1)), softmax(BLOCK, (1, 3))),
    "softmax_axis_behind": (lambda: ops.softmax(BLOCK, axis=-3), softmax(BLOCK, 1)),
    "log_softmax_behind": (lambda: ops.log_softmax(BLOCK, axis=-2), log_softmax(BLOCK, 2)),
    "sparsemax_middle": (
        lambda: ops.sparsemax(np.array([[[1.0, 5], [0, 0.5], [-2, 0.4]]]), axis=1),
        np.array([[[1.0, 1], [0, 0], [0, 0]]]),
    ),
    "sparsemax_shared": (
        lambda: ops.sparsemax(np.array([[0.5, 0.4, 0.1], [0.3, 0.3, -9]])),
        np.array([[0.5, 0.4, 0.1], [0.5, 0.5, 0]]),
    ),
    "fake_quant_axis": (
        lambda: quantizers.fake_quant_with_min_max_vars(
            BLOCK, [-1.0, 0, -2], [1.0, 1.5, 0.5], num_bits=4, narrow_range=True, axis=1
        ),
        stepped(BLOCK, [-1.0, 0, -2], [1.0, 1.5, 0.5]),
    ),
    "max_pool_usual": (
        lambda: ops.max_pool(tf.constant(IMAGES), (2, 3)),
        pooled(IMAGES, np.max, (2, 3), (2, 3), same=False),
    ),
    "average_pool_usual": (
        lambda: ops.average_pool(tf.constant(IMAGES), 2),
        pooled(IMAGES, np.mean, 2, 2, same=False),
    ),
    "max_pool": (
        lambda: ops.max_pool(FIRST, 3, (1, 2), "SAME", data_format="channels_first"),
        first(lambda x: pooled(x, np.nanmax, 3, (1, 2), same=True), FIRST),
    ),
    "average_pool": (
        lambda: ops.average_pool(FIRST, (3, 2), 2, "same", data_format="channels_first"),
        first(lambda x: pooled(x, np.nanmean, (3, 2), 2, same=True), FIRST),
    ),
    "conv": (
        lambda: ops.conv(IMAGES, KERNEL, (2, 1), "SAME"),
        convolve(IMAGES, KERNEL, (2, 1), same=True),
    ),
    # More channels than are summed up at once.
    "conv_wide": (
        lambda: [
            ops.conv(WIDE, BROAD[:, :, :, :3]),
            ops.depthwise_conv(WIDE, BROAD[:, :, :, :1]),
            ops.separable_conv(WIDE, BROAD[:, :, :, :1], BROAD[:1, :1, :, :2]),
            ops.conv_transpose(WIDE, BROAD.swapaxes(2, 3)),
        ],
        [
            convolve(WIDE, BROAD[:, :, :, :3]),
            depthwise(WIDE, BROAD[:, :, :, :1]),
            separable(WIDE, BROAD[:, :, :, :1], BROAD[:1, :1, :, :2]),
            transposed(WIDE, BROAD.swapaxes(2, 3), 1),
        ],
    ),
    "conv_dilated": (
        lambda: ops.conv(IMAGES, KERNEL, dilation_rate=(3, 1)),
        convolve(IMAGES, KERNEL, 1, (3, 1)),
    ),
    "conv_transpose": (
        lambda: ops.conv_transpose(SEQUENCE, LINE.swapaxes(1, 2), 2, "same", output_padding=0),
        transposed(SEQUENCE, LINE.swapaxes(1, 2), 2, longer=0, same=True),
    ),
    "depthwise_conv": (
        lambda: ops.depthwise_conv(IMAGES, DEPTH, dilation_rate=2),
        depthwise(IMAGES, DEPTH, dilation=2),
    ),
    "depthwise_conv_line": (
        lambda: ops.depthwise_conv(SEQUENCE, LINE_DEPTH, padding="same", dilation_rate=2),
        depthwise(SEQUENCE, LINE_DEPTH, dilation=2, same=True),
    ),
    "separable_conv": (
        lambda: ops.separable_conv(tf.constant(IMAGES), DEPTH, POINT, 2),
        separable(IMAGES, DEPTH, POINT, strides=2),
    ),
    "separable_conv_line": (
        lambda: ops.separable_conv(SEQUENCE, LINE_DEPTH, POINT[0], dilation_rate=2),
        separable(SEQUENCE, LINE_DEPTH, POINT[0], dilation=2),
    ),
    "one_hot": (lambda: ops.one_hot(IDS, 4, dtype="float64"), HOT),
    "one_hot_before": (lambda: ops.one_hot(IDS, 4, axis=0), np.moveaxis(HOT, -1, 0)),
    "one_hot_flags": (lambda: ops.one_hot(IDS, 4, dtype="bool"), HOT > 0),
    **{
        f"one_hot_sparse_{axis}": (
            lambda axis=axis: tf.sparse.to_dense(
                tf.sparse.reorder(ops.one_hot(IDS, 4, axis=axis, sparse=True))
            ),
            np.moveaxis(HOT, -1, axis),
        )
        for axis in (-1, 0, 1)
    },
    "multi_hot_one": (lambda: ops.multi_hot(np.array([3, 1, 3]), 4), np.array([0, 1, 0, 1])),
    "multi_hot_flags": (lambda: ops.multi_hot(IDS, 4, dtype="bool"), HOT.max(1) > 0),
    "multi_hot_several": (
        lambda: ops.multi_hot(np.stack([IDS, IDS[::-1]]), 4),
        np.stack([HOT, HOT[::-1]]).max(1),
    ),
    "multi_hot_sparse": (
        lambda: tf.sparse.to_dense(ops.multi_hot(np.maximum(IDS, 0), 4, sparse=True)),
        np.maximum(HOT, np.eye(4)[np.maximum(IDS, 0)]).max(1),
    ),
    "categorical_crossentropy_middle": (
        lambda: ops.categorical_crossentropy(softmax(CUBE, 1), CUBE**2 + 0.5, axis=1),
        -(softmax(CUBE, 1) * np.log((s := CUBE**2 + 0.5) / s.sum(1, keepdims=True))).sum(1),
    ),
    "sparse_categorical_crossentropy_column": (
        lambda: ops.sparse_categorical_crossentropy(np.array([[1], [3], [0]]), softmax(X, 1)),
        -log_softmax(X, 1)[np.arange(3), [1, 3, 0]],
    ),
    "moments_plain": (lambda: ops.moments(CUBE, (1, 2)), [CUBE.mean((1, 2)), CUBE.var((1, 2))]),
    "batch_normalization_last": (
        lambda: ops.batch_normalization(CUBE, X[0], POSITIVE[0], -1),
        (CUBE - X[0]) / np.sqrt(POSITIVE[0] + 1e-3),
    ),
    "batch_normalization_offset": (
        lambda: ops.batch_normalization(CUBE, X[:2, 0], POSITIVE[:2, 0], 0, offset=Y[:2, 0]),
        ((CUBE.T - X[:2, 0]) / np.sqrt(POSITIVE[:2, 0] + 1e-3) + Y[:2, 0]).T,
    ),
    "batch_normalization_scale": (
        lambda: ops.batch_normalization(CUBE, X[:, 0], POSITIVE[:, 0], 1, scale=Y[:, 0]),
        (CUBE - X[:, :1]) / np.sqrt(POSITIVE[:, :1] + 1e-3) * Y[:, :1],
    ),
    "normalize_usual": (
        lambda: ops.normalize(CUBE),
        CUBE / np.linalg.norm(CUBE, axis=-1, keepdims=True),
    ),
    "normalize_one": (
        lambda: ops.normalize(X, axis=0, order=1),
        X / np.abs(X).sum(0),
    ),
    "rms_normalization_scaled": (
        lambda: ops.rms_normalization(CUBE, scale=X[0], epsilon=0.25),
        CUBE / np.sqrt((CUBE**2).mean(-1, keepdims=True) + 0.25) * X[0],
    ),
    "rms_normalization_axes": (
        lambda: ops.rms_normalization(CUBE, axis=(2, 1)),
        CUBE / np.sqrt((CUBE**2).mean((1, 2), keepdims=True) + 1e-7),
    ),
    "layer_normalization_axes": (
        lambda: ops.layer_normalization(CUBE, X, Y, axis=(1, 2), epsilon=0.25),
        (CUBE - CUBE.mean((1, 2), keepdims=True))
        / np.sqrt(CUBE.var((1, 2), keepdims=True) + 0.25)
        * X
        + Y,
    ),
    "layer_normalization_middle": (
        lambda: ops.layer_normalization(CUBE, X[:, 0], Y[:, 0], axis=1),
        (CUBE - CUBE.mean(1, keepdims=True)) / np.sqrt(CUBE.var(1, keepdims=True) + 1e-7) * X[:, :1]
        + Y[:, :1],
    ),
    # What is shown scores far less than what is not.
    "attention_far": (
        lambda: ops.dot_product_attention(
            30 + 0 * VALUES, FAR * np.ones_like(VALUES), VALUES, mask=LAST
        ),
        np.broadcast_to(VALUES[:, -1:], VALUES.shape),
    ),
    "unfold_gaps": (
        lambda: ops.unfold(FIRST, (2, 3), dilation=(2, 1), padding=(1, 2), stride=(2, 1)),
        unfolded(FIRST, **WAYS),
    ),
    "unfold_plain": (
        lambda: ops.unfold(FIRST, 2),
        unfolded(FIRST, (2, 2), (1, 1), (0, 0), (1, 1)),
    ),
    "fold": (
        lambda: ops.fold(COLUMNS, (6, 3), (2, 3), (2, 1), (1, 2), (2, 1)),
        folded(COLUMNS, (6, 3), **WAYS),
    ),
    "space_to_depth": (
        lambda: [
            ops.space_to_depth(IMAGES[:, :, :4], 2),
            ops.space_to_depth(FIRST[..., :4], 2, data_format="channels_first"),
        ],
        [whole := blocks(IMAGES[:, :, :4], 2), whole.transpose(0, 3, 1, 2)],
    ),
    "depth_to_space_first": (
        lambda: ops.depth_to_space(
            blocks(IMAGES[:, :, :4], 2).transpose(0, 3, 1, 2), 2, data_format="channels_first"
        ),
        FIRST[..., :4],
    ),
    "depth_to_space_last": (
        lambda: ops.depth_to_space(blocks(IMAGES[:, :, :4], 2), 2),
        IMAGES[:, :, :4],
    ),
    "psnr_one": (
        lambda: ops.psnr(UNIT, UNIT**2, 1),
        -10 * np.log10(((UNIT - UNIT**2) ** 2).mean()),
    ),
}
