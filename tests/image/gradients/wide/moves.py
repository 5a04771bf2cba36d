"""What moves numbers, of many rows and ids: functions in TensorFlow's words, and in NumPy's."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

#: A function of tensors, the same of arrays, and the shapes of what they take.
Row = tuple[Callable[..., Any], Callable[..., Any], tuple[tuple[int, ...], ...]]
_random = np.random.default_rng(119)
#: 600 ids of 70, most of them several times, all of them once; places in a matrix.
IDS = np.r_[_random.permutation(70), _random.integers(0, 70, 530)]
PAIRS = np.stack([IDS, _random.integers(0, 3, 600)], 1)
#: Rows of more than 16 bits can name; one of them twice.
FAR = np.array([70_000, 3, 70_000, 65_537])
KEPT = _random.random(600) < 0.4
SIZES = _random.integers(1, 9, 20)
CLASSES = _random.integers(0, 7, 600)
#: Where numbers of a sparse matrix of 70 x 90 are.
PLACES = np.unique(np.stack([IDS, _random.integers(0, 90, 600)], 1), axis=0)


def added(size: int, ids: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return sums of rows by their ids."""
    whole = np.zeros((size, *x.shape[1:]), x.dtype)
    np.add.at(whole, ids, x)
    return whole


def written(x: np.ndarray, at: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return rows with others in some places."""
    x = x.copy()
    x[at] = rows
    return x


def dense(values: np.ndarray) -> np.ndarray:
    """Return a sparse matrix as a dense one."""
    whole = np.zeros((70, 90), values.dtype)
    whole[tuple(PLACES.T)] = values
    return whole


def sparse(values: tf.Tensor) -> tf.SparseTensor:
    """Return a sparse matrix."""
    return tf.SparseTensor(PLACES, values, [70, 90])


ROWS: dict[str, Row] = {
    "concat": (
        lambda x: tf.concat(tf.split(x, SIZES, -1)[::-1], -1),
        lambda x: np.concatenate(np.split(x, SIZES.cumsum()[:-1], -1)[::-1], -1),
        ((11, int(SIZES.sum())),),
    ),
    "stack": (
        lambda x: tf.stack(tf.unstack(x, axis=1)[::-1], 2),
        lambda x: x[:, ::-1].swapaxes(1, 2),
        ((3, 70, 7),),
    ),
    "tile": (lambda x: tf.tile(x, [3, 5]), lambda x: np.tile(x, (3, 5)), ((70, 3),)),
    "repeat": (
        lambda x: tf.repeat(x, SIZES, 0),
        lambda x: np.repeat(x, SIZES, 0),
        ((20, 3),),
    ),
    "pad": (
        lambda x: tf.pad(x, [[1, 70], [66, 2]]),
        lambda x: np.pad(x, [[1, 70], [66, 2]]),
        ((70, 20),),
    ),
    "mirror": (
        lambda x: tf.pad(x, [[1, 66], [3, 2]], "REFLECT"),
        lambda x: np.pad(x, [[1, 66], [3, 2]], "reflect"),
        ((70, 20),),
    ),
    "slice": (lambda x: tf.slice(x, [515, 1], [80, 2]), lambda x: x[515:595, 1:3], ((600, 4),)),
    "strides": (lambda x: x[590:3:-7, 1:], lambda x: x[590:3:-7, 1:], ((600, 4),)),
    "reverse": (lambda x: tf.reverse(x, [0]), lambda x: x[::-1], ((600, 4),)),
    "roll": (lambda x: tf.roll(x, 515, 0), lambda x: np.roll(x, 515, 0), ((600, 4),)),
    "transpose": (
        lambda x: tf.transpose(x, [2, 4, 0, 3, 1]),
        lambda x: x.transpose(2, 4, 0, 3, 1),
        ((2, 3, 65, 5, 4),),
    ),
    "gather": (lambda x: tf.gather(x, IDS), lambda x: x[IDS], ((70, 3),)),
    "gather_far": (lambda x: tf.gather(x, FAR), lambda x: x[FAR], ((70_001,),)),
    "gather_along": (lambda x: tf.gather(x, IDS, axis=1), lambda x: x[:, IDS], ((3, 70, 2),)),
    "gather_batches": (
        lambda x: tf.gather(x, IDS.reshape(3, 200), axis=1, batch_dims=1),
        lambda x: np.stack([one[ids] for one, ids in zip(x, IDS.reshape(3, 200), strict=True)]),
        ((3, 70, 2),),
    ),
    "gather_nd": (lambda x: tf.gather_nd(x, PAIRS), lambda x: x[tuple(PAIRS.T)], ((70, 3),)),
    "mask": (lambda x: tf.boolean_mask(x, KEPT), lambda x: x[KEPT], ((600, 2),)),
    "where": (
        lambda x, y: tf.where(KEPT[:, None], x, y),
        lambda x, y: np.where(KEPT[:, None], x, y),
        ((600, 5), (5,)),
    ),
    "scatter": (
        lambda x: tf.scatter_nd(IDS[:, None], x, [70, 2]),
        partial(added, 70, IDS),
        ((600, 2),),
    ),
    "scatter_far": (
        lambda x: tf.scatter_nd(FAR[:, None], x, [70_001]),
        partial(added, 70_001, FAR),
        ((4,),),
    ),
    "scatter_add": (
        lambda x, y: tf.tensor_scatter_nd_add(x, IDS[:, None], y),
        lambda x, y: x + added(70, IDS, y),
        ((70, 2), (600, 2)),
    ),
    "scatter_update": (
        lambda x, y: tf.tensor_scatter_nd_update(x, IDS[:66, None], y),
        lambda x, y: written(x, IDS[:66], y),
        ((70, 2), (66, 2)),
    ),
    "segments": (
        lambda x: tf.math.segment_sum(x, np.sort(IDS)),
        partial(added, 70, np.sort(IDS)),
        ((600, 2),),
    ),
    "segment_means": (
        lambda x: tf.math.unsorted_segment_mean(x, IDS, 70),
        lambda x: added(70, IDS, x) / np.bincount(IDS)[:, None],
        ((600, 2),),
    ),
    "parted": (
        lambda x: tf.dynamic_stitch(
            tf.dynamic_partition(tf.range(600)[::-1], CLASSES, 7),
            tf.dynamic_partition(x, CLASSES, 7),
        ),
        lambda x: x[::-1],
        ((600, 2),),
    ),
    "diagonal": (
        lambda x, d: tf.linalg.set_diag(x, d, k=1),
        lambda x, d: np.where(np.eye(65, 70, 1) > 0, np.pad(d, (1, 4))[None], x),
        ((65, 70), (65,)),
    ),
    "diagonal_part": (
        lambda x: tf.linalg.diag_part(x, k=-2),
        lambda x: np.diagonal(x, -2, 1, 2),
        ((2, 65, 70),),
    ),
    "fill": (lambda x: tf.fill([40, 30], x), lambda x: x * np.ones([40, 30]), ((),)),
    "broadcast": (
        lambda x: tf.broadcast_to(x, [520, 3, 4]),
        lambda x: x * np.ones([520, 1, 4]),
        ((3, 1),),
    ),
    "symmetric": (
        lambda x: tf.pad(x, [[0, 0], [2, 1], [1, 3], [0, 0]], "SYMMETRIC"),
        lambda x: np.pad(x, [[0, 0], [2, 1], [1, 3], [0, 0]], "symmetric"),
        ((2, 5, 6, 65),),
    ),
    "blocks": (
        lambda x: tf.space_to_batch(x, [2, 3], [[1, 0], [0, 2]])[:4],
        lambda x: np.stack(
            [
                np.pad(one, [[1, 0], [0, 2], [0, 0]])[row::2, column::3]
                for row, column in ((0, 0), (0, 1))
                for one in x
            ]
        ),
        ((2, 5, 7, 65),),
    ),
    "sparse_segments": (
        lambda x: tf.sparse.segment_sum(x, IDS, np.sort(CLASSES)),
        lambda x: added(7, np.sort(CLASSES), x[IDS]),
        ((70, 3),),
    ),
    "sparse_means": (
        lambda x: tf.sparse.segment_mean(x, IDS, np.sort(CLASSES)),
        lambda x: added(7, np.sort(CLASSES), x[IDS]) / np.bincount(CLASSES)[:, None],
        ((70, 3),),
    ),
    "sparse_roots": (
        lambda x: tf.sparse.segment_sqrt_n(x, IDS, np.sort(CLASSES)),
        lambda x: added(7, np.sort(CLASSES), x[IDS]) / np.sqrt(np.bincount(CLASSES))[:, None],
        ((70, 3),),
    ),
    "sparse_product": (
        lambda v, b: tf.sparse.sparse_dense_matmul(sparse(v), b),
        lambda v, b: dense(v) @ b,
        ((len(PLACES),), (90, 66)),
    ),
    "sparse_times": (
        lambda v, b: (sparse(v) * b).values,
        lambda v, b: v * b[PLACES[:, 1]],
        ((len(PLACES),), (90,)),
    ),
    "sparse_over": (
        lambda v, b: (sparse(v) / (b**2 + 1)).values,
        lambda v, b: v / (b[PLACES[:, 0], 0] ** 2 + 1),
        ((len(PLACES),), (70, 1)),
    ),
    "patches": (
        lambda x: tf.image.extract_patches(x, [1, 2, 2, 1], [1, 3, 2, 1], [1, 1, 1, 1], "VALID"),
        lambda x: np.concatenate(
            [x[:, i : i + 52 : 3, j : j + 46 : 2] for i in (0, 1) for j in (0, 1)], -1
        ),
        ((1, 53, 47, 1),),
    ),
}
