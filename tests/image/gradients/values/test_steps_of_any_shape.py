"""Optimizers step whatever the weights are: one number, a block, zeros, next to nothing.

A gradient may be narrower than its variable, and 0 throughout.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import optimizers

from gradients.values import rules
from gradients.values.rules import Kept
from gradients.values.test_optimizers import RATE, ROUNDED, ROWS

_random = np.random.default_rng(92)
#: By name: weights, and what their gradients are multiplied by.
STARTS: dict[str, tuple[np.ndarray, float]] = {
    "block": (_random.standard_normal((2, 3, 2)), 1.0),
    "another": (_random.standard_normal((2, 3, 2)), 1.0),
    "kernel": (_random.standard_normal((2, 1, 3, 2)), 1.0),
    "zeros": (np.zeros(3), 1.0),
    "one, and little": (1e-4 * _random.standard_normal(()), 1.0),
    "idle": (_random.standard_normal((2, 2)), 0.0),
}
#: One of each kind of optimizer, and each of its ways to step.
CHOSEN = (
    *("momentum", "Nesterov", "amsgrad", "Adamax", "Nadam", "Lamb", "Lion", "RMSprop_momentum"),
    *("centered", "Adagrad", "Adadelta", "Adafactor", "Ftrl_regularized", "Muon"),
    *("ScheduleFreeAdamW_warmup", "clipnorm", "global_clipnorm", "weight_decay"),
)


def narrow(shape: tuple[int, ...], factor: float) -> np.ndarray:
    """Return a gradient that float32 holds."""
    return (factor * _random.standard_normal(shape)).astype("float32").astype("float64")


@pytest.mark.parametrize("name", CHOSEN)
def test_a_step_is_that_of_any_shape(name: str) -> None:
    hold_steps(name, STARTS)


@pytest.mark.parametrize("name", CHOSEN)
def test_weights_of_one_shape_keep_each_its_own(name: str) -> None:
    hold_steps(name, {kind: STARTS[kind] for kind in ("block", "another")})


def hold_steps(name: str, starts: dict[str, tuple[np.ndarray, float]]) -> None:
    """Hold two steps to their rule, each variable by itself; gradients come in float32."""
    case = ROWS[name]
    optimizer = case.make(case.rate, **dict(case.options))
    weights = {kind: start for kind, (start, _) in starts.items()}
    held = [keras.Variable(one, dtype=case.dtype, name="kernel") for one in weights.values()]
    kept: dict[str, Kept] = {kind: {} for kind in starts}
    rule = case.wrong or case.rule
    for number in (1, 2):
        given = {kind: narrow(start.shape, size) for kind, (start, size) in starts.items()}
        optimizer.apply([tf.constant(one, "float32") for one in given.values()], held)
        clipped = case.clip(list(given.values()))
        for kind, gradient in zip(given, clipped, strict=True):
            weights[kind] = (1 - case.rate * case.decay) * weights[kind]
            weights[kind] = rule(weights[kind], gradient, case.rate, number, kept[kind])
        # Norms are those of float32.
        tolerance = max(case.tolerance, ROUNDED if case.clip is list else 1e-6)
        for variable, (kind, weight) in zip(held, weights.items(), strict=True):
            np.testing.assert_allclose(
                variable.numpy(), weight, rtol=tolerance, atol=tolerance, err_msg=kind
            )


@pytest.mark.parametrize("name", CHOSEN)
def test_a_step_is_one_of_many_numbers(name: str) -> None:
    """Early and late; of the mean of two gradients, the first is nothing; 4680 weights and a few.

    It is the updates that are counted. In half precision, of gradients that are not.
    """
    case = ROWS[name]
    starts = [_random.standard_normal(shape) for shape in ((36, 130), (3,))]
    gradients = [_random.standard_normal(start.shape) for start in starts]
    for number, dtype in ((3, case.dtype), (300, case.dtype), (3, "bfloat16")):
        # Keras gathers no gradients that are wider than their weights.
        half = dtype == "bfloat16"
        gathered = {} if half else {"gradient_accumulation_steps": 2}
        optimizer = case.make(case.rate, **gathered, **dict(case.options))
        held = [keras.Variable(start, dtype=dtype) for start in starts]
        optimizer.build(held)
        optimizer._iterations.assign((1 if half else 2) * (number - 1))
        given = "float32" if half else dtype
        for factor in (1.0,) if half else (0.0, 2.0):
            optimizer.apply([tf.constant(factor * one, given) for one in gradients], held)
        tolerance = 0.02 if half else max(case.tolerance, ROUNDED)
        for variable, start, gradient in zip(held, starts, case.clip(gradients), strict=True):
            start = (1 - case.rate * case.decay) * start
            expected = (case.wrong or case.rule)(start, gradient, case.rate, number, {})
            found = variable.numpy().astype("float64")
            np.testing.assert_allclose(found, expected, tolerance, tolerance, err_msg=dtype)


def variables(**starts: np.ndarray) -> list[Any]:
    """Return variables by their names."""
    return [keras.Variable(start, dtype="float64", name=name) for name, start in starts.items()]


def test_a_pattern_is_of_a_whole_path() -> None:
    """What only begins with it has the optimizer by default; a name goes before a pattern."""
    chosen = optimizers.OptimizerMap(optimizers.SGD(RATE))
    chosen["bias"] = optimizers.SGD(2 * RATE)
    chosen["bias_.*er"] = optimizers.SGD(4 * RATE)
    held = variables(bias=np.zeros(2), bias_2=np.zeros(2), bias_other=np.zeros(2))
    optimizers.MultiOptimizer(chosen).apply([tf.ones(2, "float64")] * 3, held)
    found = [variable.numpy()[0] for variable in held]
    assert found == [-2 * RATE, -RATE, -4 * RATE]


def test_a_keyword_stands_anywhere_in_a_path() -> None:
    """Of what Muon leaves to Adam."""
    start, gradient = _random.standard_normal((2, 3, 2))
    held = [keras.Variable(start, dtype="float32", name="the_head")]
    case = ROWS["Muon"]
    optimizer = optimizers.Muon(RATE, **(dict(case.options) | {"exclude_layers": ["head"]}))
    optimizer.apply([tf.constant(gradient, "float32")], held)
    expected = rules.adam()(start, gradient, 0.5 * RATE, 1, {})
    np.testing.assert_allclose(held[0].numpy(), expected, atol=1e-5)


def test_each_constraint_is_its_variables_own() -> None:
    """It holds after each step, whichever variable it is of; one that has none goes on."""
    starts = {"free": np.ones(2), "held": np.full(2, 0.25), "other": np.ones(2)}
    held = variables(**starts)
    held[1].constraint, held[2].constraint = (
        keras.constraints.NonNeg(),
        keras.constraints.UnitNorm(),
    )
    optimizers.SGD(RATE).apply([tf.constant([16.0, -8.0], "float64")] * 3, held)
    np.testing.assert_array_equal(held[0].numpy(), [-1, 2])
    np.testing.assert_array_equal(held[1].numpy(), [0, 1.25])
    np.testing.assert_allclose(held[2].numpy(), np.array([-1, 2]) / np.sqrt(5), rtol=1e-6)
