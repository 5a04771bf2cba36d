"""More of graphs of TensorFlow 1: variables by reference, gradients inside of loops and conditions.

Derivatives are known in closed form, in float64.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

import numpy as np
import pytest
import tensorflow as tf

from gradients.test_graphs import ROWS, agree, differentiated, graph
from gradients.test_machinery import POINT

v1 = tf.compat.v1
raw = tf.raw_ops

#: Three times a point, twice, and again.
POINTS = (3 * POINT, 2 * POINT, 2 * POINT)


def switched(reference: tf.Tensor) -> tf.Tensor:
    """Pass a reference through a switch and a merge."""
    no, yes = raw.RefSwitch(data=reference, pred=tf.constant(True))
    return raw.RefMerge(inputs=[no, yes])[0]


PASSED: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
    "identity": lambda reference: raw.RefIdentity(input=reference),
    "switch": switched,
}


@pytest.mark.parametrize("name", PASSED)
def test_a_reference_passes_its_gradient(name: str) -> None:
    with graph():
        variable = v1.get_variable("variable", initializer=POINT, use_resource=False)
        value = tf.identity(PASSED[name](variable._ref())) ** 2
        gradients = v1.gradients(tf.reduce_sum(value), [variable._ref(), variable])
        with v1.Session() as session:
            session.run(v1.global_variables_initializer())
            agree(session.run([value, *gradients]), POINT**2, 2 * POINT, 2 * POINT)


ENTERED: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
    "enter": lambda reference: raw.RefEnter(data=reference, frame_name="frame"),
    "next": lambda reference: raw.RefNextIteration(data=reference),
}


@pytest.mark.parametrize("name", ENTERED)
def test_what_enters_a_frame_passes_what_flows_back(name: str) -> None:
    """To the reference that entered, outside of any loop."""
    with graph():
        variable = v1.get_variable("variable", initializer=POINT, use_resource=False)
        entered = ENTERED[name](variable._ref())
        back = v1.gradients(entered, variable._ref(), grad_ys=tf.constant(2 * POINT))
        with v1.Session() as session:
            agree(session.run(back), 2 * POINT)


@pytest.mark.parametrize("taken", [True, False])
def test_a_condition_reads_a_variable(taken: bool) -> None:
    """As a whole, and by rows: in each branch other ones."""
    with graph():
        table = v1.get_variable("table", initializer=ROWS, use_resource=True)
        flag = v1.placeholder(tf.bool, [])
        whole = v1.cond(flag, lambda: table * 2.0, lambda: table**2)
        rows = v1.cond(flag, lambda: tf.gather(table, [0, 1]), lambda: tf.gather(table, [2, 2]))
        gradients = [v1.gradients(tf.reduce_sum(part), table)[0] for part in (whole, rows)]
        with v1.Session() as session:
            session.run(v1.global_variables_initializer())
            ours = session.run([tf.convert_to_tensor(part) for part in gradients], {flag: taken})
    counts = [[1.0], [1.0], [0.0]] if taken else [[0.0], [0.0], [2.0]]
    agree(ours, np.full((3, 2), 2.0) if taken else 2 * ROWS, np.broadcast_to(counts, (3, 2)))


def test_a_loop_joins_by_an_axis_of_its_own() -> None:
    """Each step takes what the last one joined: 3 y, and y^2 beside it, which is left."""

    def build(y: tf.Tensor) -> tf.Tensor:
        def step(n: tf.Tensor, y: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return n + 1, tf.concat([y * y, 3 * y], 0)[1:]

        return v1.while_loop(lambda n, _: n < 2, step, (tf.constant(0), y))[1]

    agree(differentiated(build, ROWS[:1]), 9 * ROWS[:1], np.full((1, 2), 9.0))


@pytest.mark.parametrize("back_prop", [True, False])
def test_a_loop_differentiates_in_its_steps(*, back_prop: bool) -> None:
    """Each step descends by the gradient, in what does not change, of sum(c^2) sum(y)."""

    def build(y: tf.Tensor) -> tf.Tensor:
        fixed = tf.constant(POINT + 2)

        def step(n: tf.Tensor, y: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            (slope,) = v1.gradients(tf.reduce_sum(fixed**2) * tf.reduce_sum(y), fixed)
            return n + 1, y - 0.125 * slope

        start = tf.constant(0), y
        last = v1.while_loop(lambda n, _: n < 2, step, start, back_prop=back_prop)[1]
        return tf.stop_gradient(last) + y

    y = POINT
    for _ in range(2):
        y = y - 0.25 * (POINT + 2) * y.sum()
    agree(differentiated(build, POINT), y + POINT, np.ones(3))


def test_a_condition_differentiates_another() -> None:
    """The gradient of one condition is asked for inside of the next."""

    def build(x: tf.Tensor) -> tf.Tensor:
        first = v1.cond(tf.size(x) > 2, lambda: x**3, lambda: x)
        return v1.cond(tf.size(x) > 2, lambda: v1.gradients(first, x)[0], lambda: x)

    with graph():
        x = tf.constant(POINT)
        with v1.Session() as session:
            agree([session.run(build(x))], 3 * POINT**2)


def test_two_conditions_in_a_loop_remember_one_choice() -> None:
    """First y <- 3 y + 5 y, then y <- 2 y + y^2."""

    def build(y: tf.Tensor) -> tf.Tensor:
        def step(n: tf.Tensor, y: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            flag = n > 0
            one = v1.cond(flag, lambda: y * 2, lambda: y * 3)
            return n + 1, one + v1.cond(flag, lambda: y * y, lambda: y * 5)

        return v1.while_loop(lambda n, _: n < 2, step, (tf.constant(0), y))[1]

    first = 8 * POINT
    agree(differentiated(build, POINT), 2 * first + first**2, (2 + 2 * first) * 8)


def test_a_loop_holds_what_nobody_reads() -> None:
    """A state that decides nothing."""

    def build(y: tf.Tensor) -> tf.Tensor:
        def step(n: tf.Tensor, y: tf.Tensor, other: tf.Tensor):
            return n + 1, y * y, other * y

        return v1.while_loop(lambda n, *_: n < 2, step, (tf.constant(0), y, y))[1]

    agree(differentiated(build, POINT), POINT**4, 4 * POINT**3)


def test_rows_of_no_size_flow_back_through_a_loop() -> None:
    """As rows: nothing says of how many they are."""
    with graph():
        x = tf.constant(ROWS)
        start = tf.constant(0), x
        step = v1.while_loop(lambda n, _: n < 2, lambda n, y: (n + 1, tf.identity(y)), start)
        into = tf.IndexedSlices(tf.constant(ROWS[:2]), tf.constant([2, 0]))
        (back,) = v1.gradients(step[1], x, grad_ys=into)
        with v1.Session() as session:
            values, indices = session.run([back.values, back.indices])
    agree([values, indices], ROWS[:2], np.array([2, 0]))


def test_a_custom_gradient_reads_what_is_not_trained() -> None:
    """Which gets no gradient; something else is where its variable is looked for.

    A variable by reference is refused inside of it alone.
    """
    with graph():
        v1.get_variable("before", initializer=POINT, use_resource=False)
        fixed = v1.get_variable("fixed", initializer=POINT, use_resource=True, trainable=False)
        v1.add_to_collection(v1.GraphKeys.GLOBAL_VARIABLES, "a name")

        @tf.custom_gradient
        def weighed(x: tf.Tensor):
            return x * fixed, lambda upstream: 5 * upstream

        x = tf.constant(POINT)
        value = weighed(x)
        gradients = v1.gradients(tf.reduce_sum(value), x)
        with v1.Session() as session:
            session.run(fixed.initializer)
            agree(session.run([value, *gradients]), POINT**2, np.full(3, 5.0))


@pytest.mark.parametrize("older", [True, False])
def test_a_tape_differentiates_in_a_graph(*, older: bool) -> None:
    """With the loops and conditions of either TensorFlow."""
    with graph() if older else nullcontext(), tf.Graph().as_default():
        x = tf.constant(POINT)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x**3
        gradient = tape.gradient(y, x)
        with v1.Session() as session:
            agree([session.run(gradient)], 3 * POINT**2)


def test_a_newer_condition_returns_what_its_gradient_reads() -> None:
    """In a graph, where nothing stands between what a branch makes and what it returns."""
    with tf.Graph().as_default():
        x = tf.constant(POINT)
        y = tf.cond(tf.size(x) > 2, lambda: tf.exp(x), lambda: x)
        (gradient,) = v1.gradients(y, x)
        with v1.Session() as session:
            agree([session.run(gradient)], np.exp(POINT))


def test_a_newer_loop_writes_what_nobody_reads() -> None:
    """An array, from which nothing flows back."""
    with tf.Graph().as_default():
        x = tf.constant(POINT)
        states = tf.TensorArray(tf.float64, 2, element_shape=[3])

        def step(n: tf.Tensor, y: tf.Tensor, states: tf.TensorArray):
            return n + 1, tf.sin(y), states.write(n, y)

        y = tf.while_loop(lambda n, *_: n < 2, step, (tf.constant(0), x, states))[1]
        (gradient,) = v1.gradients(y, x)
        with v1.Session() as session:
            agree([session.run(gradient)], np.cos(np.sin(POINT)) * np.cos(POINT))


def test_a_function_in_a_graph_has_no_gradient_where_no_path_is() -> None:
    @tf.function
    def apart(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.ones([2], x.dtype), tf.size(x)

    @tf.function
    def gradient(x: tf.Tensor) -> tf.Tensor:
        ones, _ = apart(x)
        (of_x,) = tf.gradients(tf.reduce_sum(ones) * x, x)
        return of_x

    np.testing.assert_array_equal(gradient(tf.constant(POINT)), np.full(3, 2.0))


def no_longer_made(
    operation: str, names: str, points: list[np.ndarray], into: np.ndarray, **attributes: object
) -> list[np.ndarray]:
    """Return the gradients of an operation from a graph of a time when it was made."""
    with tf.Graph().as_default() as older:
        for name, point in zip(names, points, strict=True):
            v1.placeholder(tf.float32, point.shape, name=name)
        definition = older.as_graph_def()
    definition.versions.producer = 8
    node = definition.node.add(op=operation, name="made")
    node.input.extend(names)
    node.attr["T"].type = tf.float32.as_datatype_enum
    for name, value in attributes.items():
        setattr(node.attr[name], {bool: "b", float: "f"}[type(value)], value)
    with tf.Graph().as_default():
        inputs = [tf.constant(point, tf.float32) for point in points]
        held = dict(zip(names, inputs, strict=True))
        (y,) = v1.import_graph_def(definition, held, ["made:0"])
        gradients = v1.gradients(y, inputs, grad_ys=tf.constant(into, tf.float32))
        with v1.Session() as session:
            return session.run(gradients)


def test_a_normalization_that_is_no_longer_made_has_its_gradient() -> None:
    """By what is known of the mean, the variance, the offset and the scale."""
    random = np.random.default_rng(3)
    points = [random.standard_normal((2, 2, 2, 2)), *random.uniform(0.5, 2.0, (4, 2))]
    t, mean, variance, _, gamma = points
    into, root, summed = t**2, np.sqrt(variance + 0.25), (0, 1, 2)
    ours = no_longer_made(
        *("BatchNormWithGlobalNormalization", "tmvbg", points, into),
        variance_epsilon=0.25,
        scale_after_normalization=True,
    )
    expected = [
        into * gamma / root,
        -(into * gamma / root).sum(summed),
        -(into * (t - mean) * gamma / root**3).sum(summed) / 2,
        into.sum(summed),
        (into * (t - mean) / root).sum(summed),
    ]
    for one, other in zip(ours, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def test_a_rounding_that_is_no_longer_made_passes_what_flows_back() -> None:
    (back,) = no_longer_made(
        *("QuantizeAndDequantize", "x", [POINT], POINT + 2),
        range_given=True,
        input_min=-2.0,
        input_max=2.0,
    )
    np.testing.assert_allclose(back, POINT + 2, rtol=1e-6)


def test_what_is_assigned_is_what_a_session_reads() -> None:
    """Of a variable that is a resource: the value after its own step, whoever asks for it."""
    with graph():
        variable = v1.get_variable("variable", initializer=POINT, use_resource=True)
        more, less = variable.assign_add(2 * POINT), variable.assign_sub(POINT)
        with v1.Session() as session:
            session.run(v1.global_variables_initializer())
            agree([session.run(more), session.run(less), session.run(variable)], *POINTS)


def test_elements_of_an_array_differ_in_size() -> None:
    """Where none is inferred from another; each keeps its own gradient."""

    def build(y: tf.Tensor) -> tf.Tensor:
        held = tf.TensorArray(y.dtype, 2, infer_shape=False, clear_after_read=False)
        held = held.write(0, y[:2] ** 2).write(1, 3 * y[2:])
        return tf.concat([held.read(0), held.read(1)], 0)

    y = np.array([1.5, -2.0, 0.75])
    agree(differentiated(build, y), [2.25, 4.0, 2.25], [3.0, -4.0, 3.0])
