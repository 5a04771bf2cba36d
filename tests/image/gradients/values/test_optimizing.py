"""What optimizers do beside the step: what they keep and restore, several, odd gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import optimizers

from gradients.values.saved import restored

_random = np.random.default_rng(15)
SHAPES = ((4, 3), (4,))
STARTS = [_random.standard_normal(shape) for shape in SHAPES]
GRADIENTS = [[_random.standard_normal(shape) for shape in SHAPES] for _ in range(6)]
RATE = 0.125
#: Kinds of optimizers by what they keep.
KINDS: dict[str, Callable[[], keras.Optimizer]] = {
    "SGD": lambda: optimizers.SGD(RATE, momentum=0.5),
    "Adam": lambda: optimizers.Adam(RATE, amsgrad=True),
    "averaged": lambda: optimizers.Adagrad(RATE, use_ema=True, ema_overwrite_frequency=2),
    "accumulated": lambda: optimizers.RMSprop(RATE, gradient_accumulation_steps=2),
    "scaled": lambda: optimizers.LossScaleOptimizer(optimizers.SGD(RATE, momentum=0.5), 8.0, 2),
    "several": lambda: optimizers.MultiOptimizer(
        optimizers.OptimizerMap(optimizers.Lamb(RATE), {"bias.*": optimizers.Ftrl(RATE)})
    ),
}


def variables() -> list[keras.Variable]:
    """Return a kernel and a bias at their start."""
    return [
        keras.Variable(start, dtype="float64", name=name)
        for start, name in zip(STARTS, ("kernel", "bias"), strict=True)
    ]


def take(optimizer: keras.Optimizer, to: list[keras.Variable], steps: range) -> None:
    """Take some of the steps."""
    for step in steps:
        optimizer.apply([tf.constant(one) for one in GRADIENTS[step]], to)


#: Keras's `set_weights` leaves the optimizer that is inside another as it was.
WAYS = [
    (kind, by)
    for kind in KINDS
    for by in ("store", "weights")
    if (kind, by) != ("scaled", "weights")
]


@pytest.mark.parametrize(("kind", "by"), WAYS)
def test_training_goes_on_from_what_was_saved(kind: str, by: str) -> None:
    """Bit for bit: the optimizer from its configuration, its state from a store or a list."""
    optimizer, weights = KINDS[kind](), variables()
    take(optimizer, weights, range(3))
    assert keras.backend.is_int_dtype(optimizer.iterations.dtype), "a float stops at 2^24"
    other, copies = restored(optimizer), variables()
    other.build(copies)
    if by == "store":
        store: dict[str, np.ndarray] = {}
        optimizer.save_own_variables(store)
        other.load_own_variables(store)
    else:
        other.set_weights([variable.numpy() for variable in optimizer.variables])
    for copy, weight in zip(copies, weights, strict=True):
        copy.assign(weight)
    assert int(other.iterations) == int(optimizer.iterations)
    take(optimizer, weights, range(3, 6))
    take(other, copies, range(3, 6))
    for copy, weight in zip(copies, weights, strict=True):
        np.testing.assert_array_equal(copy.numpy(), weight.numpy())
    other.finalize_variable_values(copies)
    optimizer.finalize_variable_values(weights)
    for copy, weight in zip(copies, weights, strict=True):
        np.testing.assert_array_equal(copy.numpy(), weight.numpy())


def test_a_scaled_nadam_does_not_go_on_from_what_was_saved() -> None:
    """The product of its momenta is not among what is saved, where another optimizer is around."""
    optimizer, weights = optimizers.LossScaleOptimizer(optimizers.Nadam(RATE), 8.0), variables()
    take(optimizer, weights, range(3))
    other, copies = restored(optimizer), variables()
    other.build(copies)
    store: dict[str, np.ndarray] = {}
    optimizer.save_own_variables(store)
    other.load_own_variables(store)
    for copy, weight in zip(copies, weights, strict=True):
        copy.assign(weight)
    take(optimizer, weights, range(3, 6))
    take(other, copies, range(3, 6))
    far = np.abs(copies[0].numpy() - weights[0].numpy()).max()
    assert far > 1e-3, "no longer wrong: remove the record"
    pytest.xfail("inside a LossScaleOptimizer Nadam does not save the product of its momenta")


def test_another_optimizers_state_is_refused() -> None:
    """With a warning, and without a change."""
    optimizer, weights = KINDS["Adam"](), variables()
    optimizer.build(weights)
    with pytest.warns(UserWarning, match="Skipping variable loading"):
        optimizer.load_own_variables({"0": np.zeros(())})


@pytest.mark.parametrize("chosen", ["by a name", "by a pattern", "by a function"])
def test_several_optimizers_each_take_their_variables(chosen: str) -> None:
    """As each would alone; the rate is that of each."""
    one, other = optimizers.SGD(RATE), optimizers.Adam(RATE)
    by: object = optimizers.OptimizerMap(one)
    if chosen == "by a function":
        by = lambda variable: other if variable.name == "bias" else one  # noqa: E731
    else:
        by["bias" if chosen == "by a name" else "b.*"] = other
        assert len(by) == 1
        assert list(by.values()) == [other]
    both, weights = optimizers.MultiOptimizer(by, loss_scale_factor=4.0), variables()
    alone, singles = variables(), (optimizers.SGD(RATE), optimizers.Adam(RATE))
    for step in GRADIENTS:
        both.apply([tf.constant(4 * part) for part in step], weights)
        for single, part, variable in zip(singles, step, alone, strict=True):
            single.apply([tf.constant(part)], [variable])
    assert len(both.optimizers) == 2
    assert int(both.iterations) == 6
    for ours, theirs in zip(weights, alone, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-12)
    if chosen != "by a function":
        del by["bias" if chosen == "by a name" else "b.*"]
        assert by["bias"] is one


def test_a_missing_gradient_leaves_its_variable() -> None:
    """With a warning that names it; where all are missing, there is no step to take."""
    optimizer, weights = optimizers.SGD(RATE), variables()
    with pytest.warns(UserWarning, match=r"Gradients do not exist for variables \['bias'\]"):
        optimizer.apply([tf.constant(GRADIENTS[0][0]), None], weights)
    np.testing.assert_array_equal(weights[0].numpy(), STARTS[0] - RATE * GRADIENTS[0][0])
    np.testing.assert_array_equal(weights[1].numpy(), STARTS[1])
    with pytest.raises(ValueError, match="No gradients provided"):
        optimizer.apply([None, None], weights)
    optimizer.apply([])
    assert int(optimizer.iterations) == 1


def test_variables_of_tensorflow_are_trained() -> None:
    """By `apply_gradients`, too, and again without naming them."""
    optimizer = optimizers.SGD(RATE)
    weights = [tf.Variable(start) for start in STARTS]
    optimizer.apply_gradients(zip(map(tf.constant, GRADIENTS[0]), weights, strict=True))
    optimizer.apply([tf.constant(one) for one in GRADIENTS[1]])
    for weight, start, first, second in zip(weights, STARTS, *GRADIENTS[:2], strict=True):
        np.testing.assert_allclose(weight, start - RATE * first - RATE * second, rtol=1e-14)


def test_rows_that_are_assigned_leave_the_others() -> None:
    """As an optimizer of one's own may, which is given slices of a table."""

    class Overwriting(optimizers.Optimizer):
        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            self.assign(variable, learning_rate * gradient)

    weight, rows = keras.Variable(STARTS[0], dtype="float64"), GRADIENTS[0][0][:2]
    slices = tf.IndexedSlices(tf.constant(rows), tf.constant([2, 0]), tf.constant(SHAPES[0]))
    Overwriting(RATE).apply([slices], [weight])
    expected = STARTS[0].copy()
    expected[[2, 0]] = RATE * rows
    np.testing.assert_array_equal(weight.numpy(), expected)


