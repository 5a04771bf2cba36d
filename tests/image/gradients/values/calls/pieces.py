"""Ragged tensors by their operators and parts, and what no other row asks of Keras's operations."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import tensorflow as tf
from keras import ops

from gradients.values.calls import Rows
from gradients.values.calls.inputs import IMAGES, MATRICES, X
from gradients.values.calls.uncalled import BEST, LENGTHS, SCORES, rows

#: Rows of 2, 0, 3 and 1 numbers, two of them below 0.
NUMBERS = np.array([1.5, -2.0, 3.25, 0.5, -4.0, 2.0])
OTHERS = np.array([2.0, -2.0, 0.75, 3.0, -1.5, 0.25])
LIMITS = [0, 2, 2, 5, 6]
VOLUME = np.arange(2 * 3 * 4 * 3 * 2.0).reshape(2, 3, 4, 3, 2) ** 0.5


def _ragged(numbers: np.ndarray) -> tf.RaggedTensor:
    return tf.RaggedTensor.from_row_splits(numbers, LIMITS)


def _two() -> tf.RaggedTensor:
    """Return rows of rows: 3, none, and 1 of those above."""
    return tf.RaggedTensor.from_row_splits(_ragged(NUMBERS), [0, 3, 3, 4])


def _by_each(name: str, *others: Any) -> Any:
    """Return what an operator makes of ragged rows, as one row."""
    given = [_ragged(x) if isinstance(x, np.ndarray) else x for x in others]
    return getattr(operator, name)(*given).flat_values


def patched(x: np.ndarray, sizes: tuple[int, ...], gaps: tuple[int, ...]) -> np.ndarray:
    """Return what lies below each place of a window with gaps, all of it in a row."""
    last = [x.shape[1 + i] - (sizes[i] - 1) * gaps[i] for i in range(len(sizes))]
    parts = [
        x[
            (
                slice(None),
                *(
                    slice(at * gap, at * gap + end)
                    for at, gap, end in zip(place, gaps, last, strict=True)
                ),
            )
        ]
        for place in np.ndindex(*sizes)
    ]
    return np.concatenate(parts, -1)


def bordered(x: np.ndarray, *widths: tuple[int, int]) -> np.ndarray:
    """Return images with zeros around them."""
    return np.pad(x, [(0, 0), *widths, (0, 0)])


def full(lists: list[tuple[int, ...]]) -> np.ndarray:
    """Return lists as rows of as many numbers as there are steps."""
    found = rows(lists)
    return np.pad(found, [[0, 0], [0, len(SCORES) - found.shape[1]]], constant_values=-1)


#: From -1 to -8, and from 4 to 32.
ENDS = [[-1, 4], [-8, 32]]
ARITHMETIC = ("add", "sub", "mul", "truediv", "floordiv", "mod")
COMPARED = ("lt", "le", "gt", "ge", "eq", "ne")
FLAGS, OTHER_FLAGS = NUMBERS > 1, OTHERS > 0
ROWS: Rows = {
    "ragged_arithmetic": (
        lambda: [
            _by_each(name, *pair)
            for name in ARITHMETIC
            for pair in ((NUMBERS, OTHERS), (2.5, NUMBERS))
        ],
        [
            getattr(operator, name)(*pair)
            for name in ARITHMETIC
            for pair in ((NUMBERS, OTHERS), (2.5, NUMBERS))
        ],
    ),
    "ragged_powers": (
        lambda: [
            *(
                _by_each("pow", *pair)
                for pair in ((NUMBERS**2, OTHERS), (NUMBERS, 2.0), (2.0, OTHERS))
            ),
            *(_by_each(name, NUMBERS) for name in ("neg", "abs")),
        ],
        [(NUMBERS**2) ** OTHERS, NUMBERS**2, 2**OTHERS, -NUMBERS, abs(NUMBERS)],
    ),
    "ragged_comparisons": (
        lambda: [_by_each(name, NUMBERS, OTHERS) for name in COMPARED],
        [getattr(operator, name)(NUMBERS, OTHERS) for name in COMPARED],
    ),
    "ragged_flags": (
        lambda: [
            *(_by_each(name, FLAGS, OTHER_FLAGS) for name in ("and_", "or_", "xor")),
            *(_by_each(name, True, FLAGS) for name in ("and_", "or_", "xor")),
            _by_each("invert", FLAGS),
        ],
        [
            *(FLAGS & OTHER_FLAGS, FLAGS | OTHER_FLAGS, FLAGS ^ OTHER_FLAGS),
            *(FLAGS, FLAGS | True, ~FLAGS, ~FLAGS),
        ],
    ),
    "ragged_parts_of": (
        lambda: [
            *(_ragged(NUMBERS).row_limits(), _ragged(NUMBERS).row_starts()),
            *_two().nested_row_lengths(),
            *_two().nested_value_rowids(),
            *(_two().merge_dims(0, 1).row_splits, _two().merge_dims(1, 2).row_splits),
            *(_two().merge_dims(0, 2), _two().bounding_shape(axis=1), _two().bounding_shape()),
            *(_two().bounding_shape(axis=[0, 2]), _two().nrows("int32")),
            _ragged(NUMBERS).with_values(OTHERS).to_tensor(7.0),
            _two().with_flat_values(OTHERS).flat_values,
        ],
        [
            *(np.array([2, 2, 5, 6]), np.array([0, 2, 2, 5])),
            *(np.array([3, 0, 1]), np.array([2, 0, 3, 1])),
            *(np.array([0, 0, 0, 2]), np.array([0, 0, 2, 2, 2, 3])),
            *(np.array([0, 2, 2, 5, 6]), np.array([0, 5, 5, 6])),
            *(NUMBERS, 3, np.array([3, 3, 3])),
            *(np.array([3, 3]), 3),
            np.array([[2, -2, 7], [7, 7, 7], [0.75, 3, -1.5], [0.25, 7, 7]]),
            OTHERS,
        ],
    ),
    "patches_with_gaps": (
        lambda: [
            ops.image.extract_patches(IMAGES, (2, 2), strides=1, dilation_rate=2),
            ops.image.extract_patches(IMAGES, (2, 3), strides=1, padding="same"),
            ops.image.extract_patches_3d(VOLUME, (2, 2, 1), strides=1),
            ops.image.extract_patches_3d(VOLUME, (2, 3, 2), strides=1, padding="same"),
        ],
        [
            patched(IMAGES, (2, 2), (2, 2)),
            patched(bordered(IMAGES, (0, 1), (1, 1)), (2, 3), (1, 1)),
            patched(VOLUME, (2, 2, 1), (1, 1, 1)),
            patched(bordered(VOLUME, (0, 1), (1, 1), (0, 1)), (2, 3, 2), (1, 1, 1)),
        ],
    ),
    "beams_of_keras": (
        lambda: ops.ctc_decode(
            SCORES.transpose(1, 0, 2),
            LENGTHS,
            "beam_search",
            beam_width=50,
            top_paths=2,
            mask_index=2,
        ),
        [
            np.stack([full([best[i][0] for best in BEST]) for i in range(2)]),
            np.array([[chance for _, chance in best] for best in BEST]),
        ],
    ),
    "kinds_asked_for": (
        lambda: [
            ops.take_along_axis(X, ops.argpartition(X, 1, axis=0), 0)[1],
            ops.sort(ops.top_k(X, 2, sorted=False)[0], -1),
            ops.cumprod(np.int32(X * 4), 1, dtype="int64"),
            ops.eye(3, 4, 1, dtype="int32"),
            ops.full((2, 2), 2.75, dtype="int32"),
            ops.tri(3, 4, -1, dtype="float64"),
            ops.slogdet(MATRICES)[1],
            ops.logdet(MATRICES @ MATRICES.transpose(0, 2, 1)),
        ],
        [
            np.sort(X, 0)[1],
            np.sort(X, -1)[:, -2:],
            np.int32(X * 4).cumprod(1),
            np.eye(3, 4, 1),
            np.full((2, 2), 2),
            np.tri(3, 4, -1),
            np.linalg.slogdet(MATRICES)[1],
            2 * np.linalg.slogdet(MATRICES)[1],
        ],
    ),
    "kinds_that_come": (
        lambda: [
            made.dtype == kind
            for kind in ("int64", "float16")
            for made in (
                *(ops.cumprod(np.int32(X), 1, dtype=kind), ops.full((2, 2), 2.75, dtype=kind)),
                *(ops.eye(3, 4, 1, dtype=kind), ops.tri(3, 4, -1, dtype=kind)),
            )
        ],
        [True] * 8,
    ),
    "product_asked_for": (
        lambda: ops.prod(np.int32([65536, 65537]), dtype="int64"),
        65536 * 65537,
    ),
    "spaced_behind": (
        lambda: ops.geomspace(*np.float64(ENDS), 2, axis=-1),
        np.geomspace(*np.float64(ENDS), 2, axis=-1),
    ),
}
