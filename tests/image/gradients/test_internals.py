"""What TensorFlow's own packages differentiate with, and what a concrete function tells.

`tf.test.compute_gradient`, the CTC loss and the parameter servers call it. Everything is compared
with the derivative as it is known in closed form, in float64.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.eager import backprop, context, record
from tensorflow.python.ops import cond_v2, while_v2

from gradients.test_machinery import POINT, close
from gradients.tracing import traced

OTHER = POINT[::-1] + 2


def weighed(x: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
    """Return x^3 w."""
    return x**3 * w


class Weighing:
    """The same as a method, and as an object that is called."""

    def weigh(self, x: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
        """Return x^3 w."""
        return weighed(x, w)

    def __call__(self, x: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
        """Return x^3 w."""
        return weighed(x, w)


SLOPES = (3 * POINT**2 * OTHER, POINT**3)
#: What is differentiated, in which of its parameters, and in which of the two that is.
WANTED: dict[str, tuple[Callable[..., tf.Tensor], object, tuple[int, ...]]] = {
    "all": (weighed, None, (0, 1)),
    "by name": (weighed, ["w"], (1,)),
    "by number": (weighed, [0], (0,)),
    "of a method": (Weighing().weigh, None, (0, 1)),
    "of an object": (Weighing(), None, (0, 1)),
    "of any arguments": (lambda *both: weighed(*both), None, (0, 1)),
}


@pytest.mark.parametrize("name", WANTED)
def test_a_function_has_its_gradients_and_its_value(name: str) -> None:
    """In the parameters that are asked for, in their order; with what flows in, too."""
    function, params, which = WANTED[name]
    point = tf.constant(POINT), tf.constant(OTHER)
    gradients = backprop.gradients_function(function, params)(*point)
    value, weighted = backprop.val_and_grad_function(function, params)(*point, dy=2 * OTHER)
    close(value, POINT**3 * OTHER)
    for place, one, other in zip(which, gradients, weighted, strict=True):
        close(one, SLOPES[place])
        close(other, 2 * OTHER * SLOPES[place])


@pytest.mark.parametrize("params", [None, [1]])
def test_a_function_that_tells_no_names_has_its_gradients(params: list[int] | None) -> None:
    """Python's own `max` of two numbers: the larger one's is 1."""
    ours = backprop.gradients_function(max, params)(tf.constant(1.0), tf.constant(3.0))
    assert [one and float(one) for one in ours][-1] == 1.0
    assert params or ours[0] is None


def test_one_tensor_for_two_parameters_has_two_gradients() -> None:
    """Each has its own, although the tensor is one."""
    x = tf.constant(POINT)
    value, vjp = backprop.make_vjp(weighed)(x, x)
    close(value, POINT**4)
    of_x, of_w = vjp(dy=tf.constant(OTHER))
    close(of_x, 3 * POINT**3 * OTHER)
    close(of_w, POINT**3 * OTHER)


def test_a_function_has_its_gradient_in_a_parameter_beside_numbers() -> None:
    """The other is an array, and stays one."""
    value, vjp = backprop.make_vjp(weighed, ["w"])(POINT, OTHER)
    close(value, POINT**3 * OTHER)
    (of_w,) = vjp(dy=tf.constant(OTHER))
    close(of_w, POINT**3 * OTHER)
    assert not record.could_possibly_record(), "its tape is left on"


def test_gradients_go_to_the_variables_that_were_read() -> None:
    """Each beside its variable, in the order in which they were made, whatever their names are."""
    one, other = tf.Variable(POINT, name="second"), tf.Variable(OTHER, name="first")

    def value(factor: float) -> tf.Tensor:
        return factor * weighed(tf.identity(one), tf.identity(other))

    result, pairs = backprop.implicit_val_and_grad(value)(2.0)
    close(result, 2 * POINT**3 * OTHER)
    for found in (pairs, backprop.implicit_grad(value)(2.0)):
        assert [variable.ref() for _, variable in found] == [one.ref(), other.ref()]
        for (ours, _), theirs in zip(found, SLOPES, strict=True):
            close(ours, 2 * theirs)


def test_what_is_computed_agrees_with_what_is_differenced() -> None:
    """`tf.test.compute_gradient` has a Jacobian by either way, for each input."""
    ours, differenced = tf.test.compute_gradient(weighed, [POINT, OTHER])
    for one, other, slope in zip(ours, differenced, SLOPES, strict=True):
        np.testing.assert_allclose(one, np.diag(slope), rtol=1e-14)
        np.testing.assert_allclose(other, np.diag(slope), rtol=1e-5, atol=1e-9)


def test_an_accumulator_takes_several_directions_at_once() -> None:
    """A row of each: of sin(x) exp(x), all three give the Jacobian."""
    x = tf.constant(POINT)
    with tf.autodiff.ForwardAccumulator._batch_accumulator(
        x, tf.eye(3, dtype=tf.float64)
    ) as accumulator:
        y = tf.sin(x) * tf.exp(x)
    close(accumulator.jvp(y), np.diag((np.sin(POINT) + np.cos(POINT)) * np.exp(POINT)))


@pytest.fixture
def concrete() -> tf.types.experimental.ConcreteFunction:
    """Return a function of x that reads a variable and another tensor."""
    w = tf.Variable(OTHER, name="w")
    fixed = tf.Variable(1.0, trainable=False, dtype=tf.float64)

    @traced
    def function(x: tf.Tensor) -> tuple[tf.Tensor, None]:
        return weighed(x, w) * fixed, None

    found = function.get_concrete_function(tf.TensorSpec([3], tf.float64))
    found.kept = w, fixed
    return found


def test_a_concrete_function_tells_what_it_takes_gives_and_reads(concrete) -> None:
    """Shapes, types, variables, and the names of its arguments."""
    assert [variable.ref() for variable in concrete.variables] == [
        variable.ref() for variable in concrete.kept
    ]
    assert [variable.ref() for variable in concrete.trainable_variables] == [concrete.kept[0].ref()]
    assert concrete.output_shapes == (tf.TensorShape([3]), tf.TensorShape(None))
    assert concrete.output_dtypes == (tf.float64, None)
    assert "x (POSITIONAL_OR_KEYWORD)" in concrete.pretty_printed_signature()
    assert str(concrete) == f"ConcreteFunction {concrete.pretty_printed_signature()}"
    assert concrete.pretty_printed_signature(verbose=False) in repr(concrete)
    assert (
        concrete.function_def.signature.name
        == concrete.inference_fn.cached_definition.signature.name
    )


@pytest.mark.parametrize("name", ["x", "of-x", "of_x"])
def test_a_concrete_function_is_called_by_either_name(name: str) -> None:
    """Its argument's, or that of what it was traced with, which need not be a word of Python's."""
    spec = tf.TensorSpec([3], tf.float64, name="of-x")
    concrete = traced(lambda x: x**3).get_concrete_function(spec)
    close(concrete(**{name: tf.constant(POINT)}), POINT**3)


@pytest.mark.parametrize("where", ["here", "in another graph", "in no graph"])
def test_a_graph_takes_a_concrete_function_with_its_gradient(concrete, where: str) -> None:
    """Three functions: its own, what it does forward, and what it does backward."""
    graph = tf.Graph()
    if where == "in no graph":
        concrete.add_gradient_functions_to_graph(graph)
    elif where == "in another graph":
        with tf.Graph().as_default():
            concrete.add_gradient_functions_to_graph(graph)
    with graph.as_default():
        if where == "here":
            concrete.add_gradient_functions_to_graph()
        names = [function.signature.name for function in graph.as_graph_def().library.function]
    assert len(names) == 3
    assert sum("__forward_" in name for name in names) == 1
    assert sum("__backward_" in name for name in names) == 1


def test_a_function_that_cannot_be_saved_tells_who_calls_it() -> None:
    @traced
    def inner(x: tf.Tensor) -> tf.Tensor:
        return x**2

    spec = tf.TensorSpec([3], tf.float64)
    concrete = inner.get_concrete_function(spec)
    concrete.graph.mark_as_unsaveable("it holds what no file holds")
    outer = traced(lambda x: 3 * concrete(x))
    with tf.GradientTape() as tape:
        tape.watch(x := tf.constant(POINT))
        y = outer(x)
    close(tape.gradient(y, x), 6 * POINT)
    assert outer.get_concrete_function(spec).graph.saving_errors == {"it holds what no file holds"}


def test_what_a_function_captured_may_be_asked_for_when_it_is_called() -> None:
    """Then the gradient takes what the answer is."""
    kept, captured, held = tf.constant(POINT), tf.constant(POINT), [POINT]

    @traced
    def function(x: tf.Tensor) -> tf.Tensor:
        return x**2 * kept * captured

    concrete = function.get_concrete_function(tf.TensorSpec([3], tf.float64))
    concrete.replace_capture_with_deferred_capture(
        captured, lambda: tf.constant(held[0]), tf.TensorSpec([3], tf.float64)
    )
    for now in (POINT, OTHER):
        held[0] = now
        with tf.GradientTape() as tape:
            tape.watch(x := tf.constant(OTHER))
            y = concrete(x)
        close(tape.gradient(y, x), 2 * OTHER * POINT * now)


def test_a_captured_tensor_is_saved_with_its_function(tmp_path: Path) -> None:
    """And restored with it; what keeps variables alone keeps no function."""
    module, captured = tf.Module(), tf.constant(OTHER)
    module.function = traced(lambda x: x**2 * captured).get_concrete_function(
        tf.TensorSpec([3], tf.float64)
    )
    module.variable = tf.Variable(POINT)
    tf.train.Checkpoint(module).write(str(tmp_path / "variables"))
    assert [name for name, _ in tf.train.list_variables(str(tmp_path / "variables"))] == [
        "_CHECKPOINTABLE_OBJECT_GRAPH",
        "variable/.ATTRIBUTES/VARIABLE_VALUE",
    ]
    tf.saved_model.save(module, str(tmp_path / "model"))
    restored = tf.saved_model.load(str(tmp_path / "model"))
    with tf.GradientTape() as tape:
        tape.watch(x := tf.constant(POINT))
        y = restored.function(x)
    close(tape.gradient(y, x), 2 * POINT * OTHER)


def test_a_concrete_function_refuses_what_does_not_fit(concrete) -> None:
    """By what was missing, and by what was too much."""
    x = tf.constant(POINT)
    for call in (
        lambda: concrete(),
        lambda: concrete(x, x),
        lambda: concrete(x, y=x),
        lambda: concrete(x, x=x),
    ):
        with pytest.raises(TypeError, match="Fallback to flat signature also failed due to"):
            call()


Branches = tuple[Callable[[], tf.Tensor], Callable[[], tf.Tensor]]
CONDITIONS: dict[str, Callable[[tf.Tensor, Branches], tf.Tensor]] = {
    "condition": lambda flag, branches: tf.cond(flag, *branches),
    "case": lambda flag, branches: tf.switch_case(1 - tf.cast(flag, tf.int32), list(branches)),
    "fast": lambda flag, branches: cond_v2.fast_cond_v2(flag, *branches, name="named"),
    "fast, without a name": lambda flag, branches: cond_v2.fast_cond_v2(flag, *branches, name=""),
}


@pytest.mark.parametrize("optionals", [True, False])
@pytest.mark.parametrize("name", CONDITIONS)
def test_every_kind_of_condition_keeps_what_its_gradient_needs(
    name: str, *, optionals: bool
) -> None:
    """As optionals, or as they are, with zeros from the branch that is not taken."""

    @traced
    def gradient(x: tf.Tensor, flag: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = CONDITIONS[name](flag, (lambda: tf.sin(x * x) * x, lambda: tf.exp(-x) * tf.cos(x)))
        return tape.gradient(y, x)

    sine = np.sin(POINT**2) + 2 * POINT**2 * np.cos(POINT**2)
    cosine = -np.exp(-POINT) * (np.cos(POINT) + np.sin(POINT))
    was = context.optionals_in_gradients_enabled()
    (
        context.enable_optionals_in_gradients
        if optionals
        else context.disable_optionals_in_gradients
    )()
    try:
        for taken, expected in ((True, sine), (False, cosine)):
            close(gradient(tf.constant(POINT), tf.constant(taken)), expected)
    finally:
        (context.enable_optionals_in_gradients if was else context.disable_optionals_in_gradients)()


@pytest.mark.skipif(
    not hasattr(while_v2, "async_noop"), reason="TensorFlow 2.20 brought it, older ones have none"
)
def test_a_loop_that_does_nothing_waits_for_nothing() -> None:
    """What is computed after it has the gradient that it has without it."""

    @traced
    def gradient(x: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(x)
            with tf.control_dependencies([while_v2.async_noop()]):
                y = x**2
        return tape.gradient(y, x)

    close(gradient(tf.constant(POINT)), 2 * POINT)
