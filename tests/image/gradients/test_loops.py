"""Loops and conditions that read tables and variables; structures, sizes and lists that they hold.

Everything is compared with the derivative as it is known in closed form, in float64.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import numpy as np
import pytest
import tensorflow as tf

from gradients.test_forms_of_loops import iterated
from gradients.test_machinery import POINT, close
from gradients.tracing import traced

START = POINT[::-1] / 2
ROWS = np.arange(6.0).reshape(3, 2) - 2.5
#: How often each row is read.
ONCE, TWICE = np.array([[1.0], [0.0], [0.0]]), np.array([[0.0], [0.0], [2.0]])


def differentiated(build: Callable[..., tf.Tensor], *of: tf.Tensor) -> list[tf.Tensor]:
    """Return the dense gradients of a function's sum."""
    with tf.GradientTape() as tape:
        tape.watch(of)
        total = tf.reduce_sum(build(*of))
    return [tf.convert_to_tensor(part) for part in tape.gradient(total, of)]


def gradient(
    build: Callable[..., tf.Tensor], *of: tf.Tensor, autograph: bool = False
) -> list[tf.Tensor]:
    """Return the same, inside a `tf.function`; AutoGraph is for loops that Python's words make."""
    return tf.function(lambda: differentiated(build, *of), autograph=autograph)()


def once(table: tf.Tensor) -> tf.Tensor:
    """Read the first row."""
    return tf.gather(table, [0])


def twice(table: tf.Tensor) -> tf.Tensor:
    """Read the last row twice, by ids of another type."""
    return tf.gather(table, tf.constant([2, 2], tf.int64))


def whole(table: tf.Tensor) -> tf.Tensor:
    """Read every row."""
    return table * 3


READS: dict[str, tuple[Callable[[tf.Tensor], tf.Tensor], np.ndarray]] = {
    "once": (once, ONCE),
    "twice": (twice, TWICE),
    "whole": (whole, np.full((3, 1), 3.0)),
}
#: A tensor and a variable, of which either is read.
TABLES = {"tensor": tf.constant, "variable": tf.Variable}
#: Two readings, of which the core has those that differ: one way round of a tensor, both of a
#: variable.
READINGS = [
    pytest.param(
        *(one, other, kind),
        id=f"{one}-{other}-{kind}",
        marks=[pytest.mark.tier_all] * (one == other or (kind == "tensor" and one > other)),
    )
    for one in READS
    for other in READS
    for kind in TABLES
]


@pytest.mark.parametrize(("one", "other", "kind"), READINGS)
def test_branches_read_other_rows(one: str, other: str, kind: str) -> None:
    """The gradient is that of the branch that was taken, sparse or not."""
    table = TABLES[kind](ROWS)
    (read, count), (another, other_count) = READS[one], READS[other]

    @traced
    def run(taken: tf.Tensor) -> list[tf.Tensor]:
        return differentiated(
            lambda x: tf.cond(
                taken, lambda: tf.reduce_sum(read(x)), lambda: tf.reduce_sum(another(x))
            ),
            table,
        )

    for taken in (True, False):
        (ours,) = run(tf.constant(taken))
        close(ours, np.broadcast_to(count if taken else other_count, ROWS.shape))


