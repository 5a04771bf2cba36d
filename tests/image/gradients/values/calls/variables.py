"""What is written to a variable's rows and parts, and read from them."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from gradients.tracing import traced
from gradients.values.calls import Rows
from gradients.values.calls.inputs import CUBE, POSITIVE, X, Y

PLACES = np.array([2, 0])
CELLS = np.array([[2, 1], [0, 3]])
#: More than some of the numbers that it takes the place of, and less than others.
NEW = 2 * Y[:2]
#: What Python's signs of two operands mean.
OPERATORS = (
    *(operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod),
    *(operator.lt, operator.le, operator.gt, operator.ge),
    *(lambda a, b: abs(a) ** b, lambda a, b: -a + b, lambda a, b: a[1] + b[..., :1]),
)
#: Of each row two places.
SOME = np.array([[3, 0], [1, 2], [0, 1]])


def written(write: Callable[[Any], Any]) -> tf.Tensor:
    """Return what a variable holds after something was written."""
    variable = tf.Variable(X)
    write(variable)
    return variable.read_value()


def _at_once(writes: list[Callable[[Any], Any]]) -> list[tf.Tensor]:
    """Return what variables hold after each was written to, in one graph."""
    variables = [tf.Variable(X) for _ in writes]

    @traced
    def write() -> list[tf.Tensor]:
        for one, to in zip(writes, variables, strict=True):
            one(to)
        return [one.read_value() for one in variables]

    return write()


def _slices() -> tf.IndexedSlices:
    return tf.IndexedSlices(NEW, PLACES)


def _rows(function: Callable[..., np.ndarray]) -> np.ndarray:
    """Return what becomes of an array whose rows are written."""
    whole = X.copy()
    whole[PLACES] = function(whole[PLACES], NEW)
    return whole


def _cells(function: Callable[..., np.ndarray]) -> np.ndarray:
    """Return the same of single numbers."""
    whole, at = X.copy(), tuple(CELLS.T)
    whole[at] = function(whole[at], NEW[0, 1:3])
    return whole


def _part(write: Callable[[np.ndarray], Any]) -> np.ndarray:
    whole = X.copy()
    write(whole)
    return whole


def _put(whole: np.ndarray, at: Any, value: Any) -> None:
    whole[at] = value


def _take(_: np.ndarray, new: np.ndarray) -> np.ndarray:
    return new


FUNCTIONS: dict[str, Callable[..., np.ndarray]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "max": np.maximum,
    "min": np.minimum,
    "update": _take,
}
ROWS: Rows = {
    **{
        f"rows_{name}": (
            lambda name=name: written(lambda one: getattr(one, f"scatter_{name}")(_slices())),
            _rows(function),
        )
        for name, function in FUNCTIONS.items()
    },
    **{
        f"cells_{name}": (
            lambda name=name: written(
                lambda one: getattr(one, f"scatter_nd_{name}")(CELLS, NEW[0, 1:3])
            ),
            _cells(function),
        )
        for name, function in FUNCTIONS.items()
        if name not in ("mul", "div")
    },
    "rows_twice": (
        lambda: written(lambda one: one.scatter_sub(tf.IndexedSlices(NEW, [1, 1]))),
        X - np.stack([0 * X[0], NEW.sum(0), 0 * X[0]]),
    ),
    "batches": (
        lambda: written(
            lambda one: one.batch_scatter_update(
                tf.IndexedSlices(Y[:, :2], [[3, 0], [1, 2], [0, 1]])
            )
        ),
        _part(lambda whole: np.put_along_axis(whole, SOME, Y[:, :2], 1)),
    ),
    "parts": (
        lambda: [
            written(lambda one: one[1:, ::-2].assign(NEW[:, :2])),
            written(lambda one: one[-1].assign(NEW[0])),
            written(lambda one: one[..., 2].assign(NEW[0, :3])),
        ],
        [
            _part(lambda whole: _put(whole, np.s_[1:, ::-2], NEW[:, :2])),
            _part(lambda whole: _put(whole, -1, NEW[0])),
            _part(lambda whole: _put(whole, np.s_[..., 2], NEW[0, :3])),
        ],
    ),
    "in a graph": (
        lambda: _at_once(
            [
                *(
                    lambda one, name=name: getattr(one, f"scatter_{name}")(_slices())
                    for name in FUNCTIONS
                ),
                lambda one: one[1:, ::-2].assign(NEW[:, :2]),
                lambda one: one.assign_add(Y, read_value=False),
                lambda one: one.assign_sub(Y, read_value=False),
                lambda one: one.assign(Y, read_value=False),
            ]
        ),
        [
            *map(_rows, FUNCTIONS.values()),
            _part(lambda whole: _put(whole, np.s_[1:, ::-2], NEW[:, :2])),
            *(X + Y, X - Y, Y),
        ],
    ),
    "whole": (
        lambda: [
            written(lambda one: one.assign_add(Y)),
            written(lambda one: one.assign_sub(Y)),
            written(lambda one: one.assign(Y)),
            tf.Variable(X).assign_sub(Y) * 2.0,
        ],
        [X + Y, X - Y, Y, 2 * (X - Y)],
    ),
    "operators": (
        lambda: [
            of(*pair)
            for of in OPERATORS
            for pair in ((tf.Variable(X), Y), (X, tf.Variable(Y)), (tf.Variable(X), tf.Variable(Y)))
        ],
        [of(X, Y) for of in OPERATORS for _ in range(3)],
    ),
    "read": (
        lambda: [
            tf.Variable(X).sparse_read(PLACES),
            tf.Variable(X).gather_nd(CELLS),
            tf.gather(tf.Variable(CUBE), [2, 0], axis=1),
            tf.Variable(X)[1:, None, ::2],
        ],
        [X[PLACES], X[tuple(CELLS.T)], CUBE[:, [2, 0]], X[1:, None, ::2]],
    ),
    "types": (
        lambda: [
            tf.cast(tf.Variable(POSITIVE), "int32"),
            tf.convert_to_tensor(tf.cast(tf.IndexedSlices(NEW, [2, 0], [3, 4]), "int32")),
            tf.sparse.to_dense(tf.cast(tf.sparse.from_dense(POSITIVE), "int32")),
        ],
        [
            POSITIVE.astype(int),
            np.stack([NEW[1], 0 * NEW[0], NEW[0]]).astype(int),
            POSITIVE.astype(int),
        ],
    ),
}
