"""keras.ops of tensors that hold a few numbers, and mean zeros: by places, or by rows."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import tensorflow as tf
from keras import ops

from gradients.values.calls import Rows

_random = np.random.default_rng(98)
FULL = _random.uniform(0.1, 0.9, (3, 4))
#: What each holds: of two some places are the same.
ONE = np.where([[1, 0, 1, 0], [0, 0, 0, 0], [0, 1, 1, 1]], FULL, 0)
OTHER = np.where([[1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]], FULL[::-1], 0)
ROWS_OF_ONE, ROWS_OF_OTHER = FULL * [[1], [0], [1]], FULL[::-1] * [[1], [1], [0]]
BLOCK = np.stack([ONE, OTHER])

#: What makes zero of zero, and what makes another number of it.
KEPT = (
    *("absolute", "fabs", "arcsin", "arcsinh", "arctan", "arctanh", "ceil", "conj", "copy"),
    *("expm1", "floor", "log1p", "negative", "real", "imag", "round", "sign", "sin"),
    *("sinh", "sqrt", "square", "tan", "tanh"),
)
FILLED = (
    *("cos", "cosh", "exp", "exp2", "isfinite", "arccos", "reciprocal", "log", "log10", "log2"),
)
BOTH = ("add", "subtract", "multiply", "maximum", "minimum", "divide")


def thin(x: np.ndarray) -> tf.SparseTensor:
    """Return a tensor of the numbers that are not 0, and their places."""
    return tf.sparse.from_dense(tf.constant(x))


def rows(x: np.ndarray, *places: int) -> tf.IndexedSlices:
    """Return some rows of a tensor whose others are 0."""
    return tf.IndexedSlices(x[list(places)], tf.constant(places), tf.constant(x.shape))


def dense(x: Any) -> tf.Tensor:
    """Return all numbers."""
    if isinstance(x, tf.SparseTensor):
        return tf.sparse.to_dense(tf.sparse.reorder(x))
    return tf.convert_to_tensor(x)


def pairs(name: str, like: ModuleType, one: Any, other: Any, some: Any, others: Any) -> list[Any]:
    """Return what a function makes of two such tensors, of one, and of one beside a number."""
    function, again = getattr(like, name), one * 2.0
    found = [
        *(function(one, other), function(one, again), function(one, FULL), function(FULL, one)),
        *(function(some, others), function(some, some), function(FULL, some)),
    ]
    if name not in ("add", "subtract"):
        found += [function(one, 2.5), function(some, 2.5), function(2.5, one)]
    if name != "divide":
        found += [function(some, FULL)]
    return found


def quietly(function: Any, *arguments: Any) -> Any:
    """Return what a function says, whatever it divides by."""
    with np.errstate(all="ignore"):
        return function(*arguments)


def each(name: str, *given: np.ndarray) -> list[np.ndarray]:
    """Return NumPy's answers."""
    return [quietly(getattr(np, name), x) for x in given]