@cache
def case(kind: str) -> Callable[[tf.Tensor], list[tf.Tensor]]:
    """Return what differentiates the reading that an index says, traced once for all of them."""
    table = TABLES[kind](ROWS)

    def build(index: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
        return tf.switch_case(
            index, [lambda read=read: tf.reduce_sum(read(x)) for read, _ in READS.values()]
        )

    return traced(lambda index: differentiated(partial(build, index), table))


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("index", [0, 1, 2, 7])
def test_a_case_reads_its_rows(index: int, kind: str) -> None:
    """Of three; the last stands for any other index."""
    (ours,) = case(kind)(tf.constant(index))
    count = list(READS.values())[min(index, 2)][1]
    close(ours, np.broadcast_to(count, ROWS.shape))


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("read", READS)
def test_a_loop_reads_the_same_rows_again(read: str, kind: str) -> None:
    """Its gradient is added up, step by step."""
    table, (of, count) = TABLES[kind](ROWS), READS[read]

    def build(x: tf.Tensor) -> tf.Tensor:
        def step(n: tf.Tensor, total: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return n + 1, total + tf.reduce_sum(of(x)) * tf.cast(n, tf.float64)

        start = tf.constant(0), tf.constant(0.0, tf.float64)
        return tf.while_loop(lambda n, _: n < 4, step, start)[1]

    (ours,) = gradient(build, table)
    close(ours, np.broadcast_to(6 * count, ROWS.shape))


def test_a_loop_reads_in_some_steps_alone() -> None:
    """A condition inside the loop, a loop inside the condition: from a variable, by rows."""
    table = tf.Variable(ROWS)

    def build(x: tf.Variable) -> tf.Tensor:
        total = tf.constant(0.0, tf.float64)
        for step in tf.range(5):
            if step % 2 == 0:
                for _ in tf.range(2):
                    total += tf.reduce_sum(tf.gather(x, [0])) * tf.cast(step, tf.float64)
            else:
                total += tf.reduce_sum(tf.gather(x, [1]) ** 2)
        return total

    (ours,) = gradient(build, table, autograph=True)
    close(ours, np.array([[12.0, 12.0], 4 * ROWS[1], [0.0, 0.0]]))


def test_a_loop_holds_structures() -> None:
    """A dictionary, a number, a list of states of which the last is read."""
    y, w = tf.constant(POINT), tf.constant(START)

    def build(y: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
        def step(number: tf.Tensor, held: dict[str, object]) -> tuple[tf.Tensor, dict[str, object]]:
            new = tf.sin(held["y"]) * w + held["y"]
            return number + 1, {"y": new, "all": held["all"].write(number, new)}

        states = tf.TensorArray(tf.float64, 0, dynamic_size=True, element_shape=[3])
        start = tf.constant(0), {"y": y, "all": states}
        _, held = tf.while_loop(lambda number, _: tf.reshape(number, [1]) < 4, step, start)
        return held["all"].stack()[-1]

    _, in_y, in_w = iterated(POINT, START)
    ours = gradient(build, y, w)
    close(ours[0], in_y)
    close(ours[1], in_w)


def test_a_loop_grows_what_it_holds() -> None:
    """Each step appends the double of what there is: the first is read 1 + 2 + 4 + 8 times."""
    x = tf.constant(POINT)

    def build(x: tf.Tensor) -> tf.Tensor:
        return tf.while_loop(
            lambda y: tf.size(y) < 12,
            lambda y: (tf.concat([y, 2 * y[-3:]], 0),),
            [x],
            shape_invariants=[tf.TensorShape([None])],
        )[0]

    (ours,) = gradient(build, x)
    close(ours, np.full(3, 15.0))


def test_a_loop_without_backpropagation_has_no_gradient() -> None:
    """What goes around it has one."""
    x = tf.constant(POINT)

    def build(x: tf.Tensor) -> tf.Tensor:
        start = tf.constant(0), x
        loop = tf.compat.v1.while_loop(
            lambda n, _: n < 3, lambda n, y: (n + 1, y * x), start, back_prop=False
        )
        return x * x + loop[1]

    (ours,) = gradient(build, x)
    close(ours, 2 * POINT)


def test_a_loop_starts_from_a_variable() -> None:
    """The variable is a loop's first state, and what its steps read."""
    y = tf.Variable(POINT)

    def build(y: tf.Variable) -> tf.Tensor:
        start = tf.constant(0), y
        return tf.while_loop(lambda n, _: n < 3, lambda n, z: (n + 1, z * y), start)[1]

    (ours,) = gradient(build, y)
    close(ours, 4 * POINT**3)


@pytest.mark.parametrize("of", ["loop", "condition", "case"])
def test_the_second_derivative_goes_through(of: str) -> None:
    """Of x^4, by three steps or by the branch that is taken: 12 x^2."""

    def fourth(x: tf.Tensor) -> tf.Tensor:
        if of == "loop":
            start = tf.constant(0), x
            return tf.while_loop(lambda n, _: n < 3, lambda n, y: (n + 1, y * x), start)[1]
        if of == "condition":
            return tf.cond(tf.size(x) > 2, lambda: x * x * x * x, lambda: x)
        return tf.switch_case(tf.size(x) - 2, [lambda: x, lambda: x * x * x * x])

    @traced
    def second(x: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = fourth(x)
            first = inner.gradient(y, x)
        return outer.gradient(first, x)

    close(second(tf.constant(POINT)), 12 * POINT**2)


def test_a_loop_of_one_state_returns_it() -> None:
    """Whatever its body wraps the state in, and whoever asks; its rows are gathered afterwards."""
    x = tf.constant(ROWS)

    def build(x: tf.Tensor) -> tf.Tensor:
        small = tf.constant(1e9, tf.float64)
        older = tf.compat.v1.while_loop(
            lambda y: tf.reduce_sum(y**2) < 200, lambda y: 2 * y, [x], name="doubled"
        )
        newer = tf.while_loop(
            lambda y: tf.reduce_max(y) < small, lambda y: 2 * y, [x], maximum_iterations=3
        )
        return tf.gather(older, [0, 2, 2]) + tf.gather(newer[0], [0, 2, 2])

    (ours,) = gradient(build, x)
    # The squares of the rows are 17.5 together: two doublings, and three.
    close(ours, np.broadcast_to((4 + 8) * np.array([[1.0], [0.0], [2.0]]), ROWS.shape))


def test_a_condition_may_have_an_axis() -> None:
    """Of one element; and branches that return a number, or nothing that has a gradient."""
    x = tf.constant(POINT)

    def build(x: tf.Tensor) -> tf.Tensor:
        chosen = tf.cond(tf.reshape(tf.size(x) > 2, [1]), lambda: x**2, lambda: x)
        count, cubes = tf.cond(
            tf.size(x) > 2, lambda: (tf.size(x), x**3), lambda: (tf.constant(0), x)
        )
        return chosen + cubes * tf.cast(count, x.dtype)

    (ours,) = gradient(build, x)
    close(ours, 2 * POINT + 9 * POINT**2)


@pytest.mark.parametrize("compiled", [False, True])
def test_a_condition_in_a_loop_keeps_what_each_branch_made(*, compiled: bool) -> None:
    """A list that one branch extends, and the other leaves; by XLA, too."""

    @tf.function(jit_compile=compiled)
    def run(x: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x
            for step in tf.range(4):
                y = tf.cond(step % 2 == 0, lambda y=y: tf.sin(y) * y, lambda y=y: tf.exp(-y) * y)
            total = tf.reduce_sum(y)
        return tape.gradient(total, x)

    def by_hand(x: np.ndarray) -> np.ndarray:
        y, slope = x, np.ones_like(x)
        for step in range(4):
            if step % 2 == 0:
                y, slope = np.sin(y) * y, slope * (np.cos(y) * y + np.sin(y))
            else:
                y, slope = np.exp(-y) * y, slope * np.exp(-y) * (1 - y)
        return slope

    close(run(tf.constant(POINT)), by_hand(POINT), 1e-13)
