"""Arguments by product: axes by what is batched, orders by axes, types by types, sizes by sizes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import scipy.linalg
import tensorflow as tf
from scipy.special import log_softmax

from gradients.values.calls import Rows
from gradients.values.calls.arrays import BLOCK
from gradients.values.calls.inputs import CUBE, IMAGES, MATRICES, X, Y
from gradients.values.calls.linalg import RIGHT
from gradients.values.calls.nn import LABELS

#: Axes, from either end, and how many axes are batched, of ids of as many axes and one more.
GATHERED = tuple(
    (axis, batched)
    for batched in (0, 1, 2)
    for axis in (-4, -3, -2, -1, 0, 1, 2, 3)
    if axis % 4 >= batched
)
SLICES: tuple[Any, ...] = (
    *(np.s_[:0], np.s_[2:0:-1], np.s_[:, 0:0], np.s_[..., 0], np.s_[0], np.s_[-1, ..., -1]),
    *(np.s_[::-2], np.s_[:, ::-1, 1:-1], np.s_[None, ..., None, 1], np.s_[:, None, 1:, ::3]),
    *(np.s_[1:9, -2:], np.s_[..., None, :2, :], np.s_[-1:-5:-1, 1], np.s_[..., 1:0:-1, 3:0:-2]),
    *(np.s_[5:], np.s_[:-1, :, :-3], np.s_[0, 1, 2], np.s_[0:1, 0:1], np.s_[None], np.s_[...]),
)
HOT = tuple(product((None, 5.0), (None, -1.0), (-1, 0, 1)))
#: Orders by axes, with and without what is reduced.
NORMED = tuple(
    (order, axis, (place + turn) % 2 == 0)
    for turn, order in enumerate((1, 2, "euclidean", np.inf))
    for place, axis in enumerate((None, 0, -1, (0, 1), (-1, 0), (2, 1)))
)
#: What a picture is cropped or filled to: by an odd and an even number more and less.
SIZES = ((3, 2), (4, 3), (9, 8), (8, 7), (3, 8), (9, 2), (6, 5))
#: Matrices of which each is squared another number of times, or approximated otherwise.
TURNED = MATRICES + 1j * MATRICES[::-1]
HERMITIAN = TURNED @ TURNED.conj().swapaxes(1, 2) + np.eye(3)
POWERS = np.stack([scale * MATRICES[0] for scale in (0.001, 0.1, 0.3, 1, 4, 9)])


def gathered(x: np.ndarray, at: np.ndarray, axis: int, batched: int) -> np.ndarray:
    """Return what stands at ids, each batch by its own."""
    if not batched:
        return np.take(x, at, axis)
    axis = axis % x.ndim - 1
    return np.stack([gathered(*one, axis, batched - 1) for one in zip(x, at, strict=True)])


def _at(batched: int) -> np.ndarray:
    """Return two ids of 0 and 1 for each number of as many axes as are batched."""
    shape = (*BLOCK.shape[:batched], 2)
    return (np.arange(np.prod(shape)) * 5 % 7 % 2).reshape(shape)


def hot(on: float | None, off: float | None, axis: int) -> np.ndarray:
    """Return one number where ids say so, and another elsewhere."""
    has = np.moveaxis(np.eye(4)[:, [2, 0, 3]].T, -1, axis)
    return np.where(has > 0, 1 if on is None else on, 0 if off is None else off)


def norm(order: Any, axis: Any, *, keep: bool) -> np.ndarray:
    """Return a norm; of all numbers at once that of one vector."""
    order = {"euclidean": None}.get(order, order)
    if axis is None:
        found = np.linalg.norm(CUBE.ravel(), order)
        return np.full((1, 1, 1), found) if keep else found
    return np.linalg.norm(CUBE, order, axis, keepdims=keep)


def sized(x: np.ndarray, size: Sequence[int]) -> np.ndarray:
    """Return images cropped in their middle, or with zeros around: what is odd is behind."""
    for axis, wanted in enumerate(size, 1):
        have = x.shape[axis]
        first = max((have - wanted) // 2, 0)
        x = np.take(x, range(first, first + min(have, wanted)), axis)
        before = max((wanted - have) // 2, 0)
        around = [(0, 0)] * x.ndim
        around[axis] = (before, max(wanted - have, 0) - before)
        x = np.pad(x, around)
    return x


def _pictures() -> list[tf.Tensor]:
    return [
        *(tf.image.resize_with_crop_or_pad(IMAGES, *size) for size in SIZES),
        *(tf.image.resize_with_crop_or_pad(IMAGES[0], *size) for size in SIZES),
    ]


def _slices() -> tf.IndexedSlices:
    return tf.IndexedSlices(tf.constant(X), tf.constant([2, 0, 2]), tf.constant([4, 4]))


ROWS: Rows = {
    "gather": (
        lambda: [
            tf.gather(BLOCK, _at(batched), axis=axis, batch_dims=batched)
            for axis, batched in GATHERED
        ],
        [gathered(BLOCK, _at(batched), axis, batched) for axis, batched in GATHERED],
    ),
    "gather_usual": (
        lambda: [
            *(tf.gather(BLOCK, _at(batched), batch_dims=batched) for batched in (0, 1, 2)),
            tf.gather(BLOCK, _at(1), axis=2, batch_dims=-1),
            tf.gather(BLOCK, tf.constant(_at(1), "int64"), axis=tf.constant(-1)),
        ],
        [
            *(gathered(BLOCK, _at(batched), batched, batched) for batched in (0, 1, 2)),
            gathered(BLOCK, _at(1), 2, 1),
            np.take(BLOCK, _at(1), -1),
        ],
    ),
    "slices": (
        lambda: [
            *(tf.constant(CUBE)[part] for part in SLICES),
            *(tf.constant(CUBE)[CUBE > 0], tf.constant(CUBE)[tf.constant([True, False])]),
        ],
        [*(CUBE[part] for part in SLICES), CUBE[CUBE > 0], CUBE[:1]],
    ),
    "slices_by_tensors": (
        lambda: [
            part
            for kind in ("int32", "int64")
            for zero, one in [(tf.constant(0, kind), tf.constant(1, kind))]
            for part in (
                *(tf.constant(CUBE)[:, one], tf.constant(CUBE)[:, :one, ::2], X[-one:][0]),
                *(tf.constant(CUBE)[..., -one], tf.constant(X)[2:zero:-one], tf.constant(X)[:zero]),
            )
        ],
        [CUBE[:, 1], CUBE[:, :1, ::2], X[2], CUBE[..., -1], X[2:0:-1], X[:0]] * 2,
    ),
    "one_hot": (
        lambda: [tf.one_hot([2, 0, 3], 4, on, off, axis, "float64") for on, off, axis in HOT],
        [hot(*given) for given in HOT],
    ),
    "norms": (
        lambda: [tf.norm(CUBE, order, axis, keepdims=keep) for order, axis, keep in NORMED],
        [
            norm("fro" if (order, type(axis)) == ("euclidean", tuple) else order, axis, keep=keep)
            for order, axis, keep in NORMED
        ],
    ),
    "bincount": (
        lambda: [
            tf.math.bincount([1, 3, 1, 0], weights, least, most)
            for weights, least, most in product((None, X[0]), (None, 2, 6), (None, 3, 9))
        ],
        [
            np.pad(np.bincount([1, 3, 1, 0], weights), (0, 9))[
                : min(max(4, least or 0), most or 99)
            ]
            for weights, least, most in product((None, X[0]), (None, 2, 6), (None, 3, 9))
        ],
    ),
    "repeats": (
        lambda: [
            *(tf.repeat(CUBE, [33, 0, 2], axis) for axis in (1, -2)),
            *(tf.repeat(CUBE, [0, 40], 0), tf.repeat(CUBE, 17, -1), tf.repeat(X[0], [1, 0, 3, 65])),
        ],
        [
            *[np.repeat(CUBE, [33, 0, 2], 1)] * 2,
            *(np.repeat(CUBE, [0, 40], 0), np.repeat(CUBE, 17, -1), np.repeat(X[0], [1, 0, 3, 65])),
        ],
    ),
    "clipped_slices": (
        lambda: [
            *(
                tf.clip_by_norm(_slices(), 2.0).values,
                tf.clip_by_value(_slices(), -0.5, 0.5).values,
            ),
            *(tf.math.scalar_mul(2.5, _slices()).values, tf.cast(_slices(), "complex128").values),
            *(tf.clip_by_norm(X, 0.0), tf.clip_by_norm(X, tf.constant(2.0, "float64"), 1)),
            tf.linalg.global_norm([_slices(), None, CUBE]),
            *tf.clip_by_global_norm([X, Y], 1.5, use_norm=np.float64(0.5))[0],
            tf.convert_to_tensor(_slices()),
        ],
        [
            *(X * 2 / max(np.linalg.norm(X), 2), X.clip(-0.5, 0.5), 2.5 * X, X, 0 * X),
            X * 2 / np.maximum(np.linalg.norm(X, axis=1, keepdims=True), 2),
            *(np.sqrt((X**2).sum() + (CUBE**2).sum()), X, Y),
            np.stack([X[1], 0 * X[0], X[0] + X[2], 0 * X[0]]),
        ],
    ),
    "entropy_of_pictures": (
        lambda: [
            tf.nn.sparse_softmax_cross_entropy_with_logits(BLOCK[..., 0].astype(int) % 2, BLOCK),
            tf.nn.sparse_softmax_cross_entropy_with_logits(LABELS[None, None], X[None, None]),
        ],
        [
            -np.take_along_axis(log_softmax(BLOCK, -1), BLOCK.astype(int)[..., :1] % 2, -1)[..., 0],
            -log_softmax(X, 1)[range(3), LABELS][None, None],
        ],
    ),
    "solved_complex": (
        lambda: [
            tf.linalg.cholesky_solve(np.linalg.cholesky(HERMITIAN), RIGHT + 1j),
            tf.linalg.triangular_solve(np.tril(HERMITIAN), RIGHT + 1j, adjoint=True),
            tf.linalg.solve(HERMITIAN, RIGHT + 1j, adjoint=True),
            tf.linalg.inv(TURNED, adjoint=True),
            tf.linalg.logdet(HERMITIAN),
        ],
        [
            np.linalg.solve(HERMITIAN, RIGHT + 1j),
            np.linalg.solve(np.tril(HERMITIAN).conj().swapaxes(1, 2), RIGHT + 1j),
            np.linalg.solve(HERMITIAN, RIGHT + 1j),
            np.linalg.inv(TURNED.conj().swapaxes(1, 2)),
            np.linalg.slogdet(HERMITIAN)[1],
        ],
    ),
    "expm_of_each": (
        lambda: [tf.linalg.expm(POWERS), tf.linalg.expm(POWERS[::2] * (0.5 + 0.25j))],
        [
            np.stack([scipy.linalg.expm(one) for one in POWERS]),
            np.stack([scipy.linalg.expm(one * (0.5 + 0.25j)) for one in POWERS[::2]]),
        ],
    ),
    "pictures": (
        _pictures,
        [*(sized(IMAGES, size) for size in SIZES), *(sized(IMAGES, size)[0] for size in SIZES)],
    ),
}
