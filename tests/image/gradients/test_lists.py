"""Loops and conditions that hold lists, handles and tables.

Everything is compared with the derivative as it is known in closed form, in float64.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from gradients.test_forms_of_loops import STEPS, iterated
from gradients.test_loops import ROWS, START, gradient
from gradients.test_machinery import POINT, close
from gradients.tracing import traced

raw = tf.raw_ops
#: A weight for each of three rows.
SHARES = np.array([[1.0], [2.0], [4.0]])
State = tuple[tf.Tensor, ...]


def empty() -> tf.Tensor:
    """Return a list of nothing, for vectors of three numbers."""
    return raw.EmptyTensorList(element_shape=[3], max_num_elements=-1, element_dtype=tf.float64)


def pushed(held: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """Return a list with one more."""
    return raw.TensorListPushBack(input_handle=held, tensor=y)


def last(held: tf.Tensor) -> tf.Tensor:
    """Return what was pushed last."""
    return raw.TensorListPopBack(
        input_handle=held, element_shape=[3], element_dtype=tf.float64
    ).tensor


def kept(y: tf.Tensor, one: tf.Tensor, other: tf.Tensor) -> State:
    """Push each state to the list that is handed on: what its gradient needs is there already."""
    return y, pushed(one, y), other


def dropped(y: tf.Tensor, one: tf.Tensor, other: tf.Tensor) -> State:
    """Read the state from a list that is not handed on."""
    return last(pushed(one, y)), one, other


def renamed(y: tf.Tensor, one: tf.Tensor, other: tf.Tensor) -> State:
    """Read the state from a list that is not handed on, by another name of the list."""
    return last(tf.identity(pushed(one, y))), one, other


def made(y: tf.Tensor, one: tf.Tensor, other: tf.Tensor) -> State:
    """Read the state from a list that each step makes."""
    return last(pushed(empty(), y)), one, other


def swapped(y: tf.Tensor, one: tf.Tensor, other: tf.Tensor) -> State:
    """Hand on either list in the other's place."""
    return y, pushed(other, y), pushed(one, y)


HOLDING: dict[str, Callable[..., State]] = {
    "kept": kept,
    "dropped": dropped,
    "renamed": renamed,
    "made": made,
    "swapped": swapped,
}


