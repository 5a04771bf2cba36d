"""Arguments of tf's functions that no other row gives: of lookups, diagonals, windows, places."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from gradients.values.calls import Rows
from gradients.values.calls.candidates import (
    HIT,
    LOGITS,
    WANTED,
    WEIGHTS,
    combined,
    lacking,
    parted,
    sampled,
)
from gradients.values.calls.formulas import within
from gradients.values.calls.images import SINGLE
from gradients.values.calls.inputs import COMPLEX, CUBE, IMAGES, POSITIVE, TABLE, X, Y
from gradients.values.calls.nn import entropy, sparse
from gradients.values.calls.resampling import KERNELS, resized

WIDE = np.arange(1.0, 21).reshape(4, 5)
BANDS = np.arange(1.0, 13).reshape(3, 4)
OUTSIDE = np.array([[0, 1], [5, 0], [2, 3]])
UPDATES = np.array([0.5, 2.0, -3.0])
RAGGED = ([[1, 2], [3]], [[4], [5, 6]])


def banded(lines: np.ndarray, shape: tuple[int, int], low: int, fill: float) -> np.ndarray:
    """Return a matrix of diagonals, of which the last given is the lowest, each from its start."""
    found = np.full(shape, fill)
    for line, k in zip(lines[::-1], range(low, low + len(lines)), strict=True):
        for i in range(min(shape[0] + min(k, 0), shape[1] - max(k, 0))):
            found[i - min(k, 0), i + max(k, 0)] = line[i]
    return found


def diagonals(x: np.ndarray, low: int, high: int, fill: float, align: str) -> np.ndarray:
    """Return a matrix's diagonals, the highest first, with what fills them up on a side."""
    lines = [np.diagonal(x, k) for k in range(high, low - 1, -1)]
    long = max(map(len, lines))
    above, below = align.split("_")
    found = []
    for line, k in zip(lines, range(high, low - 1, -1), strict=True):
        gap = long - len(line)
        # A diagonal that is aligned to the right has its gap on the left.
        right = (above if k >= 0 else below) == "RIGHT"
        found.append(np.pad(line, (gap, 0) if right else (0, gap), constant_values=fill))
    return np.stack(found)


def tridiagonal(lines: np.ndarray) -> np.ndarray:
    """Return the matrix of a diagonal and of what stands above and below it."""
    above, middle, below = lines
    return np.diag(middle) + np.diag(above[:-1], 1) + np.diag(below[1:], -1)


def undone(window: np.ndarray, step: int) -> np.ndarray:
    """Return the window by which frames that were seen through another add up again."""
    total = [
        sum(window[j] ** 2 for j in range(i % step, len(window), step)) for i in range(len(window))
    ]
    return window / np.array(total)


def placed(x: np.ndarray, by: Any) -> np.ndarray:
    """Return what comes of updates at places, one of which is outside."""
    found = x.copy()
    for (row, column), new in zip(OUTSIDE[[0, 2]], UPDATES[[0, 2]], strict=True):
        found[row, column] = by(found[row, column], new)
    return found


def _moments_kept() -> list[tf.Tensor]:
    return [
        *tf.nn.weighted_moments(CUBE, [0, 2], POSITIVE, keepdims=True),
        *tf.nn.weighted_moments(CUBE, 1, POSITIVE, keepdims=False),
    ]


def weighted(axes: int | tuple[int, ...], *, keepdims: bool) -> list[np.ndarray]:
    """Return the mean, and the variance, of what is weighted."""
    weights = np.broadcast_to(POSITIVE, CUBE.shape)
    mean = (CUBE * weights).sum(axes, keepdims=True) / weights.sum(axes, keepdims=True)
    spread = (weights * (CUBE - mean) ** 2).sum(axes, keepdims=True)
    spread = spread / weights.sum(axes, keepdims=True)
    return [mean, spread] if keepdims else [mean.squeeze(axes), spread.squeeze(axes)]


