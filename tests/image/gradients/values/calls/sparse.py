"""tf.sparse: what is made of indices and values, against arrays that are mostly zero."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import tensorflow as tf
from scipy.special import softmax

from gradients.values.calls import Rows
from gradients.values.calls.inputs import COMPLEX, CUBE, X, Y

#: Where numbers stand: in no two rows or columns alike, and one row has none.
PLACES = np.array([[1, 0, 0, 1], [0, 0, 0, 0], [0, 1, 1, 1]], bool)
HOLED = np.where(PLACES, X, 0)
OTHER = np.where(PLACES[::-1], Y, 0)
BLOCK = np.where(CUBE > 0.3, CUBE, 0)
COUNTED = np.array([[2, 0, 1, 2], [0, 0, 3, 3]])


def made(x: np.ndarray = HOLED) -> tf.SparseTensor:
    """Return an array's numbers with their places."""
    return tf.sparse.from_dense(tf.constant(x))


def dense(tensor: tf.SparseTensor, default: Any = None) -> tf.Tensor:
    """Return it as an array."""
    return tf.sparse.to_dense(tensor, default)


def _kept(x: np.ndarray) -> np.ndarray:
    return np.where(PLACES, x, 0)


def _product(left: Any, right: Any, a: bool, b: bool) -> tf.Tensor:
    return tf.sparse.sparse_dense_matmul(left, right, adjoint_a=a, adjoint_b=b)


def _turned(x: np.ndarray, turn: bool) -> np.ndarray:
    return x.conj().T if turn else x


def _filled(arrays: list[np.ndarray], axis: int) -> list[np.ndarray]:
    """Return arrays that are as large as the largest, but along one axis."""
    sizes = np.max([one.shape for one in arrays], axis=0)
    wanted = [[*sizes] for _ in arrays]
    for sizes_of_one, one in zip(wanted, arrays, strict=True):
        sizes_of_one[axis] = one.shape[axis]
    return [
        np.pad(one, [(0, more - size) for more, size in zip(to, one.shape, strict=True)])
        for one, to in zip(arrays, wanted, strict=True)
    ]


