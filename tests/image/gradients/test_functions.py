"""Functions as values: called in forward mode, twice differentiated, restored, by their signatures.

Everything is compared with the derivative as it is known in closed form, in float64.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from gradients.test_forms_of_loops import iterated
from gradients.test_machinery import POINT, close
from gradients.tracing import traced

ALONG = np.array([1.0, -2.0, 0.5])
START = POINT[::-1] / 2
SPEC = tf.TensorSpec([3], tf.float64)


def cubes(scale: tf.Variable) -> tf.types.experimental.PolymorphicFunction:
    """Return a function of two outputs and a number, which reads a variable.

    Products: a power's derivatives are many times as much to trace, order by order.
    """

    @traced
    def function(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        return scale * x * x * x, tf.size(x), tf.sin(x)

    return function


def test_a_called_function_has_its_tangents() -> None:
    """Of both outputs, in its input and in a variable that it reads; its number has none."""
    scale = tf.Variable(POINT + 2)
    x = tf.constant(POINT)
    function = cubes(scale)
    for along_scale in (np.zeros(3), ALONG[::-1]):
        tangents = [tf.constant(ALONG), tf.constant(along_scale)]
        with tf.autodiff.ForwardAccumulator([x, scale], tangents) as accumulator:
            cube, _, sine = function(x)
        slope = 3 * POINT**2 * (POINT + 2) * ALONG + POINT**3 * along_scale
        close(accumulator.jvp(cube), slope)
        close(accumulator.jvp(sine), np.cos(POINT) * ALONG)


@pytest.mark.parametrize("order", ["forward over reverse", "forward twice"])
def test_a_called_function_has_its_second_derivatives(order: str) -> None:
    """Along a direction, of a sum: by each order of the two modes."""
    scale = tf.Variable(POINT + 2)
    x, along = tf.constant(POINT), tf.constant(ALONG)
    function = traced(lambda x: (scale * x * x * x, tf.size(x)))
    expected = 6 * POINT * (POINT + 2) * ALONG
    if order == "forward over reverse":
        with tf.autodiff.ForwardAccumulator(x, along) as accumulator:
            with tf.GradientTape() as tape:
                tape.watch(x)
                cube, *_ = function(x)
            gradient = tape.gradient(cube, x)
        close(accumulator.jvp(gradient), expected)
    else:
        with (
            tf.autodiff.ForwardAccumulator(x, along) as outer,
            tf.autodiff.ForwardAccumulator(x, along) as inner,
        ):
            cube, *_ = function(x)
        close(outer.jvp(inner.jvp(cube)), expected * ALONG)


@pytest.mark.tier_all
def test_a_tangent_forgets_the_input_of_a_called_function() -> None:
    """A gradient of None, that is 0, and no word; where a tape watches the direction, it raises."""
    x, along = tf.constant(POINT), tf.constant(ALONG)
    function = cubes(tf.Variable(POINT))
    with tf.GradientTape() as tape:
        tape.watch(x)
        with tf.autodiff.ForwardAccumulator(x, along) as accumulator:
            cube, *_ = function(x)
        slope = accumulator.jvp(cube)
    assert tape.gradient(slope, x) is None, "no longer wrong: remove the record"
    with tf.GradientTape() as tape:
        tape.watch([x, along])
        with tf.autodiff.ForwardAccumulator(x, along) as accumulator:
            cube, *_ = function(x)
        slope = accumulator.jvp(cube)
    with pytest.raises(tf.errors.InternalError, match="returned too few gradients"):
        tape.gradient(slope, along)
    pytest.xfail("TensorFlow gives None for reverse over forward mode through a called function")


@pytest.mark.parametrize("inside", [True, False])
def test_tapes_around_a_function_give_each_order(*, inside: bool) -> None:
    """Two of them, of the cube's sum times the sine's; the function called in a function, too."""
    scale = tf.Variable(np.ones(3))
    function = cubes(scale)

    def second(x: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                cube, _, sine = function(x)
                product = cube * sine
            first = inner.gradient(product, x)
        return outer.gradient(first, x)

    expected = 6 * POINT * np.sin(POINT) + 6 * POINT**2 * np.cos(POINT) - POINT**3 * np.sin(POINT)
    close((traced(second) if inside else second)(tf.constant(POINT)), expected, 1e-13)


@pytest.mark.parametrize("inside", [True, False])
def test_a_sparse_gradient_enters_a_function(*, inside: bool) -> None:
    """Rows that are gathered from an output; the other output has no part in it."""
    rows = np.arange(6.0).reshape(3, 2) - 2.5

    @traced
    def both(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return x**2, x**3

    def gradient(x: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(tf.gather(both(x)[0], [2, 0, 2]))
        return tape.gradient(y, x)

    ours = (traced(gradient) if inside else gradient)(tf.constant(rows))
    close(ours, 2 * rows * [[1], [0], [2]])


def test_a_function_without_a_path_has_no_gradient() -> None:
    """Its input decides nothing but a number, or nothing at all."""

    @traced
    def apart(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.size(x), tf.ones([2], tf.float64)

    x = tf.constant(POINT)
    with tf.GradientTape() as tape:
        tape.watch(x)
        _, ones = apart(x)
    assert tape.gradient(ones, x) is None


def test_a_concrete_function_has_the_gradient_of_its_function() -> None:
    """Called by position, by name, and by the names of the parts of its arguments."""

    @traced
    def weighed(parts: dict[str, tf.Tensor]) -> tf.Tensor:
        return parts["x"] ** 3 * parts["w"]

    concrete = weighed.get_concrete_function({"x": SPEC, "w": SPEC})
    x, w = tf.constant(POINT), tf.constant(START)
    calls = (
        lambda: concrete({"x": x, "w": w}),
        lambda: concrete(parts={"x": x, "w": w}),
        lambda: concrete(parts=w, parts_1=x),
        lambda: concrete(w, parts_1=x),
        lambda: weighed({"x": x, "w": w}),
    )
    for call in calls:
        with tf.GradientTape() as tape:
            tape.watch([x, w])
            y = call()
        of_x, of_w = tape.gradient(y, [x, w])
        close(of_x, 3 * POINT**2 * START)
        close(of_w, POINT**3)


def test_a_tape_sees_the_variables_of_what_was_traced_before() -> None:
    """Without a tape, and then under one, which learns of them by the call alone."""
    scale = tf.Variable(START)
    function = traced(lambda x: scale * scale * x)
    close(function(tf.constant(POINT)), START**2 * POINT)
    with tf.GradientTape() as tape:
        y = function(tf.constant(POINT))
    close(tape.gradient(y, scale), 2 * START * POINT)


def test_keywords_come_in_any_order() -> None:
    function = traced(lambda a, *, b, c, by=2.0: by * (a - 3 * b + 5 * c))
    a, b, c = map(tf.constant, (POINT, START, ALONG))
    close(function(c=c, by=4.0, b=b, a=a), 4 * (POINT - 3 * START + 5 * ALONG))


def test_a_function_answers_whatever_it_was_asked_before() -> None:
    """With other numbers of Python's, sizes, ranks, types and structures."""
    function = traced(lambda parts, by=1: parts["x"] * by, reduce_retracing=True)
    for dtype in ("float64", "float32"):
        for sizes in ([3], [4], [2, 3]):
            x = np.arange(np.prod(sizes), dtype=dtype).reshape(sizes)
            for by in (1, 0.5):
                found = function({"x": x, "unread": by}, by)
                np.testing.assert_array_equal(found, x * by)
                assert found.dtype == dtype


