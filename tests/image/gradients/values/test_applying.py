"""What every optimizer does around its step: which variable, which rate, which part of a gradient.

In float64, by descent, whose step is exact.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import optimizers

_random = np.random.default_rng(22)
RATE, BETA = 0.125, 0.875
SHAPES = ((2, 3), (4,), (3,))
STARTS = [_random.standard_normal(shape) for shape in SHAPES]


def variables() -> list[keras.Variable]:
    """Return three variables, at the same start each time."""
    return [keras.Variable(start, dtype="float64") for start in STARTS]


def gradients() -> list[np.ndarray]:
    """Return a gradient of each."""
    return [_random.standard_normal(shape) for shape in SHAPES]


def tensors(arrays: list[np.ndarray | None]) -> list[tf.Tensor | None]:
    """Return them as tensors; what is None stays so."""
    return [None if array is None else tf.constant(array) for array in arrays]


def hold(found: list[keras.Variable], expected: list[np.ndarray]) -> None:
    """Hold variables to what they should be."""
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.numpy(), other, rtol=1e-12, atol=1e-14)


@pytest.mark.filterwarnings("ignore:Gradients do not exist:UserWarning")
@pytest.mark.parametrize("clipped", [False, True], ids=["plain", "clipped"])
def test_a_variable_without_a_gradient_stays(*, clipped: bool) -> None:
    """And the others keep their own momentum; a norm of all is of those that are there."""
    options = {"global_clipnorm": 0.5} if clipped else {}
    optimizer, held = optimizers.SGD(RATE, momentum=BETA, **options), variables()
    weights, speeds = list(STARTS), [np.zeros(shape) for shape in SHAPES]
    for missing in (0, 1, 2, 1):
        given = gradients()
        there = [number for number in range(3) if number != missing]
        norm = np.sqrt(sum((given[number] ** 2).sum() for number in there))
        scale = min(1, 0.5 / norm) if clipped else 1
        for number in there:
            speeds[number] = BETA * speeds[number] - RATE * scale * given[number]
            weights[number] = weights[number] + speeds[number]
        arrays = [None if number == missing else one for number, one in enumerate(given)]
        optimizer.apply(tensors(arrays), held)
        hold(held, weights)


@pytest.mark.filterwarnings("ignore:Gradients do not exist:UserWarning")
def test_what_is_accumulated_is_each_variables_own() -> None:
    """Though of one the gradient was missing; after the step all begin at nothing."""
    optimizer, held = optimizers.SGD(RATE, gradient_accumulation_steps=2), variables()
    weights = list(STARTS)
    for missing in (0, None, None):
        first, second = gradients(), gradients()
        arrays = [None if number == missing else one for number, one in enumerate(first)]
        optimizer.apply(tensors(arrays), held)
        hold(held, weights)
        optimizer.apply(tensors(second), held)
        for number, (a, b) in enumerate(zip(first, second, strict=True)):
            mean = (b if number == missing else a + b) / 2
            weights[number] = weights[number] - RATE * mean
        hold(held, weights)
    assert int(optimizer.iterations) == 3


#: By name: what is given as a rate, and what it is at a step.
RATES: dict[str, tuple[Callable[[], Any], Callable[[int], float]]] = {
    "schedule": (
        lambda: optimizers.schedules.PiecewiseConstantDecay([1, 2], [0.5, 0.25, 0.125]),
        lambda step: [0.5, 0.5, 0.25, 0.125][step],
    ),
    "called": (lambda: lambda: tf.constant(0.25), lambda _: 0.25),
}


@pytest.mark.parametrize("name", RATES)
def test_the_rate_is_the_steps(name: str) -> None:
    """Whatever gives it; decay of weights is by the same rate."""
    make, expected = RATES[name]
    optimizer, held = optimizers.SGD(make(), weight_decay=0.5), variables()
    weights = list(STARTS)
    for step in range(4):
        rate = expected(step)
        assert float(optimizer.learning_rate) == rate
        given = gradients()
        optimizer.apply(tensors(given), held)
        weights = [
            weight * (1 - rate * 0.5) - rate * one
            for weight, one in zip(weights, given, strict=True)
        ]
        hold(held, weights)


def test_a_rate_can_be_set() -> None:
    """To another number, then to a schedule, which goes on from the steps taken."""
    optimizer, held = optimizers.SGD(RATE), variables()
    given = [np.ones(shape) for shape in SHAPES]
    optimizer.learning_rate = 0.5
    optimizer.apply(tensors(given), held)
    optimizer.learning_rate = RATES["schedule"][0]()
    optimizer.apply(tensors(given))
    optimizer.apply_gradients(zip(tensors(given), held, strict=True))
    hold(held, [start - 0.5 - 0.5 - 0.25 for start in STARTS])


def test_each_variable_has_its_mean() -> None:
    """It replaces them at the end."""
    optimizer, held = optimizers.SGD(RATE, use_ema=True, ema_momentum=0.75), variables()
    weights, means = list(STARTS), list(STARTS)
    for step in range(3):
        given = gradients()
        optimizer.apply(tensors(given), held)
        weights = [weight - RATE * one for weight, one in zip(weights, given, strict=True)]
        part = 0.75 if step else 0
        means = [part * a + (1 - part) * b for a, b in zip(means, weights, strict=True)]
        hold(held, weights)
    optimizer.finalize_variable_values(held)
    hold(held, means)


@pytest.mark.parametrize("steps", [None, 2])
def test_a_variable_may_be_its_gradient(steps: int | None) -> None:
    """It takes the gradient's value, the largest one of several and 0; the others descend."""
    optimizer, held = optimizers.SGD(RATE, gradient_accumulation_steps=steps), variables()
    held[1].overwrite_with_gradient = True
    first, second = gradients(), gradients()
    first[1][:2], second[1][:2] = [0.5, -1], [1.5, -2]
    optimizer.apply(tensors(first), held)
    optimizer.apply(tensors(second), held)
    moved = [
        start - RATE * (a + b) / (steps or 1)
        for start, a, b in zip(STARTS, first, second, strict=True)
    ]
    # What is gathered begins at 0.
    moved[1] = np.maximum(np.maximum(first[1], second[1]), 0) if steps else second[1]
    hold(held, moved)


