"""Graphs of TensorFlow 1, as people still load and train them: sessions, loops of Switch and Merge.

Derivatives are known in closed form, or by the chain rule, in float64.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import tensorflow as tf

from gradients.test_forms_of_loops import LOOPS, ONLY_AUTOGRAPH, iterated
from gradients.test_machinery import POINT

v1 = tf.compat.v1
Build = Callable[..., tf.Tensor]
ROWS = np.arange(6.0).reshape(3, 2) - 2.5


@contextmanager
def graph() -> Iterator[None]:
    """Build a graph whose loops and conditions are those of TensorFlow 1."""
    v1.disable_control_flow_v2()
    try:
        with tf.Graph().as_default():
            yield
    finally:
        v1.enable_control_flow_v2()


def differentiated(build: Build, *points: np.ndarray) -> list[np.ndarray]:
    """Return a function's value, and the gradients of its sum, as a session computes them."""
    with graph():
        inputs = [tf.constant(point) for point in points]
        value = build(*inputs)
        gradients = v1.gradients(tf.reduce_sum(value), inputs)
        with v1.Session() as session:
            return session.run([value, *(tf.convert_to_tensor(part) for part in gradients)])


def agree(ours: list[np.ndarray], *theirs: np.ndarray) -> None:
    """Hold arrays to what they must be."""
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("name", sorted(set(LOOPS) - ONLY_AUTOGRAPH))
def test_a_loop_has_the_gradient_of_its_steps(name: str) -> None:
    agree(differentiated(LOOPS[name], POINT, POINT[::-1] / 2), *iterated(POINT, POINT[::-1] / 2))


def test_a_condition_inside_a_loop_is_remembered() -> None:
    """Each step takes the branch that it took: two by sine, two by another way to the same."""

    def build(y: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
        def step(number: tf.Tensor, y: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            new = tf.cond(
                number % 2 > 0, lambda: tf.sin(y) * w + y, lambda: w * tf.sin(y) + y * 1.0
            )
            return number + 1, new

        return v1.while_loop(lambda number, _: number < 4, step, (tf.constant(0), y))[1]

    agree(differentiated(build, POINT, POINT[::-1] / 2), *iterated(POINT, POINT[::-1] / 2))


def test_a_loop_gathers_from_what_does_not_change() -> None:
    """Its gradient is sparse, step by step, and the steps are added up."""

    def build(table: tf.Tensor) -> tf.Tensor:
        def step(number: tf.Tensor, total: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return number + 1, total + tf.gather(table, [0, 2, 2]) * tf.cast(number, total.dtype)

        start = tf.constant(0), tf.zeros([3, 2], tf.float64)
        return v1.while_loop(lambda number, _: number < 4, step, start)[1]

    counts = np.array([[1.0], [0.0], [2.0]]) * (0 + 1 + 2 + 3)
    agree(differentiated(build, ROWS), 6 * ROWS[[0, 2, 2]], np.broadcast_to(counts, ROWS.shape))


def test_a_sparse_gradient_enters_a_loop() -> None:
    """Rows that are gathered from a loop's result, one of them twice."""

    def build(x: tf.Tensor) -> tf.Tensor:
        start = tf.constant(0), x
        step = v1.while_loop(lambda n, _: n < 3, lambda n, y: (n + 1, 2 * y), start)[1]
        return tf.gather(step, [0, 2, 2])

    counts = np.array([[8.0], [0.0], [16.0]])
    agree(differentiated(build, ROWS), 8 * ROWS[[0, 2, 2]], np.broadcast_to(counts, ROWS.shape))


def test_a_loop_without_backpropagation_has_no_gradient() -> None:
    """What goes around it has one."""

    def build(x: tf.Tensor) -> tf.Tensor:
        start = tf.constant(0), x
        loop = v1.while_loop(
            lambda n, _: n < 3, lambda n, y: (n + 1, y * x), start, back_prop=False
        )
        return x * x + loop[1]

    agree(differentiated(build, POINT), POINT**2 + POINT**4, 2 * POINT)


@pytest.mark.parametrize("taken", [True, False])
def test_a_switch_and_a_merge_pass_what_is_taken(taken: bool) -> None:
    """Each alone, as an old graph may hold them, outside of any condition."""

    def build(x: tf.Tensor) -> tf.Tensor:
        no, yes = tf.raw_ops.Switch(data=x * 2, pred=tf.constant(taken))
        return tf.raw_ops.Merge(inputs=[no * 3, tf.sin(yes)])[0]

    expected = (np.sin(2 * POINT), 2 * np.cos(2 * POINT)) if taken else (6 * POINT, 6)
    agree(differentiated(build, POINT), *np.broadcast_arrays(*expected))


def _array(of: tf.Tensor, size: int, **options: object) -> tf.TensorArray:
    """Return an array that is read more than once."""
    return tf.TensorArray(of.dtype, size, clear_after_read=False, **options)


ARRAYS: dict[str, tuple[Build, np.ndarray, np.ndarray]] = {
    "write and read": (
        lambda x: _array(x, 2).write(0, x**2).write(1, 3 * x).read(0),
        ROWS**2,
        2 * ROWS,
    ),
    "write and stack": (
        lambda x: _array(x, 2).write(0, x**2).write(1, 3 * x).stack(),
        np.stack([ROWS**2, 3 * ROWS]),
        2 * ROWS + 3,
    ),
    "unstack and gather": (
        lambda x: _array(x, 3).unstack(x**2).gather([2, 0]),
        ROWS[[2, 0]] ** 2,
        2 * ROWS * [[1], [0], [1]],
    ),
    "split and concat": (
        lambda x: _array(x, 2, infer_shape=False).split(x**2, [1, 2]).concat(),
        ROWS**2,
        2 * ROWS,
    ),
    "scatter and read": (
        lambda x: _array(x, 3).scatter([2, 0, 1], x**2).read(2),
        ROWS[0] ** 2,
        2 * ROWS * [[1], [0], [0]],
    ),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_hands_back_what_was_written(name: str) -> None:
    build, value, gradient = ARRAYS[name]
    agree(differentiated(build, ROWS), value, gradient)


def test_a_custom_gradient_reads_variables_of_a_graph() -> None:
    """One that was made before, and one that is made inside: each gets what the rule says.

    They come by their names, whatever their sizes are.
    """
    with graph():
        before = v1.get_variable("before", initializer=POINT, use_resource=True)

        @tf.custom_gradient
        def weighed(x: tf.Tensor):
            inside = v1.get_variable("inside", initializer=POINT[:1] + 2, use_resource=True)

            def gradient(upstream: tf.Tensor, variables: list[tf.Variable]):
                assert [variable.name for variable in variables] == ["before:0", "inside:0"]
                return 5 * upstream, [
                    10 * upstream * x,
                    tf.reduce_sum(20 * upstream * x, keepdims=True),
                ]

            return x * before * inside, gradient

        x = tf.constant(POINT)
        value = weighed(x)
        variables = v1.trainable_variables()
        gradients = v1.gradients(tf.reduce_sum(value), [x, *variables])
        with v1.Session() as session:
            session.run(v1.global_variables_initializer())
            ours = session.run([value, *gradients])
    expected = POINT**2 * (POINT[0] + 2)
    agree(ours, expected, np.full(3, 5.0), 10 * POINT, 20 * POINT.sum(keepdims=True))