STARTS: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
    "a constant": lambda _: tf.constant(ALONG),
    "what it takes": lambda x: 2 * x,
}


@pytest.mark.parametrize("of", STARTS)
def test_a_function_makes_its_variable_once(of: str) -> None:
    """From a constant, or from what it is called with first; then it counts on."""
    start = STARTS[of]
    made: list[tf.Variable] = []

    @traced
    def counted(x: tf.Tensor) -> tf.Tensor:
        if not made:
            made.append(tf.Variable(lambda: start(x)))
        return made[0].assign_add(x * x) + 0

    total = start(tf.constant(POINT)).numpy()
    for x in (POINT, START, ALONG):
        total += x * x
        close(counted(tf.constant(x)), total)


class Saved(tf.Module):
    """Functions to be saved: a loop, a condition, a call of another, a rule of one's own."""

    def __init__(self) -> None:
        super().__init__()
        self.w = tf.Variable(START)

    @tf.function(input_signature=[SPEC])
    def loop(self, y: tf.Tensor) -> tf.Tensor:
        """Iterate y <- sin(y) w + y, while a tensor says so."""
        step, w = tf.constant(0), tf.identity(self.w)
        while step < 4:
            y = tf.sin(y) * w + y
            step += 1
        return y

    @tf.function(input_signature=[SPEC])
    def condition(self, y: tf.Tensor) -> tf.Tensor:
        """Choose by the sum, which is below 0 at `POINT`, then by a number."""
        if tf.reduce_sum(y) > 0:  # noqa: SIM108 - AutoGraph makes a condition of it
            z = y**2
        else:
            z = y**3 * self.w
        return tf.switch_case(tf.size(y) - 2, [lambda: z, lambda: 2 * z, lambda: 3 * z])

    @tf.function(input_signature=[SPEC])
    def call(self, y: tf.Tensor) -> tf.Tensor:
        """Call the condition."""
        return self.condition(y) * y

    @tf.function(input_signature=[SPEC])
    def own(self, y: tf.Tensor) -> tf.Tensor:
        """Follow a rule of one's own: twice what it should be."""
        return _doubled(y) * self.w


@tf.custom_gradient
def _doubled(y: tf.Tensor):
    return y**2, lambda upstream: 4 * upstream * y


def test_a_restored_function_has_its_gradient(tmp_path: Path) -> None:
    """In its input and in its variable, as it had before it was saved."""
    tf.saved_model.save(
        Saved(),
        str(tmp_path),
        options=tf.saved_model.SaveOptions(experimental_custom_gradients=True),
    )
    restored = tf.saved_model.load(str(tmp_path))
    _, in_y, in_w = iterated(POINT, START)
    cube = POINT**3 * START
    expected = {
        "loop": (in_y, in_w),
        "condition": (6 * POINT**2 * START, 2 * POINT**3),
        "call": (2 * (3 * POINT**2 * START * POINT + cube), 2 * POINT**4),
        "own": (4 * POINT * START, POINT**2),
    }
    for name, (of_y, of_w) in expected.items():
        y = tf.constant(POINT)
        for way in (getattr(restored, name), traced(getattr(restored, name))):
            with tf.GradientTape() as tape:
                tape.watch(y)
                value = way(y)
            ours = tape.gradient(value, [y, restored.w])
            close(ours[0], of_y)
            close(ours[1], of_w)
