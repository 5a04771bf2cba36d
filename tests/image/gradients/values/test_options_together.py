"""What optimizers do around a step, each option beside each other: weights step by step, in NumPy.

Two variables; of the last the gradient is large, so that a norm of all is not the norm of one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import optimizers

_random = np.random.default_rng(91)
SHAPES = ((2, 3), ())
STARTS = [_random.standard_normal(shape) for shape in SHAPES]
GRADIENTS = [
    [_random.standard_normal(shape) * s for shape, s in zip(SHAPES, (1, 4), strict=True)]
    for _ in range(6)
]
RATES = (0.25, 0.125, 0.0625)
MOMENTUM, MEAN, DECAY = 0.5, 0.75, 0.5

Arrays = Sequence[np.ndarray]


def together(gradients: Arrays) -> list[np.ndarray]:
    """Keep the norm of all below 1."""
    norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients))
    return [gradient / max(1, norm) for gradient in gradients]


CLIPS: dict[str, tuple[dict[str, float], Callable[[Arrays], Arrays]]] = {
    "whole": ({}, list),
    "clipvalue": ({"clipvalue": 0.5}, lambda given: [np.clip(one, -0.5, 0.5) for one in given]),
    "clipnorm": (
        {"clipnorm": 0.5},
        lambda given: [one / max(1, 2 * np.sqrt((one**2).sum())) for one in given],
    ),
    "global_clipnorm": ({"global_clipnorm": 1.0}, together),
}


@dataclass(frozen=True)
class Options:
    """One value of each option."""

    clip: str
    every: int | None
    overwrite: int | None
    averaged: bool
    decays: tuple[bool, ...]
    scheduled: bool
    scaled: str

    def __str__(self) -> str:
        """Return what a test is called."""
        return "-".join(str(value) for value in vars(self).values())

    def rate(self, step: int) -> float:
        """Return the rate of a step, by all steps that were asked for."""
        return RATES[min(step // 2, 2)] if self.scheduled else RATES[0]


CHOICES = (
    *(CLIPS, (None, 2, 3), (None, 2), (True, False)),
    ((False, False), (True, True), (True, False)),
    *((True, False), ("not", "by a number", "by an optimizer", "by several")),
)
#: Of all 1,152 together every 43rd: each pair of values is there that can be. Only means overwrite.
ROWS = [
    Options(*values) for values in list(product(*CHOICES))[4::43] if values[2] is None or values[3]
]


def made(options: Options, held: list[keras.Variable]) -> keras.Optimizer:
    """Return the optimizer that has them."""
    schedule = optimizers.schedules.PiecewiseConstantDecay([1, 3], list(RATES))
    optimizer: keras.Optimizer = optimizers.SGD(
        schedule if options.scheduled else RATES[0],
        momentum=MOMENTUM,
        weight_decay=DECAY if any(options.decays) else None,
        use_ema=options.averaged,
        ema_momentum=MEAN,
        ema_overwrite_frequency=options.overwrite,
        gradient_accumulation_steps=options.every,
        loss_scale_factor=8.0 if options.scaled == "by a number" else None,
        **CLIPS[options.clip][0],
    )
    optimizer.exclude_from_weight_decay(
        [one for one, decays in zip(held, options.decays, strict=True) if not decays]
    )
    if options.scaled == "by an optimizer":
        return optimizers.LossScaleOptimizer(optimizer, initial_scale=8.0)
    if options.scaled == "by several":
        return optimizers.MultiOptimizer(lambda _: optimizer, loss_scale_factor=8.0)
    return optimizer


class Paper:
    """What the weights must be: as the options are described, in NumPy."""

    def __init__(self, options: Options) -> None:
        self.options, self.step = options, 0
        self.weights = list(STARTS)
        self.means = list(STARTS)
        self._speeds = [np.zeros(shape) for shape in SHAPES]
        self._waiting: list[Arrays] = []

    def take(self, given: Arrays) -> None:
        """Take a step, or wait for more gradients; then move the means, and put them in."""
        every, taken = self.options.every or 1, self.step // (self.options.every or 1)
        self._waiting.append(given)
        if len(self._waiting) == every:
            mean = [np.mean(parts, axis=0) for parts in zip(*self._waiting, strict=True)]
            self._descend(CLIPS[self.options.clip][1](mean))
            self._waiting = []
        if self.options.averaged:
            part = MEAN if taken else 0
            self.means = [
                part * mean + (1 - part) * weight
                for mean, weight in zip(self.means, self.weights, strict=True)
            ]
            if self.options.overwrite and (taken + 1) % self.options.overwrite == 0:
                self.weights = list(self.means)
        self.step += 1

    def _descend(self, given: Arrays) -> None:
        rate = self.options.rate(self.step)
        for at, gradient in enumerate(given):
            self._speeds[at] = MOMENTUM * self._speeds[at] - rate * gradient
            kept = 1 - rate * DECAY * self.options.decays[at]
            self.weights[at] = kept * self.weights[at] + self._speeds[at]


def hold(held: list[Any], expected: Arrays) -> None:
    """Hold variables to what they must be."""
    for variable, weight in zip(held, expected, strict=True):
        np.testing.assert_allclose(variable.numpy(), weight, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("options", ROWS, ids=str)
def test_options_do_not_get_in_each_others_way(options: Options) -> None:
    held = [keras.Variable(start, dtype="float64") for start in STARTS]
    optimizer, paper = made(options, held), Paper(options)
    optimizer.build(held)
    scale = 1.0 if options.scaled == "not" else 8.0
    for given in GRADIENTS:
        optimizer.apply([tf.constant(scale * one) for one in given], held)
        paper.take(given)
        hold(held, paper.weights)
    optimizer.finalize_variable_values(held)
    hold(held, paper.means if options.averaged else paper.weights)
