"""What two linear operators make together: often one with a structure of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import tensorflow as tf

from gradients.values.calls import Rows
from gradients.values.calls.structures import SPECTRUM, SQUARE, turned

#: What is asked of two, and the matrix that it is.
QUESTIONS: dict[str, tuple[Callable[[Any, Any], Any], Callable[..., np.ndarray]]] = {
    "product": (lambda one, other: one.matmul(other), lambda a, b: a @ b),
    "adjoint": (
        lambda one, other: one.matmul(other, adjoint=True),
        lambda a, b: turned(a) @ b,
    ),
    "turned": (
        lambda one, other: one.matmul(other, adjoint_arg=True),
        lambda a, b: a @ turned(b),
    ),
    "solution": (lambda one, other: one.solve(other), np.linalg.solve),
    "adjoint solution": (
        lambda one, other: one.solve(other, adjoint=True),
        lambda a, b: np.linalg.solve(turned(a), b),
    ),
    "turned solution": (
        lambda one, other: one.solve(other, adjoint_arg=True),
        lambda a, b: np.linalg.solve(a, turned(b)),
    ),
}
NAMES = ("diag", "identity", "one", "lower", "full", "blocks")
#: What is answered wrongly, which has a row of its own.
APART = ("lower", "diag", "adjoint")


def _asked(one: str, other: str, questions: Iterable[str]) -> list[tf.Tensor]:
    (left, _), (right, _) = SQUARE[one], SQUARE[other]
    return [QUESTIONS[question][0](left(), right()).to_dense() for question in questions]


def _pair(one: str, other: str, questions: list[str]) -> tuple[Callable[[], Any], Any]:
    """Return a row: what two make, and the matrices."""
    matrices = SQUARE[one][1], SQUARE[other][1]
    answers = [QUESTIONS[question][1](*matrices) for question in questions]
    return partial(_asked, one, other, questions), answers


ROWS: Rows = {
    **{
        f"{one}_{other}": _pair(
            one, other, [each for each in QUESTIONS if (one, other, each) != APART]
        )
        for one, other in product(NAMES, repeat=2)
        if SQUARE[one][1].shape == SQUARE[other][1].shape
    },
    "lower_diag_adjoint": _pair(*APART[:2], [APART[2]]),
    "circulant_circulant": _pair("circulant", "circulant", ["product", "solution"]),
    "circulant_adjoint_bytes": (
        lambda: tf.linalg.LinearOperatorCirculant(SPECTRUM, "complex128").adjoint().dtype.size,
        16,
    ),
}
