"""tf's functions that no other row calls: of losses, labels, sets, counts, and fewer bits."""

from __future__ import annotations

from itertools import groupby, product
from typing import Any

import numpy as np
import scipy.linalg
import tensorflow as tf
from scipy.special import log_softmax

from gradients.values.calls import Rows
from gradients.values.calls.images import LARGE, NOISY, windowed
from gradients.values.calls.inputs import IMAGES, MATRICES, SYMMETRIC, X, Y

_random = np.random.default_rng(31)
LOSSES, WEIGHTS = _random.uniform(0.2, 2, (2, 6))
#: Scores of four steps, two sequences, of which the second has three, and three classes.
SCORES = np.float32(_random.standard_normal((4, 2, 3)))
LENGTHS = np.array([4, 3])
FIRST, SECOND = np.array([[1, 2, 7], [4, 5, 9]]), np.array([[2, 7, 8], [6, 5, 3]])


def alike(x: np.ndarray, y: np.ndarray, *, size: int, sigma: float) -> tuple[np.ndarray, ...]:
    """Return how alike grey images are, and how alike without their brightness."""
    one, other, both, each = (windowed(z, size, sigma) for z in (x, y, x * y, x**2 + y**2))
    rest = (2 * (both - one * other) + 0.03**2) / (each - one**2 - other**2 + 0.03**2)
    luma = (2 * one * other + 0.01**2) / (one**2 + other**2 + 0.01**2)
    return (luma * rest).mean((1, 2)), rest.mean((1, 2))


def halved(x: np.ndarray) -> np.ndarray:
    """Return means of four pixels, the last of which stand twice where their number is odd."""
    x = np.pad(x, [[0, 0], [0, x.shape[1] % 2], [0, x.shape[2] % 2], [0, 0]], "symmetric")
    return (x[:, ::2, ::2] + x[:, 1::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, 1::2]) / 4


def similarity(powers: tuple[float, ...], **options: Any) -> np.ndarray:
    """Return each pair's similarity at several sizes (Wang and others, 2003)."""
    x, y, found = LARGE, NOISY, np.ones(len(LARGE))
    for power in powers[:-1]:
        found *= alike(x, y, **options)[1] ** power
        x, y = halved(x), halved(y)
    return found * alike(x, y, **options)[0] ** powers[-1]


def told(path: tuple[int, ...], blank: int) -> tuple[int, ...]:
    """Return what a path says: neither blanks, nor one class twice in a row."""
    return tuple(label for label, _ in groupby(path) if label != blank)


def likeliest(sequence: int, number: int) -> list[tuple[tuple[int, ...], float]]:
    """Return the likeliest labels of a sequence, and logarithms of their chances."""
    steps = log_softmax(np.float64(SCORES[: LENGTHS[sequence], sequence]), -1)
    chances: dict[tuple[int, ...], float] = {}
    for path in product(range(3), repeat=len(steps)):
        chance = np.exp(sum(step[label] for step, label in zip(steps, path, strict=True)))
        chances[told(path, 2)] = chances.get(told(path, 2), 0) + chance
    best = sorted(chances.items(), key=lambda item: -item[1])[:number]
    return [(labels, np.log(chance)) for labels, chance in best]


def rows(lists: list[tuple[int, ...]]) -> np.ndarray:
    """Return lists as rows that end in -1."""
    wide = max(map(len, lists))
    return np.array([[*row, *[-1] * (wide - len(row))] for row in lists])


def dense(found: tf.SparseTensor) -> tf.Tensor:
    """Return what a sparse tensor has, and -1 where it has nothing."""
    return tf.sparse.to_dense(found, default_value=-1)


def _greedy(**options: Any) -> list[tf.Tensor]:
    (found,), less = tf.nn.ctc_greedy_decoder(SCORES, LENGTHS, **options)
    return [dense(found), less]


def _beams() -> list[tf.Tensor]:
    found, chances = tf.nn.ctc_beam_search_decoder(SCORES, LENGTHS, beam_width=50, top_paths=2)
    return [*map(dense, found), chances]


PATHS = [tuple(SCORES[:length, i].argmax(-1)) for i, length in enumerate(LENGTHS)]
TOPS = -np.array([[SCORES[:length, i].max(-1).sum()] for i, length in enumerate(LENGTHS)])
BEST = [likeliest(0, 2), likeliest(1, 2)]


