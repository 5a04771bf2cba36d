"""Generators of inputs: NumPy's random numbers, never TensorFlow's, which are under test."""

from __future__ import annotations

import numpy as np

from gradients.case import Generator


def normal(*shape: int, scale: float = 1.0, mean: float = 0.0) -> Generator:
    """Draw normal numbers."""
    return lambda random: mean + scale * random.standard_normal(shape)


def uniform(low: float, high: float, *shape: int) -> Generator:
    """Draw numbers between two bounds."""
    return lambda random: random.uniform(low, high, shape)


def positive(*shape: int) -> Generator:
    """Draw numbers from 0.5 to 2."""
    return uniform(0.5, 2.0, *shape)


def off_zero(*shape: int) -> Generator:
    """Draw numbers of either sign from 0.2 to 1.5: away from the kinks and poles at 0."""

    def draw(random: np.random.Generator) -> np.ndarray:
        signs = np.where(random.standard_normal(shape) < 0, -1.0, 1.0)
        return signs * random.uniform(0.2, 1.5, shape)

    return draw


def distinct(*shape: int, offset: float = 0.0) -> Generator:
    """Draw a permutation of evenly spaced numbers from -2 to 2: no ties, no near ties.

    Two inputs that are compared with each other take offsets that differ, half a step at most.
    """
    size = int(np.prod(shape))
    return lambda random: (random.permutation(size).reshape(shape) + offset - size / 2) * 4 / size


def positive_definite(size: int) -> Generator:
    """Draw a symmetric matrix whose eigenvalues are 1 at least."""

    def draw(random: np.random.Generator) -> np.ndarray:
        factor = random.standard_normal((size, size))
        return factor @ factor.T / size + np.eye(size)

    return draw


def constant(values: object) -> Generator:
    """Give these numbers: for a case that is about them."""
    return lambda _random: np.array(values, np.float64)
