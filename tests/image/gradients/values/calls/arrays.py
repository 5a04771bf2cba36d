"""Functions that move numbers, and change none."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from gradients.values.calls import Rows
from gradients.values.calls.inputs import CUBE, IMAGES, MATRICES, SEQUENCE, X, Y

COLUMNS = np.array([[2, 0], [1, 1]])
FLAGS = np.array([True, False, True])
SORTED = np.array([[1.0, 2.0, 2.0, 5.0], [0.0, 3.0, 4.0, 4.0]])
WANTED = np.array([[2.0, 0.5, 6.0], [4.0, 3.5, 0.0]])
BLOCK = np.arange(48.0).reshape(2, 3, 4, 2) ** 1.5
#: Types of whole numbers, with the least and the greatest.
LIMITS = (("int32", -(2**31), 2**31 - 1), ("int8", -128, 127), ("uint8", 0, 255))
WRITTEN = np.array([[0.0, 0, 0, 6], [0, 0, 0, 0], [0, 5, 0, 0]])


def searched(side: str) -> np.ndarray:
    """Return where each number would stand."""
    return np.stack([np.searchsorted(*pair, side) for pair in zip(SORTED, WANTED, strict=True)])


def reversed_to(lengths: tuple[int, ...]) -> np.ndarray:
    """Return sequences, each backwards as far as it reaches."""
    whole = SEQUENCE.copy()
    for one, length in zip(whole, lengths, strict=True):
        one[:length] = one[:length][::-1]
    return whole


def blocks(x: np.ndarray, size: int) -> np.ndarray:
    """Return squares of pixels as channels."""
    number, high, wide, channels = x.shape
    parted = x.reshape(number, high // size, size, wide // size, size, channels)
    return parted.transpose(0, 1, 3, 2, 4, 5).reshape(number, high // size, wide // size, -1)


def diagonals(x: np.ndarray, *offsets: int) -> np.ndarray:
    """Return matrices of nothing but some diagonals."""
    return sum(np.where(np.eye(*x.shape[-2:], offset) > 0, x, 0) for offset in offsets)


ROWS: Rows = {
    "gather_axis": (lambda: tf.gather(CUBE, COLUMNS, axis=1), CUBE[:, COLUMNS]),
    "gather_batches": (
        lambda: tf.gather(CUBE, COLUMNS, axis=1, batch_dims=1),
        np.stack([one[ids] for one, ids in zip(CUBE, COLUMNS, strict=True)]),
    ),
    "gather_nd_batches": (
        lambda: tf.gather_nd(CUBE, COLUMNS[:, None], batch_dims=1),
        np.stack([CUBE[0, 2, 0], CUBE[1, 1, 1]])[:, None],
    ),
    "boolean_mask": (lambda: tf.boolean_mask(CUBE, FLAGS, axis=1), CUBE[:, FLAGS]),
    "boolean_mask_two": (lambda: tf.boolean_mask(CUBE, CUBE[..., 0] > 0), CUBE[CUBE[..., 0] > 0]),
    "where": (lambda: tf.where(X > 0, Y, 2.5), np.where(X > 0, Y, 2.5)),
    "where_broadcast": (lambda: tf.where(X[:, :1] > 0, Y[:1], X), np.where(X[:, :1] > 0, Y[:1], X)),
    "where_places": (lambda: tf.where(X > 0), np.argwhere(X > 0)),
    "one_hot": (
        lambda: tf.one_hot([2, -1, 0], 3, 5.0, -1.0, axis=0, dtype="float64"),
        np.array([[-1, -1, 5], [-1, -1, -1], [5, -1, -1]]),
    ),
    "sequence_mask": (
        lambda: tf.sequence_mask([3, 0, 2], 4, dtype="float64"),
        np.array([[1, 1, 1, 0], [0, 0, 0, 0], [1, 1, 0, 0]]),
    ),
    "sequence_mask_longest": (
        lambda: tf.sequence_mask([[1], [2]]),
        np.array([[[True, False]], [[True, True]]]),
    ),
    "reverse_sequence": (
        lambda: tf.reverse_sequence(SEQUENCE, [2, 4], seq_axis=1, batch_axis=0),
        reversed_to((2, 4)),
    ),
    "reverse": (lambda: tf.reverse(CUBE, [-1, 0]), CUBE[::-1, :, ::-1]),
    "roll": (lambda: tf.roll(CUBE, [1, -2], [1, 2]), np.roll(CUBE, (1, -2), (1, 2))),
    "repeat": (lambda: tf.repeat(CUBE, [2, 0, 3], axis=1), np.repeat(CUBE, [2, 0, 3], 1)),
    "repeat_each": (lambda: tf.repeat(X, 2), np.repeat(X, 2)),
    "repeat_last": (lambda: tf.repeat(X, 3, axis=-1), np.repeat(X, 3, -1)),
    "tile": (lambda: tf.tile(X, [2, 3]), np.tile(X, (2, 3))),
    "meshgrid": (lambda: tf.meshgrid(X[0], Y[:, 0], X[1]), list(np.meshgrid(X[0], Y[:, 0], X[1]))),
    "meshgrid_ij": (
        lambda: tf.meshgrid(X[0], Y[:, 0], indexing="ij"),
        list(np.meshgrid(X[0], Y[:, 0], indexing="ij")),
    ),
    "split": (lambda: tf.split(CUBE, [1, 3], axis=2), [CUBE[..., :1], CUBE[..., 1:]]),
    "split_equal": (lambda: tf.split(X, 2, axis=1), [X[:, :2], X[:, 2:]]),
    "concat": (lambda: tf.concat([X, 2 * Y], -1), np.concatenate([X, 2 * Y], -1)),
    "stack": (lambda: tf.stack([X, Y], axis=1), np.stack([X, Y], 1)),
    "unstack": (lambda: tf.unstack(CUBE, axis=1), list(np.moveaxis(CUBE, 1, 0))),
    "transpose": (lambda: tf.transpose(CUBE, [1, 2, 0]), CUBE.transpose(1, 2, 0)),
    "transpose_plain": (lambda: tf.transpose(CUBE), CUBE.T),
    "transpose_conjugate": (lambda: tf.transpose(X + 1j * Y, conjugate=True), (X - 1j * Y).T),
    "matrix_transpose": (lambda: tf.linalg.matrix_transpose(CUBE), CUBE.swapaxes(1, 2)),
    "squeeze": (lambda: tf.squeeze(X[:, None, :, None], [-1]), X[:, None]),
    "expand_dims": (lambda: tf.expand_dims(X, -2), X[:, None]),
    "pad": (
        lambda: tf.pad(X, [[1, 0], [2, 1]], constant_values=1.5),
        np.pad(X, [[1, 0], [2, 1]], constant_values=1.5),
    ),
    "pad_reflect": (
        lambda: tf.pad(X, [[2, 1], [0, 3]], "REFLECT"),
        np.pad(X, [[2, 1], [0, 3]], "reflect"),
    ),
    "pad_symmetric": (
        lambda: tf.pad(X, [[2, 1], [0, 3]], "SYMMETRIC"),
        np.pad(X, [[2, 1], [0, 3]], "symmetric"),
    ),
    "slices": (lambda: tf.constant(CUBE)[::-1, 1:, ::2], CUBE[::-1, 1:, ::2]),
    "slices_new": (
        lambda: tf.constant(CUBE)[:, None, -1, ..., :-1],
        CUBE[:, None, -1, ..., :-1],
    ),
    "slice": (lambda: tf.slice(X, [1, 0], [-1, 3]), X[1:, :3]),
    "diag": (lambda: tf.linalg.diag(X, k=-1), np.stack([np.diag(row, -1) for row in X])),
    "diag_filled": (
        lambda: tf.linalg.diag(X, padding_value=7.0),
        np.stack([np.where(np.eye(4) > 0, np.diag(row), 7) for row in X]),
    ),
    "diag_part": (
        lambda: tf.linalg.diag_part(MATRICES, k=1),
        np.diagonal(MATRICES, 1, 1, 2),
    ),
    "set_diag": (
        lambda: tf.linalg.set_diag(MATRICES, CUBE[:, :2, 0], k=-1),
        MATRICES - diagonals(MATRICES, -1) + np.stack([np.diag(row, -1) for row in CUBE[:, :2, 0]]),
    ),
    "band_part": (lambda: tf.linalg.band_part(MATRICES, 1, 0), diagonals(MATRICES, 0, -1)),
    "tensor_diag": (
        lambda: tf.linalg.tensor_diag_part(tf.linalg.tensor_diag(X)),
        X,
    ),
    "searchsorted": (lambda: tf.searchsorted(SORTED, WANTED), searched("left")),
    "searchsorted_right": (
        lambda: tf.searchsorted(SORTED, WANTED, side="right"),
        searched("right"),
    ),
    "space_to_depth": (
        lambda: tf.nn.space_to_depth(IMAGES[:, :, :4], 2),
        blocks(IMAGES[:, :, :4], 2),
    ),
    "depth_to_space": (
        lambda: tf.nn.depth_to_space(blocks(IMAGES[:, :, :4], 2), 2),
        IMAGES[:, :, :4],
    ),
    "batch_to_space": (
        lambda: tf.batch_to_space(
            tf.space_to_batch(IMAGES, [2, 3], [[0, 0], [1, 0]]), [2, 3], [[0, 0], [1, 0]]
        ),
        IMAGES,
    ),
    "space_to_batch": (
        lambda: tf.space_to_batch(SEQUENCE, [2], [[1, 0]]),
        np.concatenate(
            [np.pad(SEQUENCE, [[0, 0], [1, 0], [0, 0]])[:, place::2] for place in (0, 1)]
        ),
    ),
    "patches": (
        lambda: tf.image.extract_patches(IMAGES, [1, 2, 2, 1], [1, 3, 2, 1], [1, 2, 1, 1], "VALID"),
        np.concatenate(
            [
                IMAGES[:, row : row + 4 : 3, column : column + 4 : 2]
                for row in (0, 2)
                for column in (0, 1)
            ],
            axis=-1,
        ),
    ),
    "scatter_update": (
        lambda: tf.tensor_scatter_nd_update(X, [[2, 1], [0, 3]], [5.0, 6.0]),
        np.where(WRITTEN > 0, WRITTEN, X),
    ),
    "size": (lambda: [tf.size(CUBE), tf.rank(CUBE), tf.shape(CUBE)], [24, 3, np.array([2, 3, 4])]),
    "fill": (lambda: tf.fill([2, 3], 1.5), np.full((2, 3), 1.5)),
    "ones_like": (lambda: [tf.ones_like(X), tf.zeros_like(X)], [0 * X + 1, 0 * X]),
    "unique": (
        lambda: tuple(tf.unique_with_counts([4, 2, 4, 7])),
        (np.array([4, 2, 7]), np.array([0, 1, 0, 2]), np.array([2, 1, 1])),
    ),
    "edit_distance": (
        lambda: tf.edit_distance(
            tf.SparseTensor([[0, 0], [0, 1], [0, 2]], [1, 2, 3], [1, 3]),
            tf.SparseTensor([[0, 0], [0, 1]], [1, 3], [1, 2]),
        ),
        np.array([0.5]),
    ),
    "broadcast_shape": (
        lambda: tf.broadcast_dynamic_shape([4, 1, 3], [2, 1]),
        np.array([4, 2, 3]),
    ),
    "edit_distance_plain": (
        lambda: tf.edit_distance(
            tf.SparseTensor([[0, 0], [0, 1], [0, 2]], [1, 2, 3], [1, 3]),
            tf.SparseTensor([[0, 0], [0, 1]], [1, 3], [1, 2]),
            normalize=False,
        ),
        np.array([1.0]),
    ),
    "gather_nd_two_batches": (
        lambda: tf.gather_nd(BLOCK, [[[2], [0], [1]], [[1], [3], [0]]], batch_dims=2),
        np.stack(
            [
                [BLOCK[i, j, k] for j, k in enumerate(row)]
                for i, row in enumerate([[2, 0, 1], [1, 3, 0]])
            ]
        ),
    ),
    "gather_batches_axis": (
        lambda: tf.gather(BLOCK, [[2, 0], [1, 3]], axis=2, batch_dims=1),
        np.stack([BLOCK[0][:, [2, 0]], BLOCK[1][:, [1, 3]]]),
    ),
    "meshgrid_three_ij": (
        lambda: tf.meshgrid(X[0], Y[:, 0], X[1], indexing="ij"),
        list(np.meshgrid(X[0], Y[:, 0], X[1], indexing="ij")),
    ),
    "paddings": (
        lambda: tf.required_space_to_batch_paddings([7, 8], [3, 2], [[1, 0], [2, 1]]),
        [np.array([[1, 1], [2, 2]]), np.array([[0, 1], [0, 1]])],
    ),
    "sort": (
        lambda: [
            tf.sort(CUBE, 1),
            tf.sort(CUBE, 0, "DESCENDING"),
            tf.argsort(CUBE, -2),
            tf.argsort(CUBE, 1, "DESCENDING"),
            *(tf.sort(np.array([3, low, 0, high], kind)) for kind, low, high in LIMITS),
            *(
                tf.sort(np.array([3, low, 0, high], kind), direction="DESCENDING")
                for kind, low, high in LIMITS
            ),
        ],
        [
            *(np.sort(CUBE, 1), -np.sort(-CUBE, 0), CUBE.argsort(1), (-CUBE).argsort(1)),
            *(np.sort(np.array([3, low, 0, high])) for _, low, high in LIMITS),
            *(np.sort(np.array([3, low, 0, high]))[::-1] for _, low, high in LIMITS),
        ],
    ),
    "top_k": (
        lambda: list(tf.math.top_k(CUBE, 2, index_type=tf.int64)),
        [-np.sort(-CUBE, -1)[..., :2], (-CUBE).argsort(-1)[..., :2]],
    ),
    "quantized": (
        lambda: [
            tf.quantization.quantize_and_dequantize_v2(
                # What is beyond the range that is given does not widen it.
                np.array([0.5, 1.0, -0.5, 0.25, 1.7, -0.8]),
                -1.0,
                1.0,
                num_bits=2,
                range_given=True,
                round_mode=mode,
            )
            for mode in ("HALF_TO_EVEN", "HALF_UP")
        ],
        [np.array([0, 1, 0, 0, 1, -1]), np.array([1, 1, 0, 0, 1, -1])],
    ),
    "setdiff": (
        lambda: list(tf.raw_ops.ListDiff(x=[1, 2, 4, 2], y=[2, 9])),
        [np.array([1, 4]), np.array([0, 2])],
    ),
}
