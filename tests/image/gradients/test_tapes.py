"""What tapes, accumulators and rules of one's own take and give, beside a tensor for a tensor.

Everything is compared with the derivative as it is known in closed form, in float64.
"""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from gradients.test_machinery import POINT, WAYS, close
from gradients.tracing import traced

SHORT_WAYS = ("eager", "without autograph")


def test_a_tape_watches_what_it_is_told_to_and_no_more() -> None:
    """Of two variables that are read, one is watched; the tape names it."""
    one, other = tf.Variable(POINT), tf.Variable(POINT + 2)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(one)
        y = one * other
        assert [variable.ref() for variable in tape.watched_variables()] == [one.ref()]
    of_one, of_other = tape.gradient(y, [one, other])
    close(of_one, POINT + 2)
    assert of_other is None
    assert [variable.ref() for variable in tape.watched_variables()] == [one.ref()]


@pytest.mark.parametrize("way", SHORT_WAYS)
def test_a_ragged_tensor_is_a_source_and_a_target(way: str) -> None:
    """Its gradient is ragged, too; what flows in may be."""
    lengths = [2, 0, 1]

    def gradients(values: tf.Tensor) -> list[tf.Tensor]:
        x = tf.RaggedTensor.from_row_lengths(values, lengths)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = x * x
        plain = tape.gradient(y, x)
        weighed = tape.gradient(y, x, output_gradients=3.0 * x)
        return [plain.values, weighed.values]

    plain, weighed = WAYS[way](gradients)(tf.constant(POINT))
    close(plain, 2 * POINT)
    close(weighed, 6 * POINT**2)


