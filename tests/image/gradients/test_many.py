"""More of everything than the two or three that a row usually has: the last counts as the first.

Everything is compared with the derivative as it is known in closed form.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import tensorflow as tf

from gradients.test_machinery import POINT, WAYS, close
from gradients.tracing import traced

MANY = 9
#: Of nine vectors each; no two numbers are alike.
POINTS = POINT + np.arange(MANY)[:, None]
#: What each has a part in, from the first to the last.
PARTS = np.arange(1.0, MANY + 1)
#: Types that few rows have.
TYPES = ("float16", "bfloat16", "complex64", "complex128")


def test_many_sources_have_the_gradients_of_many_targets() -> None:
    """With what flows into each of these; from a tape that answers again, and names them all."""
    variables = [tf.Variable(point) for point in POINTS]
    into = tf.unstack(tf.constant(POINTS[:4] ** 2))
    with tf.GradientTape(persistent=True) as tape:
        squares = tf.stack(variables) ** 2
        targets = [tf.linalg.matvec(squares, PARTS + i, transpose_a=True) for i in range(4)]
    for _ in range(2):
        found = tape.gradient(targets, variables, output_gradients=into)
        expected = 2 * POINTS * ((PARTS[:, None] + np.arange(4)) @ POINTS[:4] ** 2)
        close(tf.stack(found), expected)
        assert [one.ref() for one in tape.watched_variables()] == [one.ref() for one in variables]


def test_many_uses_add_up_in_each_type() -> None:
    """Small whole numbers, of which each sum is exact; of a graph, too."""

    def used(x: tf.Tensor) -> list[tf.Tensor]:
        return [part * x for part in PARTS[:6].tolist()]

    ways = [*((dtype, used) for dtype in TYPES), *((dtype, traced(used)) for dtype in TYPES[::2])]
    for dtype, use in ways:
        x = tf.constant([1, -2, 3], dtype)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = use(x)
        found = tape.gradient(y, x)
        assert found.dtype == dtype
        assert tf.cast(found, "complex128").numpy().tolist() == [21, 21, 21]


def test_many_readings_of_rows_add_up() -> None:
    """Computed at once and in a graph."""

    def gradient(x: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(x)
            rows = [part * tf.gather(x, [0, int(part) % 3]) for part in PARTS[:5].tolist()]
        return tf.convert_to_tensor(tape.gradient(rows, x))

    for found in (gradient, traced(gradient)):
        close(found(tf.constant(POINT)), np.array([15.0 + 3, 5, 7]))


def test_many_outputs_are_kept_apart() -> None:
    """Each has its part in the gradient; what nothing asks for has none; and its own tangent."""
    x = tf.constant(POINTS)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        outputs = traced(lambda x: tf.unstack(x**2))(x)
    along = PARTS[:, None] * POINT
    with tf.autodiff.ForwardAccumulator(x, tf.constant(along)) as accumulator:
        parts = tf.unstack(x)
    for at in (0, 3, MANY - 1):
        expected = np.where(np.arange(MANY) == at, 1, 0)[:, None] * 2 * POINTS
        close(tape.gradient(outputs[at], x), expected)
        close(accumulator.jvp(parts[at]), along[at])


def test_many_states_of_a_loop_change_places() -> None:
    """Three steps, and no more, each by its own factor."""
    parts = PARTS[:6].tolist()

    @traced
    def gradients(*states: tf.Tensor) -> list[tf.Tensor]:
        def step(*states: tf.Tensor) -> list[tf.Tensor]:
            turned = [*states[1:], states[0]]
            return [part * one for part, one in zip(parts, turned, strict=True)]

        with tf.GradientTape() as tape:
            tape.watch(states)
            last = tf.while_loop(lambda *_: True, step, states, maximum_iterations=3)
        return tape.gradient(last, states, output_gradients=parts)

    in_each = PARTS[:6]
    for _ in range(3):
        in_each = np.roll(PARTS[:6] * in_each, 1)
    close(tf.stack(gradients(*map(tf.constant, parts))), in_each)


def test_of_many_writes_to_one_place_the_last_counts() -> None:
    """Of a matrix; what was written before it has no gradient."""

    @traced
    def gradient(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(x)
            held = tf.TensorArray(tf.float64, 2, clear_after_read=False)
            for at, place in enumerate([0, 1, 0]):
                held = held.write(place, x[at] ** 2)
            value = held.stack()
        return value, tape.gradient(value, x, output_gradients=5 * x[1:])

    x = POINTS[:6].reshape(3, 2, 3)
    value, slope = gradient(tf.constant(x))
    close(value, x[[2, 1]] ** 2)
    close(slope, np.stack([0 * x[0], 2 * x[1] * 5 * x[2], 2 * x[2] * 5 * x[1]]))


def test_many_branches_take_their_own() -> None:
    """Each reads one of three tensors: the others have no part in it."""

    @traced
    def gradients(index: tf.Tensor, *of: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(of)
            branches = [lambda at=at: (at + 1.0) * of[at % 3] ** 2 for at in range(6)]
            value = tf.switch_case(index, branches)
        return [value, *tape.gradient(value, of, unconnected_gradients="zero")]

    for at in range(6):
        value, *found = gradients(tf.constant(at), *tf.unstack(tf.constant(POINTS[:3])))
        close(value, (at + 1) * POINTS[at % 3] ** 2)
        expected = np.where(np.arange(3) == at % 3, 1, 0)[:, None] * 2 * (at + 1) * POINTS[:3]
        close(tf.stack(found), expected)


def test_a_compiled_branch_keeps_what_it_made_apart() -> None:
    """Of three, beside what each of the others would have made, in other types."""
    types = ["float64", "float32", "complex128"]

    def wave(x: tf.Tensor, at: int) -> tf.Tensor:
        y = tf.cast(x, types[at])
        return tf.cast(tf.sin(y * y + at), x.dtype)

    @partial(traced, jit_compile=True)
    def gradient(x: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(x)
            branches = [partial(wave, x, at) for at in range(3)]
            y = tf.switch_case(index, branches)
        return tape.gradient(y, x)

    for index in range(3):
        found = gradient(tf.constant(POINT), tf.constant(index))
        close(found, 2 * POINT * np.cos(POINT**2 + index), 1e-6)


@pytest.mark.parametrize("way", ["eager", "without autograph"])
def test_many_results_of_a_custom_gradient_are_kept_apart(way: str) -> None:
    """What flows in comes in their order: of their names."""

    @tf.custom_gradient
    def own(a: tf.Tensor, b: tf.Tensor):
        results = {"z": a * 2, "y": a * b, "c": b}
        return results, lambda c, y, z: (2 * c + 3 * y + 5 * z, 7 * c - y)

    def gradients(a: tf.Tensor, b: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch([a, b])
            found = own(a, b)
        into = {"c": a, "y": b, "z": a + b}
        return tape.gradient(found, [a, b], output_gradients=into)

    a, b = POINT, POINT[::-1] + 1
    of_a, of_b = WAYS[way](gradients)(tf.constant(a), tf.constant(b))
    close(of_a, 2 * a + 3 * b + 5 * (a + b))
    close(of_b, 7 * a - b)
