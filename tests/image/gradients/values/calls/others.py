"""Other values of arguments of tf's functions: axes, steps, shares and sizes that no row gives."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from scipy.special import logsumexp

from gradients.values.calls import Rows
from gradients.values.calls.images import LARGE, SINGLE, hsv
from gradients.values.calls.inputs import CUBE, IMAGES, MATRICES, SEQUENCE, TABLE, X, Y
from gradients.values.calls.signals import mel


def cropped(x: np.ndarray, share: float) -> np.ndarray:
    """Return the middle of images, as much of each side as a share tells."""
    rows, columns = (int(size * (1 - share) / 2) for size in x.shape[-3:-1])
    return x[..., rows : x.shape[-3] - rows, columns : x.shape[-2] - columns, :]


def framed(x: np.ndarray, length: int, step: int, axis: int, *, end: bool = False) -> np.ndarray:
    """Return windows along an axis, which begin so many numbers after each other."""
    x = np.moveaxis(x, axis, -1)
    starts = range(0, x.shape[-1] if end else x.shape[-1] - length + 1, step)
    x = np.pad(x, [*[[0, 0]] * (x.ndim - 1), [0, length]], constant_values=2.5)
    frames = np.stack([x[..., start : start + length] for start in starts], -2)
    axis %= x.ndim
    return np.moveaxis(frames, (-2, -1), (axis, axis + 1))


def overlapped(frames: np.ndarray, step: int) -> np.ndarray:
    """Return the sum of frames that begin so many numbers after each other."""
    number, length = frames.shape[-2:]
    found = np.zeros((*frames.shape[:-2], (number - 1) * step + length))
    for i in range(number):
        found[..., i * step : i * step + length] += frames[..., i, :]
    return found


def banded(x: np.ndarray, below: int, above: int) -> np.ndarray:
    """Return what stands no further from the diagonal than so, of which -1 is any distance."""
    rows, columns = np.indices(x.shape[-2:])
    kept = (below < 0) | (rows - columns <= below)
    return x * (kept & ((above < 0) | (columns - rows <= above)))


def running(x: np.ndarray, axis: int, first: float, add: np.ufunc, **how: bool) -> np.ndarray:
    """Return sums, or products, of what stands before, or behind, with or without each itself."""
    x = np.moveaxis(x, axis, 0)
    x = x[::-1] if how["reverse"] else x
    if how["exclusive"]:
        x = np.concatenate([np.full_like(x[:1], first), x[:-1]])
    x = add.accumulate(x)
    return np.moveaxis(x[::-1] if how["reverse"] else x, 0, axis)


def turned(x: np.ndarray, lengths: list[int], time: int, batch: int) -> np.ndarray:
    """Return sequences of which the first so many numbers are turned round."""
    found = np.moveaxis(x, (batch, time), (0, 1)).copy()
    for row, length in zip(found, lengths, strict=True):
        row[:length] = row[:length][::-1].copy()
    return np.moveaxis(found, (0, 1), (batch, time))


WAYS = [
    {"reverse": reverse, "exclusive": exclusive}
    for reverse in (False, True)
    for exclusive in (False, True)
]
GROUPS = np.array([[2, 0, 2, -1], [0, 2, 4, 2], [1, -1, 0, 2]])
PAIRS = IMAGES[:, :-2, :-1] + IMAGES[:, 2:, :-1] + IMAGES[:, :-2, 1:] + IMAGES[:, 2:, 1:]
ROWS: Rows = {
    "shares_of_pictures": (
        lambda: [
            tf.image.central_crop(x, share)
            for x in (LARGE, IMAGES[0])
            for share in (0.3, 0.62, 0.9)
        ],
        [cropped(x, share) for x in (LARGE, IMAGES[0]) for share in (0.3, 0.62, 0.9)],
    ),
    "single_colours": (
        lambda: [
            tf.image.adjust_hue(SINGLE, -0.2),
            tf.image.adjust_hue(SINGLE[0], 0.9),
            tf.image.adjust_saturation(SINGLE, 1.8),
            tf.image.adjust_saturation(SINGLE[0], 0.0),
        ],
        [hsv(shift=-0.2), hsv(shift=0.9)[0], hsv(scale=1.8), hsv(scale=0.0)[0]],
    ),
    "parts_of_a_picture": (
        lambda: [
            tf.image.crop_to_bounding_box(IMAGES[0], 0, 1, 3, 2),
            tf.image.pad_to_bounding_box(IMAGES[0], 2, 0, 8, 5),
        ],
        [IMAGES[0, :3, 1:3], np.pad(IMAGES[0], [[2, 0], [0, 0], [0, 0]])],
    ),
    "frames": (
        lambda: [
            *(
                tf.signal.frame(CUBE, 2, step, axis=axis)
                for step, axis in ((1, -1), (2, 2), (1, 1), (1, -2), (1, 0), (1, -3))
            ),
            *(
                tf.signal.frame(CUBE, 3, 2, pad_end=True, pad_value=2.5, axis=axis)
                for axis in (-1, 1, 0)
            ),
        ],
        [
            *(
                framed(CUBE, 2, step, axis)
                for step, axis in ((1, -1), (2, 2), (1, 1), (1, -2), (1, 0), (1, -3))
            ),
            *(framed(CUBE, 3, 2, axis, end=True) for axis in (-1, 1, 0)),
        ],
    ),
    "frames_added": (
        lambda: [tf.signal.overlap_and_add(CUBE, step) for step in (1, 2, 3, 4)],
        [overlapped(CUBE, step) for step in (1, 2, 3, 4)],
    ),
    "sequences_turned": (
        lambda: [
            tf.reverse_sequence(SEQUENCE, [4, 0], seq_axis=1, batch_axis=0),
            tf.reverse_sequence(SEQUENCE.transpose(1, 0, 2), [3, 5], seq_axis=0, batch_axis=1),
            tf.reverse_sequence(SEQUENCE, [1, 2, 3, 0, 2], seq_axis=2, batch_axis=1),
        ],
        [
            turned(SEQUENCE, [4, 0], 1, 0),
            turned(SEQUENCE.transpose(1, 0, 2), [3, 5], 0, 1),
            turned(SEQUENCE, [1, 2, 3, 0, 2], 2, 1),
        ],
    ),
    "axes_of_one": (
        lambda: [
            tf.squeeze(X[None, :, None, :, None], axis=axis)
            for axis in ([0], [2, 4], [-1, 0], [-3], None)
        ],
        [X[:, None, :, None], X[None], X[:, None], X[None, :, :, None], X],
    ),
    "ones": (
        lambda: [
            tf.eye(2, 3, batch_shape=[2, 4], dtype="float64"),
            tf.eye(3, batch_shape=[1, 2], dtype="complex128"),
            tf.sequence_mask([[1, 3], [0, 2]]),
            tf.sequence_mask([[1, 3], [0, 2]], 2, "float64"),
        ],
        [
            np.broadcast_to(np.eye(2, 3), (2, 4, 2, 3)),
            np.broadcast_to(np.eye(3), (1, 2, 3, 3)),
            np.arange(3) < np.array([[[1], [3]], [[0], [2]]]),
            np.arange(2) < np.array([[[1], [3]], [[0], [2]]]),
        ],
    ),
    "bands": (
        lambda: [
            tf.linalg.band_part(x, below, above)
            for x in (CUBE, TABLE)
            for below, above in ((-1, 0), (0, -1), (1, 2), (2, 1), (0, 0), (-1, -1), (-1, 1))
        ],
        [
            banded(x, below, above)
            for x in (CUBE, TABLE)
            for below, above in ((-1, 0), (0, -1), (1, 2), (2, 1), (0, 0), (-1, -1), (-1, 1))
        ],
    ),
    "mel_usual": (
        lambda: [
            tf.signal.linear_to_mel_weight_matrix(dtype=tf.float64),
            tf.signal.linear_to_mel_weight_matrix(5, 33, 16000, 80.0, 7600.0, tf.float64),
        ],
        [mel(20, 129, 8000, 125, 3800), mel(5, 33, 16000, 80, 7600)],
    ),
    "running": (
        lambda: [
            call(CUBE, axis, **how)
            for call in (tf.cumsum, tf.math.cumprod)
            for axis in (0, 1, -1)
            for how in WAYS
        ],
        [
            running(CUBE, axis, first, add, **how)
            for add, first in ((np.add, 0.0), (np.multiply, 1.0))
            for axis in (0, 1, -1)
            for how in WAYS
        ],
    ),
    "running_logarithms": (
        lambda: [
            tf.exp(tf.math.cumulative_logsumexp(CUBE, axis, **how))
            for axis in (0, 1)
            for how in WAYS
        ],
        [running(np.exp(CUBE), axis, 0.0, np.add, **how) for axis in (0, 1) for how in WAYS],
    ),
    "contracted": (
        lambda: [
            tf.tensordot(CUBE, CUBE, [[0, 2], [0, 2]]),
            tf.tensordot(CUBE, CUBE, [[2, 1], [2, 1]]),
            tf.tensordot(CUBE, X, [[-1, -2], [1, 0]]),
            tf.tensordot(CUBE, X, 2),
            tf.tensordot(X, Y, [[0], [0]]),
        ],
        [
            np.tensordot(CUBE, CUBE, [[0, 2], [0, 2]]),
            np.tensordot(CUBE, CUBE, [[2, 1], [2, 1]]),
            np.tensordot(CUBE, X, [[-1, -2], [1, 0]]),
            np.tensordot(CUBE, X, 2),
            X.T @ Y,
        ],
    ),
    "groups_of_places": (
        lambda: [
            call(X, GROUPS, 6)
            for call in (
                tf.math.unsorted_segment_sum,
                tf.math.unsorted_segment_mean,
                tf.math.unsorted_segment_sqrt_n,
            )
        ],
        [
            np.array(
                [
                    X[at].sum() / max(at.sum(), 1) ** power
                    for at in (group == GROUPS for group in range(6))
                ]
            )
            for power in (0, 1, 0.5)
        ],
    ),
    "lengths": (
        lambda: [
            tf.math.reduce_euclidean_norm(CUBE, axis, keepdims)
            for axis in (None, 0, [0, 2], -1)
            for keepdims in (False, True)
        ],
        [
            np.sqrt((CUBE**2).sum(axis, keepdims=keepdims))
            for axis in (None, 0, (0, 2), -1)
            for keepdims in (False, True)
        ],
    ),
    "logsumexp": (
        lambda: [tf.reduce_logsumexp(9 * CUBE, axis, True) for axis in (None, 0, [1, 2], -2)],
        [logsumexp(9 * CUBE, axis, keepdims=True) for axis in (None, 0, (1, 2), -2)],
    ),
    "pools_with_gaps": (
        lambda: [
            tf.nn.pool(IMAGES, [2, 2], "AVG", padding="VALID", dilations=[2, 1]),
            tf.nn.pool(-IMAGES, [2, 1], "MAX", padding="VALID", dilations=[3, 1]),
        ],
        [PAIRS / 4, -np.minimum(IMAGES[:, :-3], IMAGES[:, 3:])],
    ),
    "found": (
        lambda: [
            tf.searchsorted(np.sort(CUBE, -1), np.roll(CUBE, 1, 0)[..., :2], side=side)
            for side in ("left", "right")
        ],
        [
            np.stack(
                [
                    np.stack([np.searchsorted(np.sort(row), other) for row, other in pairs])
                    for pairs in (
                        zip(one, other[:, :2], strict=True)
                        for one, other in zip(CUBE, np.roll(CUBE, 1, 0), strict=True)
                    )
                ]
            )
        ]
        * 2,
    ),
    "ranks": (
        lambda: [
            tf.linalg.matrix_rank(MATRICES[0] @ np.diag([3.0, 0.1, 0.0])),
            tf.linalg.matrix_rank(MATRICES[0] @ np.diag([3.0, 0.1, 0.0]), tol=1.0),
            tf.linalg.pinv(MATRICES[0] @ np.diag([3.0, 0.1, 0.0])),
            tf.linalg.pinv(TABLE),
            tf.linalg.pinv(CUBE),
        ],
        [
            2,
            1,
            np.linalg.pinv(MATRICES[0] @ np.diag([3.0, 0.1, 0.0])),
            np.linalg.pinv(TABLE),
            np.linalg.pinv(CUBE),
        ],
    ),
}
