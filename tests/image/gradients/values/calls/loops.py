"""keras.ops that go through a tensor step by step, or take and give parts of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from gradients.values.calls import Rows
from gradients.values.calls.inputs import CUBE, SEQUENCE, X, Y


def running(x: np.ndarray) -> np.ndarray:
    """Return each state of a recurrence."""
    state, states = np.ones(4), []
    for one in x:
        state = 0.5 * state + one
        states.append(2 * state)
    return np.stack(states)


def recur(state: Any, one: Any) -> tuple[Any, Any]:
    """Take a step of it."""
    new = 0.5 * state + one
    return new, 2 * new


ROWS: Rows = {
    "scan": (lambda: ops.scan(recur, np.ones(4), X), [running(X)[-1] / 2, running(X)]),
    "scan_reverse": (
        lambda: ops.scan(recur, np.ones(4), X, reverse=True),
        [running(X[::-1])[-1] / 2, running(X[::-1])[::-1]],
    ),
    "associative_scan": (
        lambda: ops.associative_scan(ops.multiply, SEQUENCE, axis=1),
        SEQUENCE.cumprod(1),
    ),
    "associative_scan_reverse": (
        lambda: ops.associative_scan(ops.add, X, reverse=True),
        X[::-1].cumsum(0)[::-1],
    ),
    "map": (lambda: ops.map(lambda x: x**2, X), X**2),
    "vectorized_map": (
        lambda: ops.vectorized_map(lambda x: ops.sum(x) * x, X),
        X.sum(1, keepdims=True) * X,
    ),
    "while_loop": (
        lambda: ops.while_loop(lambda i, x: i < 9, lambda i, x: (i + 1, 2 * x), (0, X), 3),
        [3, 8 * X],
    ),
    "fori_loop": (lambda: ops.fori_loop(1, 4, lambda i, x: x * ops.cast(i, "float64"), X), 6 * X),
    "cond": (lambda: ops.cond(X[0, 0] > 9, lambda: X, lambda: Y), Y),
    "switch": (lambda: ops.switch(7, [lambda x: x, lambda x: 2 * x], X), 2 * X),
    "switch_first": (lambda: ops.switch(-3, [lambda x: x, lambda x: 2 * x], X), X),
    "scatter": (
        lambda: ops.scatter([[1], [0], [1]], X, (3, 4)),
        np.stack([X[1], X[0] + X[2], 0 * X[0]]),
    ),
    **{
        f"scatter_{name}": (
            lambda name=name: ops.scatter_update(
                X, [[0, 1], [2, 3], [0, 1]], np.array([2.0, 3, 5]), name
            ),
            X + np.array([[0, one - X[0, 1], 0, 0], [0] * 4, [0, 0, 0, other - X[2, 3]]]),
        )
        for name, one, other in (
            *(("add", X[0, 1] + 7, X[2, 3] + 3), ("mul", X[0, 1] * 10, X[2, 3] * 3)),
            *(("max", max(X[0, 1], 5), max(X[2, 3], 3)), ("min", min(X[0, 1], 2), min(X[2, 3], 3))),
        )
    },
    "slice": (lambda: ops.slice(CUBE, [1, 0, 2], [1, 3, 2]), CUBE[1:, :, 2:]),
    "slice_update": (
        lambda: ops.slice_update(X, [1, 0], Y[:2, :3]),
        np.concatenate([X[:1], np.concatenate([Y[:2, :3], X[1:, 3:]], 1)]),
    ),
}
