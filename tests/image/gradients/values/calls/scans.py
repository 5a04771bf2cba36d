"""tf.foldl, foldr, scan and map_fn: from either end, with and without a beginning."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from itertools import accumulate
from typing import Any

import numpy as np
import tensorflow as tf

from gradients.tracing import traced
from gradients.values.calls import Rows
from gradients.values.calls.inputs import X, Y


def _sums_behind() -> list[np.ndarray]:
    """Return what adds up from the end, and what it was a step before."""
    sums = X[0] + (X * Y)[::-1].cumsum(0)
    return [sums[::-1], np.concatenate([X[:1], sums[:-1]])[::-1]]


#: The rows of three tensors of one shape; and more numbers than a test counts.
THREE = list(zip(X, Y, X * Y, strict=True))
LONG = np.linspace(-2.0, 3.0, 70)


def _turned(a: tuple[Any, ...], x: tuple[Any, ...]) -> tuple[Any, ...]:
    """Take a step that mixes three tensors up."""
    return 2 * a[1] + x[0], 3 * a[2] + x[1], 5 * a[0] + x[2]


def _faded(a: Any, x: Any) -> Any:
    return 0.75 * a + x


def _unsized(function: Callable[..., Any], *of: np.ndarray) -> Any:
    """Call a function that knows no sizes."""
    spec = tf.TensorSpec([None, None], "float64")
    return traced(function, input_signature=[spec] * len(of))(*of)


def _split() -> tf.TensorArray:
    return tf.TensorArray("float64", 2, infer_shape=False).split(X, [1, 2])


def _grown(x: tf.Tensor) -> tf.TensorArray:
    """Return a list that every write makes longer."""
    held = tf.TensorArray("float64", 0, dynamic_size=True, infer_shape=False)
    return held.write(0, x[2]).write(1, x[1]).write(2, x[0])


ROWS: Rows = {
    "foldr": (
        lambda: [
            tf.foldl(lambda a, x: 2 * a + x, X),
            tf.foldr(lambda a, x: 2 * a + x, X),
            tf.foldl(lambda a, x: 2 * a + x, X, initializer=Y[0]),
            tf.foldr(lambda a, x: 2 * a + x, X, initializer=Y[0]),
            *(of(_turned, (X, Y, X * Y)) for of in (tf.foldl, tf.foldr)),
            *(of(_faded, LONG, initializer=X[0, 0]) for of in (tf.foldl, tf.foldr)),
        ],
        [
            X[2] + 2 * X[1] + 4 * X[0],
            X[0] + 2 * X[1] + 4 * X[2],
            X[2] + 2 * X[1] + 4 * X[0] + 8 * Y[0],
            X[0] + 2 * X[1] + 4 * X[2] + 8 * Y[0],
            *(reduce(_turned, THREE[::way]) for way in (1, -1)),
            *(reduce(_faded, LONG[::way], X[0, 0]) for way in (1, -1)),
        ],
    ),
    "scan": (
        lambda: [
            tf.scan(lambda a, x: 2 * a + x, X),
            tf.scan(lambda a, x: 2 * a + x, X, reverse=True),
            tf.scan(lambda a, x: 2 * a + x, X, initializer=Y[0]),
            tf.scan(lambda a, x: (a[0] + x[0] * x[1], a[0]), (X, Y), (X[0], Y[0]), reverse=True),
            tf.scan(lambda a, x: a + x, X, initializer=0 * X[0, :1], infer_shape=False),
            _unsized(lambda x: tf.scan(_faded, x), X),
        ],
        [
            np.stack([X[0], 2 * X[0] + X[1], 4 * X[0] + 2 * X[1] + X[2]]),
            np.stack([4 * X[2] + 2 * X[1] + X[0], 2 * X[2] + X[1], X[2]]),
            np.stack(
                [2 * Y[0] + X[0], 4 * Y[0] + 2 * X[0] + X[1], 8 * Y[0] + 4 * X[0] + 2 * X[1] + X[2]]
            ),
            *_sums_behind(),
            X.cumsum(0),
            np.stack([*accumulate(X, _faded)]),
        ],
    ),
    "map": (
        lambda: [
            tf.map_fn(
                lambda pair: (pair[0] * pair[1], tf.argmax(pair[0])),
                (X, Y),
                fn_output_signature=("float64", "int64"),
            ),
            tf.map_fn(lambda three: _turned(three, three), (X, Y, X * Y)),
            _unsized(lambda *of: tf.vectorized_map(lambda one: one[0] * one[1], of), Y[:1], X),
        ],
        [X * Y, X.argmax(1), *_turned(*2 * ((X, Y, X * Y),)), X * Y[:1]],
    ),
    "array": (
        lambda: [
            *(_split().read(0), _split().read(1), _split().concat()),
            tf.TensorArray("float64", 3).unstack(X).gather([2, 0]),
            tf.TensorArray("float64", 3).scatter([2, 0, 1], X).stack(),
            tf.TensorArray("float64", 2).scatter([1, 0, 1], X).stack(),
            _unsized(lambda x: _grown(x).stack(), X),
        ],
        [X[:1], X[1:], X, X[[2, 0]], X[[1, 2, 0]], X[1:], X[[2, 1, 0]]],
    ),
    "numbers": (
        lambda: [
            tf.while_loop(lambda *_: True, lambda x: [2 * x], [X], maximum_iterations=np.int64(3)),
            *(tf.cond(tf.constant(n), lambda: X, lambda: Y) for n in (2, 0)),
        ],
        [8 * X, X, Y],
    ),
}
