"""What Keras's utilities make of data: padded, one-hot, normalized, cut into windows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from keras import utils

_random = np.random.default_rng(101)
SERIES = [[1, 2, 3, 4, 5, 6, 7], [8], [], [9, 10, 11]]
VECTORS = [[[1, 2], [3, 4], [5, 6]], [[7, 8]]]
BLOCK = _random.standard_normal((2, 3, 4))
NAMES = np.array([[0, 3, 1], [2, 0, 2]])


def padded(rows: list[Any], length: int, value: float, *, cut: str, pad: str) -> np.ndarray:
    """Return rows of one length, number by number."""
    shape = np.shape(next(row for row in rows if row))[1:]
    found = np.full((len(rows), length, *shape), value)
    for row, kept in zip(found, rows, strict=True):
        part = kept[max(0, len(kept) - length) :] if cut == "pre" else kept[:length]
        for place, one in enumerate(part):
            row[place if pad == "post" else length - len(part) + place] = one
    return found


def windows(start: int, end: int, length: int, stride: int, rate: int) -> np.ndarray:
    """Return the places of the windows that fit between two."""
    last = end - (length - 1) * rate
    return np.array([range(one, one + length * rate, rate) for one in range(start, last, stride)])


PLACES = np.arange(40.0)


def cut(start: int, end: int | None, length: int, stride: int, rate: int) -> list[np.ndarray]:
    """Return windows and their targets, as long as there are any, in batches of 4."""
    found = utils.timeseries_dataset_from_array(
        *(PLACES, 100 + PLACES[:35], length, stride, rate, 4), start_index=start, end_index=end
    )
    parts = [(a.numpy(), b.numpy()) for a, b in found]
    assert all(len(part) == 4 for part, _ in parts[:-1])
    return [np.concatenate(each) for each in zip(*parts, strict=True)]


#: By name: a call, and what it must give.
ROWS: dict[str, tuple[Callable[[], Any], Any]] = {
    **{
        f"pad_sequences, cut {cut}, filled {pad}": (
            lambda cut=cut, pad=pad: [
                utils.pad_sequences(SERIES, 3, padding=pad, truncating=cut, value=-1),
                utils.pad_sequences(VECTORS, 2, "float32", pad, cut, 0.5),
            ],
            [
                padded(SERIES, 3, -1, cut=cut, pad=pad),
                padded(VECTORS, 2, 0.5, cut=cut, pad=pad),
            ],
        )
        for cut in ("pre", "post")
        for pad in ("pre", "post")
    },
    "pad_sequences, the longest": (
        lambda: [utils.pad_sequences(SERIES)],
        [padded(SERIES, 7, 0, cut="pre", pad="pre")],
    ),
    "to_categorical": (
        lambda: [
            utils.to_categorical(NAMES),
            utils.to_categorical(NAMES[..., None], 6),
            utils.to_categorical([2, 0]),
        ],
        [np.eye(4)[NAMES], np.eye(6)[NAMES], np.eye(3)[[2, 0]]],
    ),
    "normalize": (
        lambda: [
            utils.normalize(BLOCK),
            utils.normalize(BLOCK, axis=1, order=1),
            utils.normalize(BLOCK * np.eye(3)[1][:, None], axis=2, order=np.inf),
        ],
        [
            BLOCK / np.sqrt((BLOCK**2).sum(-1, keepdims=True)),
            BLOCK / np.abs(BLOCK).sum(1, keepdims=True),
            BLOCK * np.eye(3)[1][:, None] / np.abs(BLOCK).max(2, keepdims=True),
        ],
    ),
    "timeseries_dataset_from_array": (
        lambda: [*cut(0, None, 5, 1, 1), *cut(3, 37, 4, 3, 2)],
        [
            *(windows(0, 39, 5, 1, 1), 100 + windows(0, 39, 5, 1, 1)[:, 0]),
            *(windows(3, 37, 4, 3, 2), 100 + windows(3, 37, 4, 3, 2)[:, 0]),
        ],
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_data_are_made_as_they_are_told(name: str) -> None:
    call, expected = ROWS[name]
    for found, one in zip(call(), expected, strict=True):
        np.testing.assert_allclose(found, one, rtol=1e-6, atol=1e-9)
