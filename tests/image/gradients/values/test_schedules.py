"""Learning-rate schedules are their formulas, at every step, and an optimizer follows them.

Keras computes them in float32.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras.optimizers import schedules

from gradients.values.saved import restored
from gradients.values.scope import classes

#: So many, and some that are late.
STEPS = (*range(42), 258, 519, 1031, 5003)


def cosine(part: float) -> float:
    """Return half a wave, from 1 down to 0, above a floor of an eighth."""
    return 0.875 * (1 + np.cos(np.pi * part)) / 2 + 0.125


def restarted(step: int) -> float:
    """Return waves of 8, 16 and 32 steps, each from a half of the one before."""
    start, length, height = 0, 8, 1.0
    while step >= start + length:
        start, length, height = start + length, 2 * length, height / 2
    return 0.5 * (0.875 * height * (1 + np.cos(np.pi * (step - start) / length)) / 2 + 0.125)


def shorter(step: int) -> float:
    """Return waves of 32, 12 and fewer steps, each from a half of the one before."""
    start, length, height = 0.0, 32.0, 1.0
    while step >= start + length:
        start, length, height = start + length, 0.375 * length, height / 2
    return float(0.875 * height * (1 + np.cos(np.pi * (step - start) / length)) / 2 + 0.125)


def warmed(step: int) -> float:
    """Return a line up to 2 in 8 steps, then a wave."""
    return 0.5 + 1.5 * step / 8 if step < 8 else 2 * cosine(min(step - 8, 20) / 20)


def cycled(step: int) -> float:
    """Return a parabola down, ever longer."""
    length = 10 * max(1, -(-step // 10))
    return 0.375 * (1 - step / length) ** 2 + 0.125


SCHEDULES: dict[str, tuple[schedules.LearningRateSchedule, Callable[[int], float]]] = {
    "ExponentialDecay": (
        schedules.ExponentialDecay(0.5, 10, 0.96),
        lambda t: 0.5 * 0.96 ** (t / 10),
    ),
    "ExponentialDecay_staircase": (
        schedules.ExponentialDecay(0.5, 10, 0.96, staircase=True),
        lambda t: 0.5 * 0.96 ** (t // 10),
    ),
    "InverseTimeDecay": (
        schedules.InverseTimeDecay(0.5, 10, 0.25),
        lambda t: 0.5 / (1 + 0.25 * t / 10),
    ),
    "InverseTimeDecay_staircase": (
        schedules.InverseTimeDecay(0.5, 10, 0.25, staircase=True),
        lambda t: 0.5 / (1 + 0.25 * (t // 10)),
    ),
    "PiecewiseConstantDecay": (
        schedules.PiecewiseConstantDecay([10, 20, 25], [1.0, 0.5, 0.25, 0.125]),
        lambda t: 1.0 if t <= 10 else 0.5 if t <= 20 else 0.25 if t <= 25 else 0.125,
    ),
    "PolynomialDecay": (
        schedules.PolynomialDecay(0.5, 20, 0.125, power=0.5),
        lambda t: 0.375 * (1 - min(t, 20) / 20) ** 0.5 + 0.125,
    ),
    "PolynomialDecay_cycle": (
        schedules.PolynomialDecay(0.5, 10, 0.125, power=2.0, cycle=True),
        cycled,
    ),
    "CosineDecay": (
        schedules.CosineDecay(0.5, 20, alpha=0.125),
        lambda t: 0.5 * cosine(min(t, 20) / 20),
    ),
    "CosineDecay_warmup": (
        schedules.CosineDecay(0.5, 20, alpha=0.125, warmup_target=2.0, warmup_steps=8),
        warmed,
    ),
    "CosineDecayRestarts": (
        schedules.CosineDecayRestarts(0.5, 8, t_mul=2.0, m_mul=0.5, alpha=0.125),
        restarted,
    ),
    "CosineDecayRestarts_even": (
        schedules.CosineDecayRestarts(0.5, 8, t_mul=1.0, m_mul=1.0, alpha=0.125),
        lambda t: 0.5 * cosine(t % 8 / 8),
    ),
    # Its waves are done before step 52.
    "CosineDecayRestarts_shorter": (
        schedules.CosineDecayRestarts(0.5, 32, t_mul=0.375, m_mul=0.5, alpha=0.125),
        lambda t: np.nan if t > 51 else 0.5 * shorter(t),
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedule_is_its_formula(name: str) -> None:
    schedule, reference = SCHEDULES[name]
    schedule = restored(schedule)
    found = [float(schedule(tf.constant(step))) for step in STEPS]
    np.testing.assert_allclose(found, [reference(step) for step in STEPS], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_computes_in_the_type_of_its_rate(name: str) -> None:
    """What else it is told, and the step, become numbers of that type."""
    schedule, reference = SCHEDULES[name]
    told = schedule.get_config()
    key = "values" if "values" in told else "initial_learning_rate"
    exact = type(schedule)(**told | {key: tf.constant(told[key], "float64")})
    found = [exact(tf.constant(step)) for step in STEPS[::4]]
    assert {rate.dtype for rate in found} == {tf.float64}
    expected = [reference(step) for step in STEPS[::4]]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


def test_every_schedule_has_a_row() -> None:
    """A schedule that a release of Keras brings has to be looked at."""
    covered = {type(schedule) for schedule, _ in SCHEDULES.values()}
    assert classes(schedules, schedules.LearningRateSchedule) - covered == set()


def test_an_optimizer_follows_its_schedule() -> None:
    """The first step is taken at the rate of step 0."""
    schedule, reference = SCHEDULES["PiecewiseConstantDecay"]
    optimizer = keras.optimizers.SGD(schedule, weight_decay=0.25)
    variable, expected = keras.Variable(1.0, dtype="float64"), 1.0
    for step in range(30):
        optimizer.apply([tf.constant(0.5, "float64")], [variable])
        expected = expected * (1 - 0.25 * reference(step)) - 0.5 * reference(step)
        np.testing.assert_allclose(variable.numpy(), expected, rtol=1e-12, err_msg=str(step))