#: A sparse matrix, complex, and a dense one.
_LEFT, _RIGHT = COMPLEX * PLACES, (COMPLEX[:, ::-1] + 2).T
ROWS: Rows = {
    **{
        f"matmul_{a:d}{b:d}": (
            lambda a=a, b=b: [
                _product(made(_turned(_LEFT, a)), _turned(_RIGHT, b), a, b),
                _product(_turned(X[:, :3].T, a), made(_turned(HOLED, b)), a, b),
            ],
            [_LEFT @ _RIGHT, X[:, :3].T @ HOLED],
        )
        for a, b in product((False, True), repeat=2)
    },
    "add": (
        lambda: [
            dense(tf.sparse.add(made(), made(OTHER))),
            tf.sparse.add(made(), Y),
            tf.sparse.add(Y, made()),
        ],
        [
            HOLED + OTHER,
            *[HOLED + Y] * 2,
        ],
    ),
    "add_threshold": (
        lambda: dense(tf.sparse.add(made(), made(OTHER), threshold=0.5)),
        np.where(np.abs(HOLED + OTHER) > 0.5, HOLED + OTHER, 0),
    ),
    "add_threshold_both": (
        lambda: dense(tf.sparse.add(made(), made(_kept(Y)), threshold=1.0)),
        np.where(np.abs(HOLED + _kept(Y)) > 1, HOLED + _kept(Y), 0),
    ),
    "numbers": (
        lambda: [
            dense(made() * Y[:1]),
            dense(made() / (3 + Y)),
            dense(tf.sparse.map_values(tf.sin, made())),
            dense(tf.sparse.map_values(tf.add, made(), 2.0)),
            dense(tf.abs(made())),
            dense(tf.cast(made(), "int32")),
        ],
        [
            *(HOLED * Y[:1], HOLED / (3 + Y), np.sin(HOLED), _kept(HOLED + 2)),
            *(np.abs(HOLED), HOLED.astype(int)),
        ],
    ),
    "extremes": (
        lambda: [
            dense(tf.sparse.maximum(made(), made(OTHER))),
            dense(tf.sparse.minimum(made(), made(OTHER))),
        ],
        [np.maximum(HOLED, OTHER), np.minimum(HOLED, OTHER)],
    ),
    **{
        f"concat_{axis}": (
            lambda axis=axis: [
                dense(tf.sparse.concat(axis, [made(), made(OTHER)])),
                dense(
                    tf.sparse.concat(
                        axis, [made(), made(OTHER[1:, 1:])], expand_nonconcat_dims=True
                    )
                ),
                dense(
                    tf.sparse.concat(
                        axis, [made(BLOCK[:, 1:, :3]), made(BLOCK)], expand_nonconcat_dims=True
                    )
                ),
            ],
            [
                np.concatenate([HOLED, OTHER], axis),
                np.concatenate(_filled([HOLED, OTHER[1:, 1:]], axis), axis),
                np.concatenate(_filled([BLOCK[:, 1:, :3], BLOCK], axis), axis),
            ],
        )
        for axis in (0, 1, -1, -2)
    },
    **{
        f"expand_dims_{axis}": (
            lambda axis=axis: dense(tf.sparse.expand_dims(made(), axis)),
            np.expand_dims(HOLED, axis),
        )
        for axis in (0, 1, -1, -2)
    },
    "eye": (
        lambda: [dense(tf.sparse.eye(3, 4, "float64")), dense(tf.sparse.eye(2))],
        [np.eye(3, 4), np.eye(2)],
    ),
    "sums": (
        lambda: [
            tf.sparse.reduce_sum(made(BLOCK), [0, -1]),
            tf.sparse.reduce_sum(made(), 1, keepdims=True),
            tf.sparse.reduce_sum(made()),
            tf.sparse.reduce_max(made(BLOCK), [0, -1]),
            tf.sparse.reduce_max(made(BLOCK), -1, keepdims=True),
            dense(tf.sparse.reduce_sum(made(BLOCK), 0, output_is_sparse=True)),
            dense(tf.sparse.reduce_max(made(BLOCK), 0, output_is_sparse=True)),
        ],
        [
            *(BLOCK.sum((0, -1)), HOLED.sum(1, keepdims=True), HOLED.sum()),
            *(BLOCK.max((0, -1)), BLOCK.max(-1, keepdims=True), BLOCK.sum(0), BLOCK.max(0)),
        ],
    ),
    "shapes": (
        lambda: [
            dense(tf.sparse.reshape(made(), [2, -1])),
            dense(tf.sparse.transpose(made(BLOCK), [2, 0, 1])),
            dense(tf.sparse.transpose(made(BLOCK))),
            dense(tf.sparse.slice(made(), [0, 1], [3, 9])),
            *map(dense, tf.sparse.split(made(), 2, axis=1)),
            *map(dense, tf.sparse.split(made(), 2, axis=0)),
            dense(tf.sparse.reset_shape(made(HOLED[:2, :2]))),
            dense(tf.sparse.reset_shape(made(), [4, 5])),
        ],
        [
            *(HOLED.reshape(2, -1), BLOCK.transpose(2, 0, 1), BLOCK.T, HOLED[:, 1:]),
            *(HOLED[:, :2], HOLED[:, 2:], HOLED[:2], HOLED[2:]),
            *(HOLED[:1, :1], np.pad(HOLED, [[0, 1], [0, 1]])),
        ],
    ),
    "parts": (
        lambda: [
            dense(tf.sparse.retain(made(), made().values > 0)),
            dense(tf.sparse.fill_empty_rows(made(), 5.0)[0]),
            tf.sparse.fill_empty_rows(made(), 5.0)[1],
            dense(made(), 7.0),
            tf.sparse.to_indicator(tf.SparseTensor([[0, 0], [0, 1], [2, 0]], [3, 1, 0], [3, 2]), 4),
            tf.sparse.mask(tf.IndexedSlices(X, [5, 2, 8], [9, 4]), [2, 7]).values,
            tf.sparse.mask(tf.IndexedSlices(X, [5, 2, 8], [9, 4]), [2, 7]).indices,
        ],
        [
            np.maximum(HOLED, 0),
            np.where(np.outer([0, 1, 0], [1, 0, 0, 0]), 5, HOLED),
            np.array([False, True, False]),
            np.where(PLACES, X, 7),
            np.array([[0, 1, 0, 1], [0] * 4, [1, 0, 0, 0]], bool),
            *(X[::2], np.array([5, 8])),
        ],
    ),
    "reorder": (
        lambda: dense(
            tf.sparse.reorder(tf.SparseTensor([[2, 1], [0, 3], [2, 0]], [1.0, 2.0, 3.0], [3, 4]))
        ),
        np.array([[0, 0, 0, 2.0], [0] * 4, [3, 1, 0, 0]]),
    ),
    "softmax": (
        lambda: dense(tf.sparse.softmax(made())),
        _kept(softmax(np.where(PLACES | ~PLACES.any(1, keepdims=True), X, -np.inf), 1)),
    ),
    **{
        f"bincount_{kind}": (
            lambda options=options: dense(tf.sparse.bincount(COUNTED, axis=-1, **options)),
            expected,
        )
        for kind, options, expected in (
            ("plain", {}, np.array([[1, 1, 2, 0], [2, 0, 0, 2]])),
            ("binary", {"binary_output": True}, np.array([[1, 1, 1, 0], [1, 0, 0, 1]])),
            ("longest", {"maxlength": 3}, np.array([[1, 1, 2], [2, 0, 0]])),
            ("shortest", {"minlength": 6}, np.array([[1, 1, 2, 0, 0, 0], [2, 0, 0, 2, 0, 0]])),
            (
                "weighted",
                {"weights": np.arange(8.0).reshape(2, 4)},
                np.array([[1, 2, 3, 0], [9.0, 0, 0, 13]]),
            ),
        )
    },
    **{
        f"counts_{kind}": (
            lambda options=options: tf.math.bincount(
                tf.SparseTensor([[0, 1], [1, 0], [1, 2], [1, 3]], [3, 1, 3, 3], [2, 4]), **options
            ),
            expected,
        )
        for kind, options, expected in (
            ("all", {}, np.array([0, 1, 0, 3])),
            ("rows", {"axis": -1}, np.array([[0, 0, 0, 1], [0, 1, 0, 2]])),
            ("binary", {"axis": -1, "binary_output": True}, np.array([[0, 0, 0, 1], [0, 1, 0, 1]])),
            ("longest", {"maxlength": 3}, np.array([0, 1, 0])),
            ("shortest", {"minlength": 6}, np.array([0, 1, 0, 3, 0, 0])),
        )
    },
}