def test_a_constraint_holds_after_each_step() -> None:
    weight = keras.Variable(STARTS[0], dtype="float64")
    weight.constraint = keras.constraints.NonNeg()
    optimizers.SGD(RATE).apply([tf.constant(GRADIENTS[0][0])], [weight])
    expected = np.maximum(STARTS[0] - RATE * GRADIENTS[0][0], 0)
    np.testing.assert_array_equal(weight.numpy(), expected)


@pytest.mark.parametrize("rate", [0.25, lambda: 0.25], ids=["number", "function"])
def test_a_rate_is_set(rate: float | Callable[[], float]) -> None:
    """As a number or a function, of an optimizer and of the one inside another."""
    for optimizer in (optimizers.SGD(RATE), optimizers.LossScaleOptimizer(optimizers.SGD(RATE), 1)):
        optimizer.learning_rate = rate
        assert float(optimizer.learning_rate) == 0.25
        weights = variables()
        take(optimizer, weights, range(1))
        np.testing.assert_allclose(
            weights[0].numpy(), STARTS[0] - 0.25 * GRADIENTS[0][0], rtol=1e-14
        )


@pytest.mark.parametrize("steps", [None, 2])
def test_a_variable_may_be_replaced_by_its_gradient(steps: int | None) -> None:
    """As the scales of eight-bit numbers are; of several steps, by the largest."""
    optimizer = optimizers.SGD(RATE, gradient_accumulation_steps=steps)
    weights = variables()
    weights[1].overwrite_with_gradient = True
    take(optimizer, weights, range(2))
    both = np.maximum(GRADIENTS[0][1], GRADIENTS[1][1])
    # An accumulator starts at 0, and is compared, too.
    expected = GRADIENTS[1][1] if steps is None else np.maximum(both, 0)
    np.testing.assert_array_equal(weights[1].numpy(), expected)
    if steps:
        mean = (GRADIENTS[0][0] + GRADIENTS[1][0]) / 2
        np.testing.assert_allclose(weights[0].numpy(), STARTS[0] - RATE * mean, rtol=1e-14)


def test_a_mean_is_of_its_variable_where_others_have_no_gradient() -> None:
    optimizer, weights = optimizers.SGD(RATE, use_ema=True, ema_momentum=0.75), variables()
    optimizer.build(weights)
    with pytest.warns(UserWarning, match="Gradients do not exist"):
        optimizer.apply([None, tf.constant(GRADIENTS[0][1])], weights)
    optimizer.finalize_variable_values(weights)
    np.testing.assert_allclose(weights[0].numpy(), STARTS[0], rtol=1e-12)
    moved = STARTS[1] - RATE * GRADIENTS[0][1]
    np.testing.assert_allclose(weights[1].numpy(), moved, rtol=1e-12)