ROWS: Rows = {
    **{
        f"lookup_{combiner}_fast": (
            lambda combiner=combiner: [
                *(
                    tf.nn.embedding_lookup_sparse(
                        *(TABLE, sparse([1, 4, 5, 2, 2]), weights, combiner, limit),
                        allow_fast_lookup=True,
                    )
                    for weights in (None, sparse(WEIGHTS))
                    for limit in (None, 1.0)
                ),
                tf.nn.safe_embedding_lookup_sparse(
                    *(TABLE, lacking([1, 4, -1, 2]), None, combiner), allow_fast_lookup=True
                ),
                tf.nn.safe_embedding_lookup_sparse(
                    *(TABLE, lacking([1, 4, -1, 2]), None, combiner), default_id=3, max_norm=1.0
                ),
            ],
            [
                *(
                    np.stack([combined(*part, combiner, limit) for part in parts])
                    for parts in (parted(np.ones(5)), parted(WEIGHTS))
                    for limit in (None, 1.0)
                ),
                np.stack(
                    [combined(TABLE[[1, 4]], np.ones(2), combiner, None), 0 * TABLE[0], TABLE[2]]
                ),
                np.stack(
                    [
                        combined(TABLE[[1, 4]], np.ones(2), combiner, 1.0),
                        *within(TABLE[[3, 2]], 1.0, -1),
                    ]
                ),
            ],
        )
        for combiner in ("sum", "mean", "sqrtn")
    },
    "hits_in_nce": (
        lambda: sampled(tf.nn.nce_loss, [TABLE], remove_accidental_hits=True),
        np.where(HIT, 0, entropy(WANTED, LOGITS)).sum(1),
    ),
    "moments_kept": (
        _moments_kept,
        [*weighted((0, 2), keepdims=True), *weighted(1, keepdims=False)],
    ),
    "all_kept": (
        lambda: [
            tf.reduce_all(X > -1, 1, keepdims=True),
            tf.reduce_any(X > 1, 0, keepdims=True),
            tf.math.count_nonzero(X > 1, [0, 1], keepdims=True),
        ],
        [
            (X > -1).all(1, keepdims=True),
            (X > 1).any(0, keepdims=True),
            np.array([[(X > 1).sum()]]),
        ],
    ),
    "diagonals_made": (
        lambda: [
            tf.linalg.diag(BANDS[0], k=1, num_rows=4, num_cols=7, padding_value=9.0),
            tf.linalg.diag(BANDS[0], k=1, num_rows=6, num_cols=5, padding_value=9.0),
            tf.linalg.diag(BANDS[0], k=-2, num_rows=6, padding_value=-1.0),
            tf.linalg.diag(BANDS[0], num_cols=5),
            tf.linalg.diag(*(BANDS, "several", (-1, 1)), num_rows=4, num_cols=5, align="LEFT_LEFT"),
        ],
        [
            banded(BANDS[:1], (4, 7), 1, 9),
            banded(BANDS[:1], (6, 5), 1, 9),
            banded(BANDS[:1], (6, 4), -2, -1),
            banded(BANDS[:1], (4, 5), 0, 0),
            banded(BANDS, (4, 5), -1, 0),
        ],
    ),
    "diagonals_read": (
        lambda: [
            tf.linalg.diag_part(x, k=(low, high), padding_value=7.5, align=align)
            for x in (WIDE, WIDE.T)
            for low, high in ((-2, 1), (0, 3), (-3, -1))
            for align in ("RIGHT_LEFT", "LEFT_RIGHT", "LEFT_LEFT", "RIGHT_RIGHT")
        ],
        [
            diagonals(x, low, high, 7.5, align)
            for x in (WIDE, WIDE.T)
            for low, high in ((-2, 1), (0, 3), (-3, -1))
            for align in ("RIGHT_LEFT", "LEFT_RIGHT", "LEFT_LEFT", "RIGHT_RIGHT")
        ],
    ),
    "adjoint": (
        lambda: [
            tf.linalg.matrix_transpose(COMPLEX, conjugate=True),
            tf.transpose(COMPLEX, conjugate=True),
            tf.transpose(tf.complex(CUBE, -CUBE), [2, 0, 1], conjugate=True),
        ],
        [COMPLEX.conj().T, COMPLEX.conj().T, (CUBE + 1j * CUBE).transpose(2, 0, 1)],
    ),
    "tridiagonal_in_order": (
        lambda: [
            tf.linalg.tridiagonal_solve(
                tf.constant(BANDS), tf.constant(Y.T), partial_pivoting=False
            ),
            tf.linalg.tridiagonal_solve(
                *(tf.constant(BANDS), tf.constant(Y[0])),
                transpose_rhs=False,
                conjugate_rhs=False,
                partial_pivoting=False,
            ),
        ],
        [
            np.linalg.solve(tridiagonal(BANDS), Y.T),
            np.linalg.solve(tridiagonal(BANDS), Y[0]),
        ],
    ),
    "windows": (
        lambda: [
            tf.signal.inverse_stft_window_fn(3, tf.signal.hamming_window)(8, tf.float64),
            tf.signal.kaiser_window(7, 5.0, tf.float64),
        ],
        [
            undone(0.54 - 0.46 * np.cos(np.pi * np.arange(8) / 4), 3),
            np.kaiser(7, 5.0),
        ],
    ),
    "outside": (
        lambda: [
            tf.gather_nd(X, OUTSIDE, bad_indices_policy="IGNORE"),
            tf.scatter_nd(OUTSIDE, UPDATES, [3, 4], bad_indices_policy="IGNORE"),
            *(
                getattr(tf, f"tensor_scatter_nd_{how}")(
                    X, OUTSIDE, UPDATES, bad_indices_policy="IGNORE"
                )
                for how in ("add", "sub", "max", "min")
            ),
        ],
        [
            np.array([X[0, 1], 0, X[2, 3]]),
            placed(0 * X, lambda _, new: new),
            placed(X, np.add),
            placed(X, np.subtract),
            placed(X, np.maximum),
            placed(X, np.minimum),
        ],
    ),
    "counted_parts": (
        lambda: [
            *tf.split(X, [1, -1, 2], 1, num=3),
            *tf.unstack(CUBE, 3, 1),
            *tf.math.top_k(X, 3, index_type="int64"),
            *tf.math.top_k(X, 3, index_type="int16"),
        ],
        [
            *(X[:, :1], X[:, 1:2], X[:, 2:]),
            *CUBE.transpose(1, 0, 2),
            *2 * (-np.sort(-X)[:, :3], np.argsort(-X)[:, :3]),
        ],
    ),
    "ragged_parts": (
        lambda: [
            *(
                tf.ragged.stack([tf.ragged.constant(rows) for rows in RAGGED], axis).to_tensor()
                for axis in (0, 1, -2)
            ),
            *(
                getattr(tf.ragged.range([0, 5, 8], [3, 5, 12], 2, **options), part)
                for options in ({}, {"dtype": "float32"}, {"row_splits_dtype": "int32"})
                for part in ("flat_values", "row_splits")
            ),
        ],
        [
            np.array([[[1, 2], [3, 0]], [[4, 0], [5, 6]]]),
            *2 * [np.array([[[1, 2], [4, 0]], [[3, 0], [5, 6]]])],
            *3 * (np.array([0, 2, 8, 10]), np.array([0, 2, 2, 4])),
        ],
    ),
    "single_padded_smooth": (
        lambda: tf.image.resize_with_pad(SINGLE, 4, 4, "bicubic", antialias=True),
        np.pad(
            resized(IMAGES, (4, 3), KERNELS["bicubic"], smooth=True),
            [[0, 0], [0, 0], [0, 1], [0, 0]],
        ),
    ),
}
