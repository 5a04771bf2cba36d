"""Keras's optimizers take the steps that their papers give, in float64.

The hyperparameters are dyadic: Keras keeps the rate in float32, and only of such numbers that
keeps every digit. With a rate of 0.1, Adam differs by 4e-6.

| optimizer | measured over 50 steps | tolerance |
|---|---|---|
| SGD, momentum, Nesterov | 0 | 0 |
| Adam, AdamW, RMSprop, Adagrad | 2e-15 | 1e-13 |
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest

STEPS = 50
RATE, MOMENTUM, SECOND_MOMENTUM, EPSILON = 0.125, 0.875, 0.9375, 2.0**-20
START = np.array([1.0, -2.0, 0.5, 3.0])
CURVATURES = np.array([1.0, 3.0, 0.25, 0.5])

#: One step of an optimizer: weights, their gradient, the step's number from 1, what it keeps
#: (two arrays of zeros at first) -> the new weights. What it keeps it changes in place.
Step = Callable[[np.ndarray, np.ndarray, int, list[np.ndarray]], np.ndarray]


def sgd(
    weights: np.ndarray, gradient: np.ndarray, _step: int, _kept: list[np.ndarray]
) -> np.ndarray:
    """Descend."""
    return weights - RATE * gradient


def momentum(
    weights: np.ndarray, gradient: np.ndarray, _step: int, kept: list[np.ndarray]
) -> np.ndarray:
    """Descend with a velocity (Polyak)."""
    kept[0] = MOMENTUM * kept[0] - RATE * gradient
    return weights + kept[0]


def nesterov(
    weights: np.ndarray, gradient: np.ndarray, _step: int, kept: list[np.ndarray]
) -> np.ndarray:
    """Descend with a velocity that looks ahead (Nesterov)."""
    kept[0] = MOMENTUM * kept[0] - RATE * gradient
    return weights + (MOMENTUM * kept[0] - RATE * gradient)


def adam(
    weights: np.ndarray, gradient: np.ndarray, step: int, kept: list[np.ndarray]
) -> np.ndarray:
    """Divide a mean of gradients by the root of a mean of their squares (Kingma and Ba)."""
    kept[0] = MOMENTUM * kept[0] + (1 - MOMENTUM) * gradient
    kept[1] = SECOND_MOMENTUM * kept[1] + (1 - SECOND_MOMENTUM) * gradient**2
    rate = RATE * np.sqrt(1 - SECOND_MOMENTUM**step) / (1 - MOMENTUM**step)
    return weights - rate * kept[0] / (np.sqrt(kept[1]) + EPSILON)


def adamw(
    weights: np.ndarray, gradient: np.ndarray, step: int, kept: list[np.ndarray]
) -> np.ndarray:
    """Shrink the weights beside Adam's step (Loshchilov and Hutter)."""
    return adam(weights * (1 - RATE * 0.0625), gradient, step, kept)


def rmsprop(
    weights: np.ndarray, gradient: np.ndarray, _step: int, kept: list[np.ndarray]
) -> np.ndarray:
    """Divide the gradient by the root of a mean of its squares (Hinton)."""
    kept[0] = MOMENTUM * kept[0] + (1 - MOMENTUM) * gradient**2
    return weights - RATE * gradient / np.sqrt(kept[0] + EPSILON)


def adagrad(
    weights: np.ndarray, gradient: np.ndarray, _step: int, kept: list[np.ndarray]
) -> np.ndarray:
    """Divide the gradient by the root of the sum of its squares (Duchi)."""
    kept[0] = kept[0] + gradient**2
    return weights - RATE * gradient / np.sqrt(0.125 + kept[0] + EPSILON)


ADAM = {"beta_1": MOMENTUM, "beta_2": SECOND_MOMENTUM, "epsilon": EPSILON}
OPTIMIZERS: dict[str, tuple[Callable[[], keras.Optimizer], Step, float]] = {
    "SGD": (lambda: keras.optimizers.SGD(RATE), sgd, 0),
    "momentum": (lambda: keras.optimizers.SGD(RATE, momentum=MOMENTUM), momentum, 0),
    "Nesterov": (
        lambda: keras.optimizers.SGD(RATE, momentum=MOMENTUM, nesterov=True),
        nesterov,
        0,
    ),
    "Adam": (lambda: keras.optimizers.Adam(RATE, **ADAM), adam, 1e-13),
    "AdamW": (
        lambda: keras.optimizers.AdamW(RATE, weight_decay=0.0625, **ADAM),
        adamw,
        1e-13,
    ),
    "RMSprop": (
        lambda: keras.optimizers.RMSprop(RATE, rho=MOMENTUM, epsilon=EPSILON),
        rmsprop,
        1e-13,
    ),
    "Adagrad": (
        lambda: keras.optimizers.Adagrad(RATE, initial_accumulator_value=0.125, epsilon=EPSILON),
        adagrad,
        1e-13,
    ),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizer_takes_the_steps_of_its_paper(name: str) -> None:
    """Fifty steps down a quadratic, each compared with NumPy's."""
    make, step, tolerance = OPTIMIZERS[name]
    optimizer, variable = make(), keras.Variable(START, dtype="float64")
    weights, kept = START, [np.zeros_like(START), np.zeros_like(START)]
    for number in range(1, STEPS + 1):
        optimizer.apply([variable.value * CURVATURES], [variable])
        weights = step(weights, weights * CURVATURES, number, kept)
        assert np.abs(variable.numpy() - weights).max() <= tolerance, f"step {number}"
