"""keras.ops that NumPy does not have by that name: of networks, segments, signals."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.signal
import tensorflow as tf
from keras import ops
from scipy.signal import stft
from scipy.spatial.distance import cdist
from scipy.special import erfinv, expit, log_softmax, logsumexp, softmax

from gradients.values.calls import Rows
from gradients.values.calls.inputs import (
    COMPLEX,
    CUBE,
    IMAGES,
    POSITIVE,
    SEQUENCE,
    UNIT,
    X,
    Y,
)
from gradients.values.windows import adaptive

SEGMENTS = np.array([0, 2, 0])
LABELS = np.array([2, 0, 3])
ONE_HOT = np.eye(4)[LABELS] * 0.8 + 0.05
_random = np.random.default_rng(24)
HEADS = _random.standard_normal((2, 5, 4, 3))
KEYS, VALUES = _random.standard_normal((2, 2, 6, 2, 3))
BIAS = _random.standard_normal((2, 4, 5, 6))
SHOWN = _random.uniform(size=(2, 1, 5, 6)) > 0.3
SHOWN[..., 0] = True
WAVE = _random.standard_normal((2, 40))
#: There is no such pool in float64.
DEEP = (IMAGES[:, :, :, None] * np.arange(1, 4)[:, None]).astype("float32")
CHANNELS_FIRST = IMAGES.transpose(0, 3, 1, 2)


def attended(scale: float, *, causal: bool = False, shown: bool = False) -> np.ndarray:
    """Return the values that heads attend to: two of them share one of keys and values."""
    keys, values = (np.repeat(x, 2, axis=2) for x in (KEYS, VALUES))
    scores = np.einsum("btnh,bsnh->bnts", HEADS, keys) * scale
    if shown:
        scores = np.where(SHOWN, scores + BIAS, -np.inf)
    if causal:
        scores = np.where(np.tri(5, 6, dtype=bool), scores, -np.inf)
    return np.einsum("bnts,bsnh->btnh", softmax(scores, -1), values)


def entropy(labels: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the cross entropy of bits."""
    return -labels * np.log(x) - (1 - labels) * np.log(1 - x)


def framed(window: str) -> list[np.ndarray]:
    """Return the spectra of windows of 8 in frames of 10, 3 after the other."""
    transformed = stft(
        np.pad(WAVE, [[0, 0], [5, 5]], "reflect"),
        *(1.0, np.pad(scipy.signal.get_window(window, 8), 1), 10, 7),
        boundary=None,
        padded=False,
    )[2].swapaxes(1, 2)
    transformed = transformed * scipy.signal.get_window(window, 8).sum()
    return [transformed.real, transformed.imag]


def segments(reduce: Any, missing: float) -> np.ndarray:
    """Return what is made of a first, a missing and a last segment."""
    return np.stack([reduce(X[[0, 2]], 0), np.full(4, missing), X[1]])


