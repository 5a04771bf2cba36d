"""Conditions, loops and lists, and what pfor gets wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from gradients.tracing import traced
from gradients.vectorised import Rows
from gradients.vectorised.inputs import CUBES, LINES, LOGICAL, STEPS, TABLES


def _case(x: tf.Tensor, which: tf.Tensor) -> tf.Tensor:
    ways = [lambda: x + 1, lambda: tf.reverse(x, [0]), lambda: 3 * x]
    return tf.switch_case(tf.cast(which, "int32"), ways)


def _nested(x: tf.Tensor, one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    """Return one of three, by two conditions, one inside the other."""
    return tf.cond(one, lambda: tf.cond(other, lambda: 2 * x, lambda: tf.sin(x)), lambda: -x)


def _steps(x: tf.Tensor, times: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """Return what a loop of so many steps makes of a number."""
    return tf.while_loop(
        lambda i, _: i < times, lambda i, y: (i + 1, tf.sin(y) + x), (tf.zeros_like(times), x)
    )


def _written(x: tf.Tensor) -> list[tf.Tensor]:
    """Return what is written to a list, and read from it."""
    held = tf.TensorArray("float64", 3, clear_after_read=False)
    _, held = tf.while_loop(
        lambda i, _: i < 3,
        lambda i, held: (i + 1, held.write(i, tf.cast(i + 1, "float64") * x)),
        (0, held),
    )
    return [held.stack(), held.read(1), held.concat()]


def _gathered(x: tf.Tensor) -> tf.Tensor:
    held = tf.TensorArray("float64", 2).write(0, x).write(1, 2 * x)
    return held.gather([1, 0])


@tf.custom_gradient
def _own(x: tf.Tensor, y: tf.Tensor):
    return (x * y, x + 1), lambda one, other: (2 * one * y, 3 * other)


@traced
def _called(x: tf.Tensor, y: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    return tf.sin(x) * y, y + CUBES[0, 0]


def _sloped(x: tf.Tensor) -> list[tf.Tensor]:
    """Return the gradient by a rule of one's own, through a function."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        one, other = _own(*_called(x, 2 * x))
        total = one + other**2
    return [tape.gradient(total, x), *_called(x, TABLES[0])]


ROWS: Rows = {
    "functions and rules of one's own": (_sloped, (TABLES,)),
    "a condition": (
        lambda x, one: tf.cond(one, lambda: [x + 1, 2 * x], lambda: [x, x]),
        (TABLES, LOGICAL),
    ),
    "a condition in another": (_nested, (TABLES, LOGICAL, np.array([False, True, True]))),
    "a condition for all": (
        lambda x: tf.cond(tf.constant(CUBES[0, 0, 0, 0]) > 9, lambda: x, lambda: tf.sin(x)),
        (TABLES,),
    ),
    "a case": (_case, (TABLES, np.array([2, 0, 1]))),
    "a loop of other lengths": (_steps, (LINES, np.array([3, 0, 2]))),
    "a list": (_written, (LINES,)),
}
#: What pfor answers wrongly: a function, its elements, and what comes out of all, not of each.
WRONG: dict[str, tuple[Callable[..., Any], tuple[np.ndarray, ...], np.ndarray]] = {
    # An axis that is counted from the end becomes the elements' own.
    "roll, from the end": (lambda x: tf.roll(x, 1, -1), (TABLES,), np.roll(TABLES, 1, 0)),
    # Each element is rolled by what the next one asked for.
    "roll by other steps, from the end": (
        lambda x, by: tf.roll(x, by, -1),
        (TABLES, STEPS),
        np.stack([np.roll(TABLES[0], -1, 1), np.roll(TABLES[1], 2, 1), TABLES[2]]),
    ),
    # What it is padded with is forgotten.
    "pad with a number": (
        lambda x: tf.pad(x, [[1, 0], [0, 2]], constant_values=tf.constant(7.0, x.dtype)),
        (TABLES,),
        np.pad(TABLES, [[0, 0], [1, 0], [0, 2]]),
    ),
    # The elements' axis comes second.
    "read of a list": (_gathered, (LINES,), np.stack([2 * LINES, LINES])),
}