@pytest.mark.parametrize("way", SHORT_WAYS)
def test_a_batch_jacobian_of_what_is_not_connected_is_zero(way: str) -> None:
    """It has its shape; a target whose sizes a graph does not know has its Jacobian."""
    batch = np.stack([POINT, 2 * POINT])

    def jacobians(x: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y, z = x**2, tf.zeros_like(x)
        return [tape.batch_jacobian(y, x), tape.batch_jacobian(z, x)]

    spec = tf.TensorSpec([None, None], tf.float64)
    run = jacobians if way == "eager" else traced(jacobians, input_signature=[spec])
    squares, zeros = run(tf.constant(batch))
    close(squares, 2 * batch[:, :, None] * np.eye(3))
    assert zeros.shape == (2, 3, 3)
    assert not zeros.numpy().any()


def test_a_jacobian_of_unknown_size_has_every_derivative() -> None:
    """Inside a function that knows no size."""

    @traced(input_signature=[tf.TensorSpec([None], tf.float64)])
    def jacobian(x: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.boolean_mask(x**2, x > 0)
        return tape.jacobian(y, x)

    close(jacobian(tf.constant(POINT)), np.diag(2 * POINT)[POINT > 0])


def test_a_gradient_with_a_tape_still_recording_is_recorded() -> None:
    """From inside a persistent tape's context, which can then differentiate it."""
    x = tf.constant(POINT)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x**3
        first = tape.gradient(y, x)
    close(first, 3 * POINT**2)
    close(tape.gradient(first, x), 6 * POINT)


@pytest.mark.parametrize("way", SHORT_WAYS)
def test_forward_mode_takes_variables(way: str) -> None:
    """Several at once; what is not connected is None, or zero where that is asked for."""
    one, other = tf.Variable(POINT), tf.Variable(POINT + 2)
    along = [np.array([1.0, -2.0, 0.5]), np.array([0.25, 3.0, -1.0])]

    def slopes() -> list[tf.Tensor]:
        tangents = [tf.constant(part) for part in along]
        with tf.autodiff.ForwardAccumulator([one, other], tangents) as accumulator:
            product = tf.sin(one) * tf.identity(other)
            apart = tf.ones([2], tf.float64)
        assert accumulator.jvp(apart) is None
        zero = accumulator.jvp(apart, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return [accumulator.jvp(product), accumulator.jvp(one), zero]

    product, own, zero = WAYS[way](slopes)()
    close(product, np.cos(POINT) * along[0] * (POINT + 2) + np.sin(POINT) * along[1])
    close(own, along[0])
    assert (zero.dtype, zero.numpy().tolist()) == (tf.float64, [0, 0])


def test_forward_mode_knows_more_shapes_than_it_keeps_apart() -> None:
    """After 32 traces of an operation it traces for ranks alone."""
    for size in range(1, 36):
        x, along = np.linspace(0.5, 1.5, size), np.arange(1.0, size + 1)
        primal = tf.constant(x)
        with tf.autodiff.ForwardAccumulator(primal, tf.constant(along)) as accumulator:
            y = tf.math.atan(primal)
        close(accumulator.jvp(y), along / (1 + x**2))


def test_nested_accumulators_give_the_second_derivative() -> None:
    """Of exp(2 x), along one direction and another."""
    x, one, other = tf.constant(POINT), np.array([1.0, -2.0, 0.5]), np.array([0.5, 3.0, -1.0])
    with (
        tf.autodiff.ForwardAccumulator(x, tf.constant(other)) as outer,
        tf.autodiff.ForwardAccumulator(x, tf.constant(one)) as inner,
    ):
        y = tf.exp(2 * x)
    close(inner.jvp(y), 2 * np.exp(2 * POINT) * one)
    close(outer.jvp(inner.jvp(y)), 4 * np.exp(2 * POINT) * one * other)


class Doubled:
    """A method with a rule of its own: its gradient is twice what it should be."""

    factor = 3.0

    @tf.custom_gradient
    def times(self, x: tf.Tensor):
        """Multiply by the factor."""
        return self.factor * x, lambda upstream: 2 * self.factor * upstream


@pytest.mark.parametrize("way", SHORT_WAYS)
def test_a_method_has_a_gradient_of_its_own(way: str) -> None:
    def gradient(x: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = Doubled().times(x)
        return tape.gradient(y, x)

    close(WAYS[way](gradient)(tf.constant(POINT)), np.full(3, 6.0))


def test_a_custom_gradient_takes_keywords() -> None:
    """In eager execution, which alone allows it."""

    @tf.custom_gradient()
    def scaled(x: tf.Tensor, *, by: tf.Tensor):
        return x * by, lambda upstream: 5 * upstream

    x = tf.constant(POINT)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = scaled(x, by=tf.constant(2.0, tf.float64))
    close(y, 2 * POINT)
    close(tape.gradient(y, x), np.full(3, 5.0))


@pytest.mark.parametrize("way", SHORT_WAYS)
def test_a_pass_through_has_the_gradient_of_an_identity(way: str) -> None:
    """Of a rounding, and of one that reads a variable, which gets none."""
    shift = tf.Variable(POINT)

    def gradients(x: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = tf.grad_pass_through(tf.round)(x) ** 2
            z = tf.grad_pass_through(lambda x: tf.round(x + shift))(x) * x
            one, other = tf.grad_pass_through(lambda *both: [tf.round(of) for of in both])(y, x)
            apart = 3 * one - other
        assert tape.gradient(z, shift) is None
        return [tape.gradient(y, x), tape.gradient(z, x), tape.gradient(apart, y)]

    of_y, of_z, of_both = WAYS[way](gradients)(tf.constant(POINT))
    close(of_y, 2 * np.round(POINT))
    close(of_z, POINT + np.round(2 * POINT))
    close(of_both, np.full(3, 3.0))


def test_sparse_gradients_of_several_uses_are_one() -> None:
    """Rows read thrice, once from rows that were read before: each use adds to its rows."""
    table = tf.Variable(np.arange(8.0).reshape(4, 2))
    with tf.GradientTape() as tape:
        twice = tf.gather(tf.gather(table, [3, 1, 1]), [0, 2])
        total = tf.reduce_sum(twice**2) + tf.reduce_sum(tf.gather(table, [1, 0]))
    gradient = tape.gradient(total, table)
    expected = np.zeros((4, 2))
    np.add.at(expected, [3, 1], 2 * np.arange(8.0).reshape(4, 2)[[3, 1]])
    np.add.at(expected, [1, 0], 1.0)
    close(tf.convert_to_tensor(gradient), expected)


def test_a_gradient_asked_for_too_early_ends_the_recording() -> None:
    """Of a tape that answers once: what follows is not recorded."""
    x = tf.constant(POINT)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x**3
        close(tape.gradient(y, x), 3 * POINT**2)
        with pytest.raises(RuntimeError, match="can only be used to compute one"):
            tape.gradient(y, x)


def test_a_gradient_may_leave_out_what_flows_in() -> None:
    """Ones flow in, then; whole numbers and what is not connected have None."""
    x, apart = tf.constant(POINT), tf.constant(POINT)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, apart])
        y, z = x**2, tf.sin(x)
        count = tf.cast(x, tf.int32)
    close(tape.gradient([y, z], x), 2 * POINT + np.cos(POINT))
    assert tape.gradient(count, x) is None
    jacobian = tape.jacobian(y, [x, apart])
    close(jacobian[0], np.diag(2 * POINT))
    assert jacobian[1] is None


@pytest.mark.parametrize("way", SHORT_WAYS)
def test_a_tape_may_stay_open_for_its_jacobian(way: str) -> None:
    """A persistent one, and one inside a function, row by row."""

    def jacobians(x: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = x[:, :1] * x
            whole = tape.jacobian(y, x)
        batch = tape.batch_jacobian(y, x, experimental_use_pfor=False)
        return [whole, batch]

    x = np.stack([POINT, POINT + 2])
    whole, batch = WAYS[way](jacobians)(tf.constant(x))
    expected = x[:, :1, None] * np.eye(3) + x[:, :, None] * np.eye(3)[0]
    close(batch, expected)
    close(whole, np.einsum("bij,bc->bicj", expected, np.eye(2)))


def test_a_tape_goes_on_after_an_error_and_forgets_when_it_is_reset() -> None:
    """One that answers again."""
    x = tf.constant(POINT)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x**2
        with pytest.raises(KeyError), tape.stop_recording():
            raise KeyError
        z = y * x
        close(tape.gradient(z, x), 3 * POINT**2)
        tape.reset()
        tape.watch(x)
        z = y * x
    close(tape.gradient(z, x), POINT**2)


@pytest.mark.parametrize("way", SHORT_WAYS)
def test_a_custom_gradient_of_one_result_in_a_structure(way: str) -> None:
    """A dictionary goes in and comes out; the rule takes its parts."""

    @tf.custom_gradient
    def own(parts: dict[str, tf.Tensor]):
        return {"y": parts["a"] * parts["b"]}, lambda upstream: {
            "a": 3 * upstream,
            "b": 5 * upstream,
        }

    def gradients(a: tf.Tensor, b: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch([a, b])
            y = own({"a": a, "b": b})["y"]
        return tape.gradient(y, [a, b])

    of_a, of_b = WAYS[way](gradients)(tf.constant(POINT), tf.constant(POINT + 1))
    close(of_a, np.full(3, 3.0))
    close(of_b, np.full(3, 5.0))