ROWS: Rows = {
    "logical_and_tensors": (
        lambda: ops.logical_and(tf.constant(np.maximum(X, 0)), tf.constant(np.maximum(Y, 0))),
        (X > 0) & (Y > 0),
    ),
    "softmax_whole": (lambda: ops.softmax(X, axis=None), softmax(X)),
    "softmax_axes": (lambda: ops.softmax(CUBE, axis=(0, 2)), softmax(CUBE, (0, 2))),
    "log_softmax": (lambda: ops.log_softmax(CUBE, axis=1), log_softmax(CUBE, 1)),
    "log_softmax_whole": (lambda: ops.log_softmax(X, axis=None), log_softmax(X)),
    "glu": (lambda: ops.glu(CUBE, axis=0), CUBE[:1] * expit(CUBE[1:])),
    "celu": (lambda: ops.celu(X, 0.5), np.where(X > 0, X, 0.5 * np.expm1(X / 0.5))),
    "elu": (lambda: ops.elu(X, 0.5), np.where(X > 0, X, 0.5 * np.expm1(X))),
    "squareplus": (lambda: ops.squareplus(X, 2), (X + np.sqrt(X**2 + 2)) / 2),
    "threshold": (lambda: ops.threshold(X, 0.5, 2.0), np.where(X > 0.5, X, 2)),
    "soft_shrink": (
        lambda: ops.soft_shrink(X, 0.25),
        np.sign(X) * np.maximum(np.abs(X) - 0.25, 0),
    ),
    "hard_shrink": (lambda: ops.hard_shrink(X, 0.75), np.where(np.abs(X) > 0.75, X, 0)),
    "sparsemax": (
        lambda: ops.sparsemax(np.array([[1.0, 0, -2], [0.5, 0.4, 9]]).T, axis=0),
        np.array([[1.0, 0, 0], [0, 0, 1]]).T,
    ),
    "one_hot": (lambda: ops.one_hot(LABELS, 4, axis=0), np.eye(4)[LABELS].T),
    "multi_hot": (
        lambda: ops.multi_hot(np.array([[1, 3], [0, 0]]), 4),
        np.array([[0, 1, 0, 1], [1, 0, 0, 0]]),
    ),
    "binary_crossentropy": (
        lambda: ops.binary_crossentropy(UNIT, expit(X)),
        entropy(UNIT, expit(X)),
    ),
    "binary_crossentropy_logits": (
        lambda: ops.binary_crossentropy(UNIT, X, from_logits=True),
        entropy(UNIT, expit(X)),
    ),
    "binary_crossentropy_certain": (
        lambda: ops.binary_crossentropy(np.array([1.0, 0.0]), np.array([0.0, 1.0])),
        -np.log([1e-7, 1 - (1 - 1e-7)]),
    ),
    "categorical_crossentropy": (
        lambda: ops.categorical_crossentropy(ONE_HOT.T, POSITIVE.T, axis=0),
        -(ONE_HOT * np.log(POSITIVE / POSITIVE.sum(1, keepdims=True))).sum(1),
    ),
    "categorical_crossentropy_logits": (
        lambda: ops.categorical_crossentropy(ONE_HOT.T, X.T, from_logits=True, axis=0),
        -(ONE_HOT * log_softmax(X, 1)).sum(1),
    ),
    "sparse_categorical_crossentropy": (
        lambda: ops.sparse_categorical_crossentropy(LABELS[:, None], X, from_logits=True),
        -log_softmax(X, 1)[np.arange(3), LABELS],
    ),
    "sparse_categorical_crossentropy_shares": (
        lambda: ops.sparse_categorical_crossentropy(LABELS, softmax(X, 1)),
        -log_softmax(X, 1)[np.arange(3), LABELS],
    ),
    "moments": (
        lambda: ops.moments(CUBE, [0, 2], keepdims=True),
        [CUBE.mean((0, 2), keepdims=True), CUBE.var((0, 2), keepdims=True)],
    ),
    "moments_half": (
        lambda: ops.moments(np.full((2, 300), 300.0, "float16"), [1]),
        [np.full(2, 300.0), np.zeros(2)],
    ),
    "moments_brain": (
        lambda: tf.cast(ops.moments(tf.constant([100.0, 100, 101], "bfloat16"), [0])[1], "float64"),
        tf.bfloat16.as_numpy_dtype(2 / 9).astype("float64"),
    ),
    "sparse_categorical_crossentropy_certain": (
        lambda: ops.sparse_categorical_crossentropy(np.array([0]), np.array([[0.0, 1.0]])),
        -np.log([1e-7]),
    ),
    "batch_normalization": (
        lambda: ops.batch_normalization(
            CUBE, X[:, 0], POSITIVE[:, 0], axis=1, offset=X[:, 1], scale=X[:, 2], epsilon=0.25
        ),
        (CUBE - X[:, [0]]) / np.sqrt(POSITIVE[:, [0]] + 0.25) * X[:, [2]] + X[:, [1]],
    ),
    "normalize": (
        lambda: ops.normalize(CUBE, axis=1, order=3),
        CUBE / np.linalg.norm(CUBE, 3, axis=1, keepdims=True),
    ),
    "rms_normalization": (
        lambda: ops.rms_normalization(CUBE, axis=1, epsilon=0.25),
        CUBE / np.sqrt((CUBE**2).mean(1, keepdims=True) + 0.25),
    ),
    "layer_normalization": (
        lambda: ops.layer_normalization(CUBE, X[0], X[1], axis=-1, epsilon=0.25),
        (CUBE - CUBE.mean(-1, keepdims=True)) / np.sqrt(CUBE.var(-1, keepdims=True) + 0.25) * X[0]
        + X[1],
    ),
    "attention": (lambda: ops.dot_product_attention(HEADS, KEYS, VALUES), attended(3**-0.5)),
    "attention_causal": (
        lambda: ops.dot_product_attention(HEADS, KEYS, VALUES, scale=0.3, is_causal=True),
        attended(0.3, causal=True),
    ),
    "attention_masked": (
        lambda: ops.dot_product_attention(
            HEADS, KEYS, VALUES, bias=BIAS, mask=SHOWN, is_causal=True
        ),
        attended(3**-0.5, causal=True, shown=True),
    ),
    **{
        f"adaptive_{kind}_{rank}": (
            lambda kind=kind, x=x, sizes=sizes: getattr(ops, f"adaptive_{kind}_pool")(
                tf.constant(x), sizes if len(sizes) > 1 else sizes[0], data_format="channels_last"
            ),
            adaptive(x, reduce, sizes),
        )
        for kind, reduce in (("average", np.mean), ("max", np.max))
        for rank, x, sizes in (*((1, SEQUENCE, (3,)), (2, IMAGES, (4, 3)), (3, DEEP, (4, 3, 2))),)
    },
    "depth_to_space": (
        lambda: ops.depth_to_space(
            ops.space_to_depth(CHANNELS_FIRST[..., :4], 2, data_format="channels_first"),
            2,
            data_format="channels_first",
        ),
        CHANNELS_FIRST[..., :4],
    ),
    "unfold": (
        lambda: ops.unfold(CHANNELS_FIRST, (2, 3), padding=(1, 0), stride=(2, 1)),
        np.stack(
            [
                np.pad(CHANNELS_FIRST, [[0, 0], [0, 0], [1, 1], [0, 0]])[
                    :, channel, row : row + 7 : 2, column : column + 3
                ].reshape(2, -1)
                for channel in range(3)
                for row in range(2)
                for column in range(3)
            ],
            axis=1,
        ),
    ),
    "psnr": (lambda: ops.psnr(X, Y, 2.0), 10 * np.log10(4 / ((X - Y) ** 2).mean())),
    "segment_sum": (lambda: ops.segment_sum(X, SEGMENTS, 3), segments(np.sum, 0)),
    "segment_max": (lambda: ops.segment_max(X, SEGMENTS, 3)[::2], segments(np.max, 0)[::2]),
    "segment_max_gap": (lambda: ops.segment_max(X, SEGMENTS)[::2], segments(np.max, 0)[::2]),
    "segment_min": (lambda: ops.segment_min(X, SEGMENTS, 3)[::2], segments(np.min, 0)[::2]),
    "segment_prod": (lambda: ops.segment_prod(X, SEGMENTS, 3), segments(np.prod, 1)),
    "segment_sorted": (
        lambda: ops.segment_sum(X, np.array([0, 1, 1]), sorted=True),
        np.stack([X[0], X[1] + X[2]]),
    ),
    "logsumexp": (lambda: ops.logsumexp(CUBE, (0, 2)), logsumexp(CUBE, (0, 2))),
    "cdist": (lambda: ops.cdist(X, Y), cdist(X, Y)),
    "extract_sequences": (
        lambda: ops.extract_sequences(WAVE, 7, 5),
        np.stack([WAVE[:, start : start + 7] for start in range(0, 34, 5)], axis=1),
    ),
    "fft": (
        lambda: ops.fft((X, Y)),
        [np.fft.fft(COMPLEX).real, np.fft.fft(COMPLEX).imag],
    ),
    "ifft2": (
        lambda: ops.ifft2((X, Y)),
        [np.fft.ifft2(COMPLEX).real, np.fft.ifft2(COMPLEX).imag],
    ),
    "rfft": (
        lambda: ops.rfft(tf.constant(WAVE), 30),
        [np.fft.rfft(WAVE, 30).real, np.fft.rfft(WAVE, 30).imag],
    ),
    "irfft": (lambda: ops.irfft((X, Y), 7), np.fft.irfft(COMPLEX, 7)),
    "stft": (lambda: ops.stft(WAVE, 8, 3, 10), framed("hann")),
    "stft_hamming": (lambda: ops.stft(WAVE, 8, 3, 10, window="hamming"), framed("hamming")),
    # Of the first samples fewer windows are added up than of the others.
    "istft": (
        lambda: ops.istft(ops.stft(WAVE, 8, 3, 10), 8, 3, 10, length=37)[:, 3:],
        WAVE[:, 3:37],
    ),
    "erfinv": (lambda: ops.erfinv(2 * UNIT - 1), erfinv(2 * UNIT - 1)),
    "polar": (lambda: ops.polar(POSITIVE, X), POSITIVE * np.exp(1j * X)),
    "view_as_complex": (lambda: ops.view_as_complex(np.stack([X, Y], -1)), COMPLEX),
}
