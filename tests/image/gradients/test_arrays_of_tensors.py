"""What each method of a `TensorArray` moves where: numbers, and back from there their gradients."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from gradients.test_machinery import WAYS, close
from gradients.tracing import traced

CUBE = np.random.default_rng(43).standard_normal((4, 3, 2))


def held(size: int, **options: object) -> tf.TensorArray:
    """Return an array of so many."""
    return tf.TensorArray("float64", size, clear_after_read=False, **options)


def _written_again(x: tf.Tensor) -> tf.Tensor:
    """Scatter to two of what stands there, and write one more."""
    array = held(3, dynamic_size=True).unstack(x[:3]).scatter([2, 0], x[2:])
    return array.write(array.size(), x[1]).stack()


def _grown(x: tf.Tensor) -> tf.Tensor:
    """Write past the end, from an array that knows no shape; read one twice."""
    array = held(0, dynamic_size=True, infer_shape=False).write(0, x[3]).write(1, x[0])
    return tf.stack([array.read(1), array.read(0), array.read(1)])


#: A method, and where NumPy takes its numbers from.
MOVES: dict[str, tuple[Callable[[tf.Tensor], tf.Tensor], Callable[[np.ndarray], np.ndarray]]] = {
    "gather": (lambda x: held(4).unstack(x).gather([2, 0, 1]), lambda x: x[[2, 0, 1]]),
    "scatter": (lambda x: held(4).scatter([2, 3, 1, 0], x).stack(), lambda x: x[[3, 2, 0, 1]]),
    "concat": (lambda x: held(4).unstack(x).concat(), lambda x: x.reshape(12, 2)),
    "split": (lambda x: held(2).split(x, [2, 2]).read(1), lambda x: x[2:]),
    "split unevenly": (
        lambda x: held(3, infer_shape=False).split(x, [1, 0, 3]).concat(),
        lambda x: x,
    ),
    "written again": (_written_again, lambda x: x[[3, 1, 2, 1]]),
    "grown": (_grown, lambda x: x[[0, 3, 0]]),
}


@pytest.mark.parametrize("way", ["eager", "without autograph"])
def test_an_array_moves_numbers_and_gradients(way: str) -> None:
    def gradients(x: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            moved = [tf_way(x) for tf_way, _ in MOVES.values()]
        return moved + [tape.gradient(y, x, output_gradients=y * y) for y in moved]

    found = WAYS[way](gradients)(tf.constant(CUBE))
    places = np.arange(CUBE.size).reshape(CUBE.shape)
    for value, slope, (_, taken) in zip(
        found[: len(MOVES)], found[len(MOVES) :], MOVES.values(), strict=True
    ):
        close(value, taken(CUBE))
        from_each = np.bincount(taken(places).ravel(), taken(CUBE).ravel() ** 2, CUBE.size)
        close(slope, from_each.reshape(CUBE.shape))


#: What goes to one place, or comes from it, twice: what comes out and, in a graph, the gradient,
#: which is wrong there: upstream's list_repeated.
TWICE: dict[str, tuple[Callable[[tf.Tensor], tf.Tensor], list[int], list[int]]] = {
    "gather": (lambda x: held(4).unstack(x).gather([2, 0, 2]), [2, 0, 2], [1, 0, 1, 0]),
    "scatter": (lambda x: held(2).scatter([1, 0, 1, 0], x).stack(), [3, 2], [1, 1, 1, 1]),
}


@pytest.mark.parametrize("name", TWICE)
def test_what_is_wrong_of_places_that_stand_twice_is_as_wrong_as_it_was(name: str) -> None:
    move, taken, wrong = TWICE[name]

    def moved(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = move(x)
        return y, tape.gradient(y, x)

    ones, x = np.ones((4, 3, 2)), tf.constant(CUBE)
    right = ones * np.bincount(taken, minlength=4)[:, None, None]
    for way, expected in ((moved, right), (traced(moved), ones * np.reshape(wrong, [4, 1, 1]))):
        value, slope = way(x)
        close(value, CUBE[taken])
        np.testing.assert_array_equal(slope, expected, err_msg="no longer so wrong: see TWICE")
