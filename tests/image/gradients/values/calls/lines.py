"""Rows of unlike lengths, one of them empty: as ragged tensors, and as lists of arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

LENGTHS = (3, 0, 2, 4)
_random = np.random.default_rng(25)
VALUES = _random.standard_normal(9)
#: Of rows of rows: two of the above, none, and the two others.
OUTER = (2, 0, 2)
PAIRS = _random.standard_normal((9, 2))
TALL = [_random.standard_normal((rows, 3)) for rows in (2, 4)]
RIGHT = _random.standard_normal((2, 3, 2))


def split(values: np.ndarray, lengths: Sequence[int] = LENGTHS) -> list[np.ndarray]:
    """Return rows of unlike lengths."""
    return np.split(values, np.cumsum(lengths)[:-1])


LINES = split(VALUES)
FULL = [row for row in LINES if len(row)]
#: Each place of a row, of the rows that reach so far.
COLUMNS = [np.array([row[place] for row in LINES if place < len(row)]) for place in range(4)]


def rows(values: np.ndarray = VALUES) -> tf.RaggedTensor:
    """Return a ragged tensor of such rows."""
    return tf.RaggedTensor.from_row_lengths(values, LENGTHS)


def deep(values: np.ndarray = VALUES) -> tf.RaggedTensor:
    """Return rows of such rows."""
    return tf.RaggedTensor.from_row_lengths(rows(values), OUTER)


def parts(ragged: tf.RaggedTensor) -> list[tf.Tensor]:
    """Return all numbers, and where rows begin."""
    return [ragged.flat_values, *ragged.nested_row_splits]


def laid(lists: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the same of a list of arrays."""
    return [np.concatenate(lists), np.cumsum([0, *map(len, lists)])]


def nested(lists: Sequence[Sequence[np.ndarray]]) -> list[np.ndarray]:
    """Return all numbers, and where rows of rows, and rows, begin."""
    values, splits = laid([row for pair in lists for row in pair])
    return [values, np.cumsum([0, *map(len, lists)]), splits]


def pairs() -> list[list[np.ndarray]]:
    """Return rows of rows."""
    return [LINES[:2], [], LINES[2:]]


def running(row: np.ndarray, exclusive: bool, reverse: bool) -> np.ndarray:
    """Return a row's sums so far."""
    row = row[::-1] if reverse else row
    sums = row.cumsum() - row * exclusive
    return sums[::-1] if reverse else sums