def holding(name: str) -> Callable[..., tf.Tensor]:
    """Return y <- sin(y) w + y, four times, with lists of states."""

    def build(y: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
        def step(n: tf.Tensor, y: tf.Tensor, one: tf.Tensor, other: tf.Tensor) -> State:
            read, one, other = HOLDING[name](y, one, other)
            return n + 1, (tf.sin(y) + tf.sin(read)) * w / 2 + y, one, other

        return tf.while_loop(lambda n, *_: n < STEPS, step, (tf.constant(0), y, empty(), empty()))[
            1
        ]

    return build


@pytest.mark.parametrize("name", HOLDING)
def test_a_loop_holds_lists_of_its_states(name: str) -> None:
    """Its own lists and those of its gradient do not disturb each other."""
    _, in_y, in_w = iterated(POINT, START)
    ours = gradient(holding(name), tf.constant(POINT), tf.constant(START))
    close(ours[0], in_y)
    close(ours[1], in_w)


def test_a_loop_gives_back_what_its_list_holds() -> None:
    """Pushed by each step, popped afterwards: the gradient goes in and out of the list."""

    def build(y: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
        def step(n: tf.Tensor, y: tf.Tensor, held: tf.Tensor) -> State:
            return n + 1, tf.sin(y) * w + y, pushed(held, y)

        start = tf.constant(0), y, empty()
        return last(tf.while_loop(lambda n, *_: n < STEPS + 1, step, start)[2])

    _, in_y, in_w = iterated(POINT, START)
    ours = gradient(build, tf.constant(POINT), tf.constant(START))
    close(ours[0], in_y)
    close(ours[1], in_w)


@pytest.mark.parametrize("taken", [True, False])
def test_a_condition_returns_a_list(taken: bool) -> None:
    """Of the same kind from both branches; of two kinds, which has a length; and a handle."""
    x, flag = tf.constant(POINT), tf.constant(taken)
    one, other = tf.Variable(POINT), tf.Variable(POINT + 1)

    def numbers() -> tf.Tensor:
        held = raw.EmptyTensorList(element_shape=[3], max_num_elements=-1, element_dtype=tf.int32)
        return pushed(held, tf.constant([1, 2, 3]))

    def build(x: tf.Tensor) -> tf.Tensor:
        same = tf.cond(flag, lambda: pushed(empty(), x**2), lambda: pushed(empty(), x**3))
        mixed = tf.cond(flag, lambda: pushed(empty(), 5 * x), numbers)
        handle = tf.cond(flag, lambda: one.handle, lambda: other.handle)
        read = raw.ReadVariableOp(resource=handle, dtype=tf.float64)
        return last(same) * read * tf.cast(raw.TensorListLength(input_handle=mixed), x.dtype)

    (ours,) = gradient(build, x)
    close(ours, 2 * POINT**2 if taken else 3 * POINT**2 * (POINT + 1))


def test_a_loop_reads_a_table_through_a_function() -> None:
    """The function hands on the table's handle, whose size the gradient asks for."""
    table = tf.Variable(ROWS, shape=[None, 2])

    @traced
    def read(step: tf.Tensor) -> tf.Tensor:
        return tf.gather_nd(table, [[step % 2], [2]]) ** 2

    def build(x: tf.Variable) -> tf.Tensor:
        def step(n: tf.Tensor, total: tf.Tensor) -> State:
            return n + 1, total + tf.reduce_sum(read(n))

        start = tf.constant(0), tf.constant(0.0, tf.float64)
        return tf.while_loop(lambda n, _: n < 3, step, start)[1]

    (ours,) = gradient(build, table)
    close(ours, 2 * ROWS * [[2], [1], [3]])


def test_a_loop_hands_on_rows() -> None:
    """Each step gathers from what the last one gathered."""

    def build(x: tf.Tensor) -> tf.Tensor:
        def step(n: tf.Tensor, rows: tf.Tensor) -> State:
            return n + 1, tf.gather(rows, [2, 0, 0])

        return tf.while_loop(lambda n, _: n < 2, step, (tf.constant(0), x))[1]

    (ours,) = gradient(build, tf.constant(ROWS))
    # First rows 2, 0, 0; then rows 0, 2, 2 of the first.
    close(ours, np.broadcast_to([[1.0], [0.0], [2.0]], ROWS.shape))


def test_a_loop_stops_by_a_variable() -> None:
    """By a condition that knows no rank; the body hands on a variable."""
    limit, factor = tf.Variable(3), tf.Variable(START)

    flag = tf.Variable(True, shape=tf.TensorShape(None))

    def build(x: tf.Tensor, factor: tf.Variable) -> tf.Tensor:
        def more(n: tf.Tensor, *_: tf.Tensor) -> tf.Tensor:
            return tf.logical_and(n < limit, flag)

        def step(n: tf.Tensor, y: tf.Tensor, _: tf.Tensor) -> State:
            return n + 1, y * factor, factor

        start = tf.constant(0), x, tf.constant(POINT)
        _, y, same = tf.while_loop(more, step, start)
        return y * same

    of_x, of_factor = gradient(build, tf.constant(POINT), factor)
    close(of_x, START**4)
    close(of_factor, 4 * POINT * START**3)


def test_a_branch_makes_an_optional_of_what_its_gradient_keeps() -> None:
    """One that it does not return."""

    def build(x: tf.Tensor) -> tf.Tensor:
        def branch() -> tf.Tensor:
            sine = tf.sin(x)
            again = tf.experimental.Optional.from_value(sine).get_value()
            return sine * sine * again

        return tf.cond(tf.size(x) > 2, branch, lambda: x)

    (ours,) = gradient(build, tf.constant(POINT))
    close(ours, 3 * np.sin(POINT) ** 2 * np.cos(POINT))


def test_a_loop_that_somebody_else_built_has_a_gradient() -> None:
    """Without the marks that `tf.while_loop` leaves, as in a graph of another program."""
    number, vector = tf.TensorSpec([], tf.int32), tf.TensorSpec([3], tf.float64)
    signature = [number, number, vector, vector]

    @traced(input_signature=signature)
    def more(n: tf.Tensor, limit: tf.Tensor, y: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
        return n < limit

    @traced(input_signature=signature, experimental_implements="gradlock.step")
    def step(n: tf.Tensor, limit: tf.Tensor, y: tf.Tensor, w: tf.Tensor) -> State:
        return n + 1, limit, tf.sin(y) * w + y, w

    def build(y: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
        return raw.StatelessWhile(
            input=[tf.constant(0), tf.constant(STEPS), y, w],
            cond=more.get_concrete_function(),
            body=step.get_concrete_function(),
            output_shapes=[[], [], [3], [3]],
        )[2]

    _, in_y, in_w = iterated(POINT, START)
    ours = gradient(build, tf.constant(POINT), tf.constant(START))
    close(ours[0], in_y)
    close(ours[1], in_w)


def test_a_loop_asks_for_a_value_when_it_is_called() -> None:
    """What it captures then is what its gradient takes."""
    held, spec = [POINT], tf.TensorSpec([3], tf.float64)

    @traced
    def run(y: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(y)

            def step(n: tf.Tensor, y: tf.Tensor) -> State:
                graph = tf.compat.v1.get_default_graph()
                now = graph.capture_call_time_value(lambda: tf.constant(held[0]), spec)
                return n + 1, y * now

            value = tf.while_loop(lambda n, _: n < 2, step, (tf.constant(0), y))[1]
        return [value, tape.gradient(value, y)]

    for now in (POINT, START):
        held[0] = now
        value, slope = run(tf.constant(POINT + 1))
        close(value, (POINT + 1) * now**2)
        close(slope, now**2)


def test_a_list_that_is_computed_at_once_has_zeros_where_nothing_was_written() -> None:
    x = tf.constant(POINT)
    with tf.GradientTape() as tape:
        tape.watch(x)
        held = tf.TensorArray(tf.float64, 3, element_shape=[3]).write(1, x**2)
        alone, value = held.read(2), held.stack()
    assert (alone.dtype, alone.numpy().tolist()) == (tf.float64, [0, 0, 0])
    close(value, np.stack([0 * POINT, POINT**2, 0 * POINT]))
    close(tape.gradient(value, x), 2 * POINT)


def test_a_list_that_is_computed_at_once_takes_rows_in_any_order() -> None:
    rows = tf.constant(ROWS[:3])
    with tf.GradientTape() as tape:
        tape.watch(rows)
        value = tf.TensorArray(tf.float64, 3).scatter([2, 0, 1], rows**2).stack()
        total = tf.reduce_sum(value * SHARES)
    close(value, ROWS[[1, 2, 0]] ** 2)
    close(tape.gradient(total, rows), 2 * ROWS[:3] * SHARES[[2, 0, 1]])
