"""Loops and conditions in every form that people write: by AutoGraph, by hand, under XLA.

Everything is compared with the derivative as it is known in closed form, in float64.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from gradients.test_machinery import POINT, WAYS, close

#: y <- sin(y) w + y, four times, as every loop below computes it.
STEPS = 4
Loop = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def iterated(y: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the last state, and its derivative in the first one and in w, by the chain rule."""
    in_y, in_w = np.ones_like(y), np.zeros_like(w)
    for _ in range(STEPS):
        slope = np.cos(y) * w + 1
        in_y, in_w = slope * in_y, slope * in_w + np.sin(y)
        y = np.sin(y) * w + y
    return y, in_y, in_w


def python_loop(y: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
    """Iterate in Python: unrolled in a graph."""
    for _ in range(STEPS):
        y = tf.sin(y) * w + y
    return y


def range_loop(y: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
    """Iterate over a tensor: AutoGraph makes a loop of it."""
    for _ in tf.range(STEPS):
        y = tf.sin(y) * w + y
    return y


def while_condition(y: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
    """Iterate while a tensor says so: AutoGraph makes a loop of it."""
    step = tf.constant(0)
    while step < STEPS:
        y = tf.sin(y) * w + y
        step += 1
    return y


def left_early(y: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
    """Leave a loop by `break`, after a step that `continue` skips."""
    for step in tf.range(STEPS + 5):
        if step == 1:
            continue
        if step > STEPS:
            break
        y = tf.sin(y) * w + y
    return y


def counted(y: tf.Tensor, w: tf.Tensor, **options: object) -> tf.Tensor:
    """Iterate by `tf.while_loop`."""
    return tf.while_loop(
        lambda step, _: step < STEPS,
        lambda step, y: (step + 1, tf.sin(y) * w + y),
        (tf.constant(0), y),
        **options,
    )[1]


def captured(y: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
    """Iterate with a loop inside a loop, of which each uses what is outside."""

    def outer(step: tf.Tensor, y: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        def inner(again: tf.Tensor, y: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return again + 1, tf.sin(y) * w + y

        y = tf.while_loop(lambda again, _: again < 2, inner, (tf.constant(0), y))[1]
        return step + 2, y

    return tf.while_loop(lambda step, _: step < STEPS, outer, (tf.constant(0), y))[1]


def accumulated(y: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
    """Keep every state in a `TensorArray`, and read the last one."""
    states = tf.TensorArray(y.dtype, STEPS, element_shape=y.shape, clear_after_read=False)
    for step in tf.range(STEPS):
        y = tf.sin(y) * w + y
        states = states.write(step, y)
    return states.read(STEPS - 1)


def scanned(y: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
    """Keep every state by `tf.scan`, and take the last one."""
    return tf.scan(lambda y, _: tf.sin(y) * w + y, tf.range(STEPS), y)[-1]


def folded(y: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
    """Keep the last state by `tf.foldl`, and then by `tf.foldr`."""
    for fold in (tf.foldl, tf.foldr):
        y = fold(lambda y, _: tf.sin(y) * w + y, tf.range(STEPS // 2), y)
    return y


def conditional(y: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
    """Take each step from the branch of a condition that AutoGraph makes of `if`."""
    for step in tf.range(STEPS):
        if step % 2 == 0:
            y = tf.sin(y) * w + y
        else:
            z = tf.sin(y)
            y = z * w + y
    return y


def branching(y: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
    """Take each step from a branch of `tf.cond`, of `tf.switch_case`, or of `tf.case`."""
    y = tf.cond(tf.size(y) > 0, lambda: tf.sin(y) * w + y, lambda: y)
    y = tf.switch_case(tf.size(y) - 2, [lambda: y, lambda: tf.sin(y) * w + y, lambda: w])
    y = tf.switch_case(tf.constant(9), [lambda: y, lambda: tf.sin(y) * w + y])
    return tf.case([(tf.size(y) < 0, lambda: w)], default=lambda: tf.sin(y) * w + y)


LOOPS: dict[str, Loop] = {
    "python": python_loop,
    "range": range_loop,
    "while": while_condition,
    "break": left_early,
    "while_loop": counted,
    "maximum_iterations": lambda y, w: counted(y, w, maximum_iterations=STEPS),
    "fewer": lambda y, w: tf.while_loop(
        lambda _: True, lambda y: (tf.sin(y) * w + y,), (y,), maximum_iterations=STEPS
    )[0],
    "one by one": lambda y, w: counted(y, w, parallel_iterations=1),
    "nested": captured,
    "tensor array": accumulated,
    "scan": scanned,
    "fold": folded,
    "if": conditional,
    "branches": branching,
}
#: AutoGraph alone turns these into what a graph can hold; XLA needs to know how often at most.
ONLY_AUTOGRAPH = {"range", "while", "break", "tensor array", "if"}
UNBOUNDED = {"while", "break", "while_loop", "one by one", "nested"}
#: XLA compiles these as it does "maximum_iterations": a loop of as many steps at most.
LIKE_ANOTHER = {"fewer", "fold"}
#: In a graph these are unrolled, or the loops that "while" and "tensor array" are.
SHOWN_BY_ANOTHER = {
    *("python", "range", "while_loop", "maximum_iterations", "fewer", "one by one"),
    *("scan", "fold"),
}
#: Loops whose states go from the function to its gradient in a list, which XLA cannot hand out.
KEEPS_STATES = {"maximum_iterations", "tensor array"}


def ways(name: str, *, inside: bool) -> list[str]:
    """Return the ways to try a loop: where it needs no AutoGraph, with it from outside alone."""
    graph = "without autograph" if inside and name not in ONLY_AUTOGRAPH else "function"
    left = LIKE_ANOTHER if inside else set(LOOPS) - KEEPS_STATES - {"python", "branches"}
    return ["eager", graph] if name in UNBOUNDED | left else ["eager", graph, "xla"]


def more(name: str, way: str, *, inside: bool) -> bool:
    """Whether it is left to `--tier all`: another loop shows it in fewer ways, or in the same."""
    if way == "xla":
        return name != "maximum_iterations" and not (name == "branches" and inside)
    return name in SHOWN_BY_ANOTHER and not inside


COMBINATIONS = [
    pytest.param(
        *(name, way, inside),
        id=f"{name}-{way}-tape {'inside' if inside else 'outside'}",
        marks=[pytest.mark.tier_all] * more(name, way, inside=inside),
    )
    for name in LOOPS
    for inside in (True, False)
    for way in ways(name, inside=inside)
]


@pytest.mark.parametrize(("name", "way", "inside"), COMBINATIONS)
def test_a_loop_has_the_gradient_of_its_steps(name: str, way: str, *, inside: bool) -> None:
    """In its first state and in what every step reads: variables, as people train them."""
    y, w = tf.Variable(POINT), tf.Variable(POINT[::-1] / 2)
    _, in_y, in_w = iterated(POINT, POINT[::-1] / 2)

    def gradient(run: Callable[[], tf.Tensor]) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            value = run()
        return tape.gradient(value, [y, w])

    def run() -> tf.Tensor:
        return LOOPS[name](tf.convert_to_tensor(y), tf.convert_to_tensor(w))

    if way == "xla" and not inside and name in KEEPS_STATES:
        # What is known to be missing; once it is there, this fails, and goes.
        with pytest.raises(tf.errors.UnimplementedError, match="TensorList crossing the XLA/TF"):
            gradient(WAYS[way](run))
        return
    ours = WAYS[way](lambda: gradient(run))() if inside else gradient(WAYS[way](run))
    close(ours[0], in_y)
    close(ours[1], in_w)