@pytest.mark.parametrize("clip", ["clipnorm", "global_clipnorm", "clipvalue"])
def test_nothing_clipped_is_nothing(clip: str) -> None:
    """And what is below the bound is left as it is, one variable at a time."""
    optimizer, held = optimizers.SGD(RATE, **{clip: 64.0}), variables()
    given = gradients()
    given[0] = np.zeros(SHAPES[0])
    optimizer.apply(tensors(given), held)
    hold(held, [start - RATE * one for start, one in zip(STARTS, given, strict=True)])


@pytest.mark.parametrize("by", ["both", "pattern"])
def test_exclusions_add_up(by: str) -> None:
    """What is named, and what is given, does not decay; what is left does."""
    held = [
        keras.Variable(start, dtype="float64", name=name)
        for start, name in zip(STARTS, ("kernel", "bias", "gamma"), strict=True)
    ]
    optimizer = optimizers.SGD(RATE, weight_decay=0.5)
    if by == "both":
        optimizer.exclude_from_weight_decay(var_list=[held[2]], var_names=["bias"])
    else:
        optimizer.exclude_from_weight_decay(var_names=["bias", "gam"])
    for _ in range(2):
        optimizer.apply(tensors([np.zeros(shape) for shape in SHAPES]), held)
    hold(held, [STARTS[0] * (1 - RATE * 0.5) ** 2, *STARTS[1:]])
    # To another optimizer nothing was named.
    optimizers.SGD(RATE, weight_decay=0.5).apply(tensors([np.zeros(SHAPES[2])]), held[2:])
    hold(held[2:], [STARTS[2] * (1 - RATE * 0.5)])


@pytest.mark.filterwarnings("ignore:Gradients do not exist:UserWarning")
def test_a_scaled_loss_leaves_what_is_inside_as_it_is() -> None:
    """A missing gradient, one that is a value; the rate and the steps are the inner one's."""
    # A scale of its own would be taken out twice.
    inner, held = optimizers.SGD(0.5, loss_scale_factor=4.0), variables()
    held[1].overwrite_with_gradient = True
    optimizer = optimizers.LossScaleOptimizer(inner, initial_scale=8.0)
    assert float(optimizer.scale_loss(tf.constant(3.0))) == 24
    optimizer.learning_rate = RATE
    given = gradients()
    optimizer.apply(tensors([8 * given[0], given[1], None]), held)
    hold(held, [STARTS[0] - RATE * given[0], given[1], STARTS[2]])
    assert float(optimizer.learning_rate) == float(inner.learning_rate) == RATE
    assert int(optimizer.iterations) == int(inner.iterations) == 1
    optimizer.apply(tensors([given[0], given[1], given[2] * np.inf]), held)
    hold(held, [STARTS[0] - RATE * given[0], given[1], STARTS[2]])
    assert int(optimizer.iterations) == 1


def test_each_variable_has_its_optimizer() -> None:
    """By its path; the rest has the one by default; a scale is taken out of all."""
    held = [
        keras.Variable(start, dtype="float64", name=name)
        for start, name in zip(STARTS, ("kernel", "bias", "other"), strict=True)
    ]
    chosen = optimizers.OptimizerMap(optimizers.SGD(0.25, use_ema=True, ema_momentum=0.5))
    chosen["kernel"] = optimizers.SGD(0.5, momentum=0.5)
    chosen["b.*s"] = optimizers.SGD(0.125, use_ema=True, ema_momentum=0.75)
    optimizer = optimizers.MultiOptimizer(chosen, loss_scale_factor=8.0)
    first, second = gradients(), gradients()
    optimizer.apply(tensors([8 * one for one in first]), held)
    optimizer.apply(tensors([8 * one for one in second]), held)
    (a, b, c), (d, e, f) = first, second
    bias = STARTS[1] - 0.125 * b
    hold(
        held,
        [
            STARTS[0] - 0.5 * a - 0.5 * (0.5 * a + d),
            bias - 0.125 * e,
            STARTS[2] - 0.25 * (c + f),
        ],
    )
    assert int(optimizer.iterations) == 2
    optimizer.finalize_variable_values(held)
    np.testing.assert_allclose(held[1].numpy(), bias - 0.25 * 0.125 * e, rtol=1e-12)
    np.testing.assert_allclose(held[2].numpy(), STARTS[2] - 0.25 * (c + 0.5 * f), rtol=1e-12)


@pytest.mark.parametrize("many", [3, 600])
def test_rows_are_given_by_their_places(many: int) -> None:
    """Those of one place are added, also when a step is taken by them."""
    places, rows = np.arange(many) * 7 % 11, np.arange(2.0 * many).reshape(many, 2) / 64
    given = tf.IndexedSlices(tf.constant(rows), tf.constant(places), tf.constant([11, 2]))
    total = np.zeros((11, 2))
    np.add.at(total, places, rows)
    added, taken, stepped = (keras.Variable(np.ones((11, 2)), dtype="float64") for _ in range(3))
    optimizer = optimizers.SGD(0.25)
    optimizer.assign_add(added, given)
    optimizer.assign_sub(taken, given)
    optimizer.apply([given], [stepped])
    hold([added, taken, stepped], [1 + total, 1 - total, 1 - 0.25 * total])