def _sets(name: str, **options: Any) -> list[tf.Tensor]:
    found = getattr(tf.sets, name)(FIRST, SECOND, **options)
    return [dense(found), tf.sets.size(found)]


def quantized(x: np.ndarray, low: Any, high: float, scale: Any) -> np.ndarray:
    """Return numbers between two, of so many steps to one."""
    return np.round(np.clip(x, low, high) * scale) / scale


def summed(x: np.ndarray, radius: int) -> np.ndarray:
    """Return squares of neighbouring channels, added up."""
    padded = np.pad(x**2, [*[[0, 0]] * 3, [radius, radius]])
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * radius + 1, -1).sum(-1)


def _through_python() -> list[tf.Tensor]:
    """Return a function of Python of two, and its gradients."""
    x, y = tf.constant(X), tf.constant(Y)
    with tf.GradientTape() as tape:
        tape.watch([x, y])
        found = tf.py_function(lambda x, y: x**3 * y, [x, y], tf.float64)
    return [found, *tape.gradient(found, [x, y], output_gradients=tf.constant(X))]


LEFT = np.clip(np.floor(7 * (X + 1) / 3.5), 0, 6).astype(int)
ROWS: Rows = {
    "histogram": (
        lambda: [
            tf.histogram_fixed_width(X, [-1.0, 2.5], 7),
            tf.histogram_fixed_width_bins(X, np.array([-1.0, 2.5]), 7, "int64"),
        ],
        [np.bincount(LEFT.ravel(), minlength=7), LEFT],
    ),
    "rises": (
        lambda: [
            rises(tf.constant(row, "float32"))
            for row in ([1, 2, 3], [1, 2, 2], [1, 3, 2], [4], [])
            for rises in (tf.math.is_non_decreasing, tf.math.is_strictly_increasing)
        ],
        [True, True, True, False, False, False, *[True] * 4],
    ),
    "average_loss": (
        lambda: [
            tf.nn.compute_average_loss(LOSSES),
            tf.nn.compute_average_loss(LOSSES, sample_weight=WEIGHTS),
            tf.nn.compute_average_loss(LOSSES, sample_weight=WEIGHTS, global_batch_size=8),
            tf.nn.compute_average_loss(LOSSES, global_batch_size=0),
            tf.nn.scale_regularization_loss(LOSSES),
        ],
        [LOSSES.mean(), (LOSSES @ WEIGHTS) / 6, (LOSSES @ WEIGHTS) / 8, 0.0, LOSSES.sum()],
    ),
    "collapsed": (
        lambda: tf.nn.collapse_repeated(
            [[1, 1, 2, 2, 1], [3, 3, 5, 4, 4], [6, 6, 6, 6, 6]], [5, 3, 4]
        ),
        [np.array([[1, 2, 1], [3, 5, 0], [6, 0, 0]]), np.array([3, 2, 1])],
    ),
    "unique_labels": (
        lambda: tf.nn.ctc_unique_labels([[3, 4, 4, 3], [5, 5, 5, 2], [7, 6, 1, 8]]),
        [
            np.array([[3, 4, 0, 0], [5, 2, 0, 0], [7, 6, 1, 8]]),
            np.array([[0, 1, 1, 0], [0, 0, 0, 1], [0, 1, 2, 3]]),
        ],
    ),
    **{
        f"greedy_blank_{blank}": (
            lambda blank=blank: _greedy(blank_index=blank),
            [rows([told(path, blank % 3) for path in PATHS]), TOPS],
        )
        for blank in (0, -1, -2)
    },
    "greedy_repeated": (
        lambda: _greedy(merge_repeated=False),
        [rows([tuple(label for label in path if label != 2) for path in PATHS]), TOPS],
    ),
    "beams": (
        _beams,
        [
            *(rows([best[i][0] for best in BEST]) for i in range(2)),
            np.array([[chance for _, chance in best] for best in BEST]),
        ],
    ),
    "sets": (
        lambda: [
            *_sets("intersection"),
            *_sets("union"),
            *_sets("difference"),
            *_sets("difference", aminusb=False),
        ],
        [
            *(np.array([[2, 7], [5, -1]]), np.array([2, 1])),
            *(np.array([[1, 2, 7, 8, -1], [3, 4, 5, 6, 9]]), np.array([4, 5])),
            *(np.array([[1, -1], [4, 9]]), np.array([1, 2])),
            *(np.array([[8, -1], [3, 6]]), np.array([1, 2])),
        ],
    ),
    "splits": (
        lambda: [
            tf.ragged.row_splits_to_segment_ids([0, 3, 3, 5]),
            tf.ragged.segment_ids_to_row_splits([0, 0, 2, 2, 3]),
            tf.ragged.segment_ids_to_row_splits([1, 1, 2], num_segments=5, out_type="int32"),
        ],
        [np.array([0, 0, 0, 2, 2]), np.array([0, 2, 2, 4, 5]), np.array([0, 0, 2, 3, 3, 3])],
    ),
    "single_ssim": (
        lambda: tf.image.ssim_multiscale(
            *(LARGE, NOISY, 1.0, (0.2, 0.3, 0.5)), filter_size=3, filter_sigma=0.75
        ),
        similarity((0.2, 0.3, 0.5), size=3, sigma=0.75),
    ),
    "py_function": (_through_python, [X**3 * Y, 3 * X**3 * Y, X**4]),
    "normalized_globally": (
        lambda: [
            tf.nn.batch_norm_with_global_normalization(
                *(IMAGES, *np.array([[0.5, 0.25, 1], [0.5, 2, 3], [1, 2, 3], [2, 0.5, 1.5]]), 0.1),
                scaled,
            )
            for scaled in (True, False)
        ],
        [
            (IMAGES - [0.5, 0.25, 1]) / np.sqrt(np.array([0.6, 2.1, 3.1])) * scale + [1, 2, 3]
            for scale in ([2, 0.5, 1.5], 1)
        ],
    ),
    "single_lrn": (
        lambda: tf.nn.lrn(IMAGES, 1, 2.0, 0.5, 0.75),
        IMAGES / (2 + 0.5 * summed(IMAGES, 1)) ** 0.75,
    ),
    "quantized": (
        lambda: [
            tf.quantization.quantize_and_dequantize_v2(X, -0.75, 2.0, range_given=True),
            tf.quantization.quantize_and_dequantize_v2(X, -2.0, 2.0, range_given=True, num_bits=4),
            tf.quantization.quantize_and_dequantize_v2(
                *(X, -2.0, 2.0), range_given=True, num_bits=4, narrow_range=True
            ),
            tf.quantization.quantize_and_dequantize_v2(
                *(X, 0.0, 2.0), signed_input=False, range_given=True, num_bits=4
            ),
            *(
                tf.quantization.quantize_and_dequantize_v2(
                    *(tf.constant(X), 0.0, 0.0), num_bits=4, narrow_range=True, axis=axis
                )
                for axis in (0, -1)
            ),
        ],
        [
            quantized(X, -128 / 63.5, 2, 63.5),
            quantized(X, -8 / 3.5, 2, 3.5),
            quantized(X, -2, 2, 3.5),
            quantized(X, 0, 2, 7.5),
            *(
                quantized(X, -np.inf, np.inf, 7 / np.abs(X).max(axis, keepdims=True))
                for axis in (1, 0)
            ),
        ],
    ),
    "roots": (
        lambda: [
            tf.linalg.sqrtm(SYMMETRIC),
            tf.math.real(tf.linalg.logm(tf.cast(SYMMETRIC, "complex128"))),
            tf.linalg.cholesky(SYMMETRIC),
            tf.linalg.det(MATRICES),
            *tf.linalg.slogdet(-MATRICES),
            tf.linalg.eigvalsh(SYMMETRIC),
        ],
        [
            np.stack([scipy.linalg.sqrtm(x) for x in SYMMETRIC]),
            np.stack([scipy.linalg.logm(x) for x in SYMMETRIC]),
            np.linalg.cholesky(SYMMETRIC),
            np.linalg.det(MATRICES),
            *np.linalg.slogdet(-MATRICES),
            np.linalg.eigvalsh(SYMMETRIC),
        ],
    ),
    "places": (
        lambda: [
            tf.unravel_index([7, 2, 11], [3, 4]),
            tf.truncatediv([-7, 7, 9], [2, -2, 4]),
            tf.math.invert_permutation([2, 0, 3, 1]),
            tf.bitcast(np.float32([1.0, -2.0]), "int32"),
        ],
        [
            np.stack(np.unravel_index([7, 2, 11], [3, 4])),
            np.array([-3, -3, 2]),
            np.array([1, 3, 0, 2]),
            np.float32([1, -2]).view("int32"),
        ],
    ),
}
