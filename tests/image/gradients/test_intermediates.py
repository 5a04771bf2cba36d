"""Conditions and loops that hand out whatever their gradients may need, as a graph is built.

`tf.compat.v1.experimental.output_all_intermediates` turns it on: a graph that is differentiated
once it is frozen wants it. Derivatives are known in closed form, in float64.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import tensorflow as tf

from gradients.test_forms_of_loops import LOOPS, ONLY_AUTOGRAPH, iterated
from gradients.test_graphs import agree
from gradients.test_lists import HOLDING, holding
from gradients.test_machinery import POINT
from gradients.test_unsized import SQUARE, of_no_size

v1 = tf.compat.v1
Build = Callable[..., tf.Tensor]
START = POINT[::-1] / 2


@pytest.fixture(autouse=True)
def _handed_out() -> Iterator[None]:
    """Turn it on, and back to what it is."""
    v1.experimental.output_all_intermediates(True)
    yield
    v1.experimental.output_all_intermediates(None)


def differentiated(build: Build, *points: np.ndarray, known: bool = True) -> list[np.ndarray]:
    """Return a value and the gradients of its sum, of two sessions' graphs' newer operations."""
    with tf.Graph().as_default(), v1.Session() as session:
        inputs = [
            v1.placeholder(tf.float64, point.shape if known else [None] * point.ndim)
            for point in points
        ]
        value = build(*inputs)
        gradients = v1.gradients(tf.reduce_sum(value), inputs)
        return session.run([value, *gradients], dict(zip(inputs, points, strict=True)))


#: What these build are the loops that "while_loop" is, or fewer of them.
LIKE_ANOTHER = {"fewer", "fold", "maximum_iterations", "one by one", "scan"}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.tier_all] * (name in LIKE_ANOTHER))
        for name in sorted(set(LOOPS) - ONLY_AUTOGRAPH - {"python"})
    ],
)
def test_a_loop_hands_out_its_states(name: str) -> None:
    agree(differentiated(LOOPS[name], POINT, START), *iterated(POINT, START))


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.tier_all] * (name in ("dropped", "renamed")))
        for name in HOLDING
    ],
)
def test_a_loop_of_lists_hands_out_what_is_in_none(name: str) -> None:
    agree(differentiated(holding(name), POINT, START), *iterated(POINT, START))


@pytest.mark.parametrize("taken", [True, False])
def test_a_condition_hands_out_what_a_branch_made(taken: bool) -> None:
    """Some of it under a lock, which is not handed out, nor is another one; asked for twice."""

    def build(x: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
        def locked() -> tf.Tensor:
            tf.raw_ops.MutexV2()
            return tf.CriticalSection().execute(lambda: tf.sin(x)) * w * x

        chosen = tf.cond(tf.reduce_sum(w) > 0, locked, lambda: tf.exp(x) * tf.cos(w))
        (slope,) = v1.gradients(chosen, x)
        return chosen + tf.stop_gradient(slope)

    w = np.array([0.5, 1.5, -1.0]) * (1 if taken else -1)
    if taken:
        value, in_x, in_w = np.sin(POINT) * w * POINT, np.cos(POINT) * w * POINT, np.sin(POINT)
        in_x, in_w = in_x + np.sin(POINT) * w, in_w * POINT
    else:
        value, in_x, in_w = np.exp(POINT) * np.cos(w), np.exp(POINT) * np.cos(w), np.sin(w)
        in_w = -np.exp(POINT) * in_w
    agree(differentiated(build, POINT, w), value + in_x, in_x, in_w)


def test_a_loop_hands_out_what_a_step_locked() -> None:
    """But not the lock; and not what is in a list of its own already."""

    def build(y: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
        def step(n: tf.Tensor, y: tf.Tensor, states: tf.TensorArray):
            sine = tf.CriticalSection().execute(lambda: tf.sin(y))
            return n + 1, sine * w + y, states.write(n, y)

        states = tf.TensorArray(tf.float64, 5, element_shape=[3])
        start = tf.constant(0), y, states
        return tf.while_loop(lambda n, *_: n < 5, step, start)[2].read(4)

    agree(differentiated(build, POINT, START), *iterated(POINT, START))


def test_a_loop_of_unknown_sizes_hands_out_its_states() -> None:
    w = np.array([[1.5]])
    factor = np.where(np.eye(2), 8 * w**3, w**3)
    ours = differentiated(of_no_size, SQUARE, w, known=False)
    agree(ours, factor * SQUARE, factor, np.array([[(3 * factor / w * SQUARE).sum()]]))