ROWS: Rows = {
    **{
        f"thin_{kind}": (
            lambda names=names: [
                dense(getattr(ops, name)(x))
                for name in names
                for x in (thin(ONE), rows(ROWS_OF_ONE, 0, 2))
            ],
            [x for name in names for x in each(name, ONE, ROWS_OF_ONE)],
        )
        for kind, names in (("kept", KEPT), ("filled", FILLED))
    },
    **{
        f"thin_{name}": (
            lambda name=name: list(
                map(
                    dense,
                    pairs(
                        *(name, ops, thin(ONE), thin(OTHER)),
                        *(rows(ROWS_OF_ONE, 0, 2), rows(ROWS_OF_OTHER, 0, 1)),
                    ),
                )
            ),
            quietly(pairs, name, np, ONE, OTHER, ROWS_OF_ONE, ROWS_OF_OTHER),
        )
        for name in BOTH
    },
    # Rows in another order than that of their places.
    "thin_unsorted": (
        lambda: dense(ops.multiply(rows(ROWS_OF_ONE, 2, 0), rows(2 * ROWS_OF_ONE, 2, 0))),
        2 * ROWS_OF_ONE**2,
    ),
    "thin_matmul": (
        lambda: [
            dense(ops.matmul(*pair))
            for pair in (
                *((thin(ONE), FULL.T), (FULL, thin(OTHER.T)), (thin(ONE), thin(OTHER.T))),
                *((thin(BLOCK), BLOCK.swapaxes(1, 2) + 1), (BLOCK + 1, thin(BLOCK.swapaxes(1, 2)))),
                (thin(BLOCK[:, None]), BLOCK[:, None].swapaxes(2, 3) + 1),
                (thin(BLOCK), thin(BLOCK.swapaxes(1, 2))),
            )
        ],
        [
            *(ONE @ FULL.T, FULL @ OTHER.T, ONE @ OTHER.T),
            *(BLOCK @ (BLOCK.swapaxes(1, 2) + 1), (BLOCK + 1) @ BLOCK.swapaxes(1, 2)),
            BLOCK[:, None] @ (BLOCK[:, None].swapaxes(2, 3) + 1),
            BLOCK @ BLOCK.swapaxes(1, 2),
        ],
    ),
    "thin_shapes": (
        lambda: [
            dense(x)
            for x in (
                ops.concatenate([thin(ONE), thin(OTHER)], 1),
                ops.concatenate([thin(ONE), tf.constant(FULL)]),
                ops.reshape(thin(ONE), (2, -1)),
                ops.transpose(thin(BLOCK), (2, 0, 1)),
                ops.expand_dims(thin(ONE), (0, -1)),
                ops.squeeze(thin(ONE[:, None])),
                ops.sum(thin(BLOCK), (0, 2)),
                ops.sum(thin(ONE), 0, keepdims=True),
                ops.cast(thin(ONE), "float32"),
                ops.convert_to_tensor(thin(ONE), "float32"),
                ops.convert_to_tensor(thin(ONE), sparse=False),
                ops.convert_to_numpy(thin(ONE)),
                ops.convert_to_numpy(rows(ROWS_OF_ONE, 2, 0)),
                ops.digitize(thin(ONE), [0.2, 0.5]),
            )
        ],
        [
            *(np.concatenate([ONE, OTHER], 1), np.concatenate([ONE, FULL]), ONE.reshape(2, -1)),
            *(BLOCK.transpose(2, 0, 1), ONE[None, :, :, None], ONE, BLOCK.sum((0, 2))),
            *(ONE.sum(0, keepdims=True), ONE.astype("float32"), ONE.astype("float32"), ONE),
            *(ONE, ROWS_OF_ONE, np.where(ONE, np.digitize(ONE, [0.2, 0.5]), 0)),
        ],
    ),
    "thin_mean": (
        lambda: [
            dense(ops.mean(rows(ROWS_OF_ONE, 2, 0), axis, keepdims=kept))
            for axis in (None, 0, 1, (0, 1))
            for kept in (False, True)
            # Of all it keeps no axis.
            if axis is not None or not kept
        ],
        [
            ROWS_OF_ONE.mean(axis, keepdims=kept)
            for axis in (None, 0, 1, (0, 1))
            for kept in (False, True)
            if axis is not None or not kept
        ],
    ),
    "thin_places": (
        lambda: [
            ops.take(tf.constant(FULL.T), thin(np.array([[3, 0, 1], [-1, 2, 0]])), axis=0),
            *(
                dense(ops.bincount(x, sparse=True, **more))
                for x, more in (
                    (np.array([3, 1, 3]), {}),
                    (np.array([[3, 1], [0, 0]]), {"weights": np.array([[2.0, 1], [3, 4]])}),
                )
            ),
            dense(ops.multi_hot(np.array([[2, 0], [1, 1]]), 4, dtype="bool", sparse=True)),
        ],
        [
            np.stack([FULL.T[[3, 0, 1]], FULL.T[[3, 2, 0]]]),
            *(np.array([0, 1, 0, 2]), np.array([[0, 1, 0, 2], [7, 0, 0, 0]])),
            np.array([[1, 0, 1, 0], [0, 1, 0, 0]], bool),
        ],
    ),
}
