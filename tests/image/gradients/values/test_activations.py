"""Keras's activations against NumPy and SciPy, in float64, on both sides of every kink."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf
from keras import activations
from scipy.special import erf, expit, log_expit, log_softmax, softmax

KINKS = np.array(
    [
        [-7.0, -3.5, -2.5, -1.5, -1.0, -0.75, -0.25, 0.0],
        [0.25, 0.75, 1.0, 1.5, 2.5, 3.5, 6.5, -0.5],
    ]
)
#: More than 2,048 in a row: the kinks, and others that 16 bits have not.
POINTS = np.concatenate([KINKS * (1 + step / 4099) for step in range(257)], axis=1)
#: Of each row one number that is left alone by sparsemax: of more it is known to be wrong.
POINTS[1, 8] = 8.25
ALPHA, SCALE = 1.6732632423543772, 1.0507009873554805


def elu(x: np.ndarray, alpha: float = 1.0) -> np.ndarray:
    """Return x, or below 0 what tends to -alpha."""
    return np.where(x > 0, x, alpha * np.expm1(x))


def shrink(x: np.ndarray, by: float) -> np.ndarray:
    """Return x nearer to 0."""
    return np.sign(x) * np.maximum(np.abs(x) - by, 0)


def sparsemax(x: np.ndarray, axis: int = -1) -> np.ndarray:
    """Return the nearest distribution along an axis (Martins): found by bisection."""
    low, high = x.min(axis, keepdims=True) - 1, x.max(axis, keepdims=True)
    for _ in range(100):
        middle = (low + high) / 2
        above = np.maximum(x - middle, 0).sum(axis, keepdims=True) > 1
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.maximum(x - high, 0)


def glu(x: np.ndarray, axis: int = -1) -> np.ndarray:
    """Return one half times the sigmoid of the other."""
    one, other = np.split(x, 2, axis)
    return one * expit(other)


#: By name, and what comes of an option behind: what it is called with besides, what it is, and what
#: its constants in float32 leave.
ACTIVATIONS: dict[str, tuple[dict[str, object], Callable[[np.ndarray], np.ndarray], float]] = {
    "celu": (
        {"alpha": 0.5},
        lambda x: np.maximum(x, 0) + 0.5 * np.expm1(np.minimum(x, 0) / 0.5),
        0,
    ),
    "elu": ({"alpha": 0.5}, lambda x: elu(x, 0.5), 0),
    "exponential": ({}, np.exp, 0),
    "gelu": ({}, lambda x: x / 2 * (1 + erf(x / np.sqrt(2))), 1e-7),
    "gelu approximate": (
        {"approximate": True},
        lambda x: x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))) / 2,
        1e-7,
    ),
    "glu": ({}, glu, 0),
    "glu axis": ({"axis": 0}, lambda x: glu(x, 0), 0),
    "hard_shrink": ({"threshold": 0.6}, lambda x: np.where(np.abs(x) > 0.6, x, 0), 0),
    "hard_sigmoid": ({}, lambda x: np.clip(x / 6 + 0.5, 0, 1), 0),
    "hard_silu": ({}, lambda x: x * np.clip(x / 6 + 0.5, 0, 1), 0),
    "hard_tanh": ({}, lambda x: np.clip(x, -1, 1), 0),
    "leaky_relu": ({"negative_slope": 0.25}, lambda x: np.where(x > 0, x, 0.25 * x), 0),
    "linear": ({}, lambda x: x, 0),
    "log_sigmoid": ({}, log_expit, 0),
    "log_softmax": ({}, lambda x: log_softmax(x, -1), 0),
    "log_softmax axis": ({"axis": 0}, lambda x: log_softmax(x, 0), 0),
    "mish": ({}, lambda x: x * np.tanh(np.logaddexp(0, x)), 0),
    "relu": (
        {"negative_slope": 0.5, "max_value": 3.0, "threshold": 0.5},
        lambda x: np.where(x >= 3, 3, np.where(x >= 0.5, x, 0.5 * (x - 0.5))),
        0,
    ),
    "relu6": ({}, lambda x: np.clip(x, 0, 6), 0),
    "selu": ({}, lambda x: SCALE * elu(x, ALPHA), 1e-7),
    "sigmoid": ({}, expit, 0),
    "silu": ({}, lambda x: x * expit(x), 0),
    "soft_shrink": ({"threshold": 0.6}, lambda x: shrink(x, 0.6), 0),
    "softmax": ({}, lambda x: softmax(x, -1), 0),
    "softmax axis": ({"axis": 0}, lambda x: softmax(x, 0), 0),
    "softplus": ({}, lambda x: np.logaddexp(0, x), 0),
    "softsign": ({}, lambda x: x / (1 + np.abs(x)), 0),
    "sparse_plus": ({}, lambda x: np.where(x >= 1, x, np.maximum(x + 1, 0) ** 2 / 4), 0),
    "sparse_sigmoid": ({}, lambda x: np.clip((x + 1) / 2, 0, 1), 0),
    "sparsemax": ({}, sparsemax, 0),
    "sparsemax axis": ({"axis": 0}, lambda x: sparsemax(x, 0), 0),
    "squareplus": ({"b": 2.0}, lambda x: (x + np.sqrt(x**2 + 2)) / 2, 0),
    "tanh": ({}, np.tanh, 0),
    "tanh_shrink": ({}, lambda x: x - np.tanh(x), 0),
    "threshold": (
        {"threshold": 0.5, "default_value": 9.0},
        lambda x: np.where(x > 0.5, x, 9.0),
        0,
    ),
}
#: Another name of one above.
ALIASES = {"swish", "hard_swish"}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_is_its_formula(name: str) -> None:
    options, reference, tolerance = ACTIVATIONS[name]
    found = getattr(activations, name.partition(" ")[0])(POINTS, **options)
    bound = max(tolerance, 1e-13)
    np.testing.assert_allclose(found, reference(POINTS), rtol=bound, atol=bound)


@pytest.mark.parametrize(("kind", "digits"), [("float16", 4e-3), ("bfloat16", 2e-2)])
def test_activation_is_its_formula_with_half_the_bits(kind: str, digits: float) -> None:
    """Far from 0, too, where a part of it may be more than the type has."""
    points = np.array([[-200.0, -40, -12, -5, -1, -0.125], [0, 0.25, 3, 12, 40, 200]])
    for name, (options, reference, _) in ACTIVATIONS.items():
        if name.startswith("sparsemax"):  # it is known to be wrong: test_calls.py
            continue
        found = getattr(activations, name.partition(" ")[0])(tf.cast(points, kind), **options)
        assert found.dtype == kind, name
        with np.errstate(over="ignore"):
            expected = tf.cast(tf.cast(reference(points), kind), "float64")
        found = tf.cast(found, "float64")
        np.testing.assert_allclose(found, expected, rtol=digits, atol=digits, err_msg=name)


#: What takes one number from another that is near: the rounding of both is left.
CANCELLING = {
    *("elu", "selu", "gelu approximate", "log_softmax axis", "squareplus", "tanh_shrink"),
    *("sparsemax", "sparsemax axis"),
}


@pytest.mark.parametrize(("kind", "digits"), [("float16", 4e-3), ("bfloat16", 4e-2)])
def test_what_is_small_has_its_digits_in_16_bits(kind: str, digits: float) -> None:
    """Relative to itself, as far as float16 has digits below 6e-5."""
    points = np.array([[-9.0, -7, -5, -3, -1 / 64, -1 / 1024], [1 / 4096, 1 / 64, 1, -2, -6, -8]])
    for name in ACTIVATIONS.keys() - CANCELLING:
        options, reference, _ = ACTIVATIONS[name]
        found = getattr(activations, name.partition(" ")[0])(tf.cast(points, kind), **options)
        found = tf.cast(found, "float64")
        np.testing.assert_allclose(
            found, reference(points), rtol=digits, atol=6e-5 * digits, err_msg=name
        )


def test_a_square_is_more_than_float16_has() -> None:
    found = activations.squareplus(tf.constant([300.0, -300.0], "float16")).numpy()
    assert np.isinf(found).all(), "no longer wrong: remove the record"
    pytest.xfail("Keras's squareplus squares in float16: keras-team/keras#23405")


@pytest.mark.parametrize("most", [None, 3.0, 6.0, 6.25])
@pytest.mark.parametrize("threshold", [0.0, 0.375, -0.625])
@pytest.mark.parametrize("slope", [0.0, 0.25])
def test_a_rectifier_is_its_three_lines(slope: float, threshold: float, most: float | None) -> None:
    """Each of its numbers alone and with the others."""
    top = np.inf if most is None else most
    line = np.where(threshold <= KINKS, np.clip(KINKS, -np.inf, top), slope * (KINKS - threshold))
    # Keras holds what is above a threshold at 0 at least where it has a bound.
    line = np.where((threshold <= KINKS) & (most is not None), np.maximum(line, 0), line)
    found = activations.relu(KINKS, slope, most, threshold)
    np.testing.assert_allclose(found, line, rtol=1e-12, atol=1e-12)


def test_a_rectifier_loses_its_threshold_itself() -> None:
    """Which is the first of what it should leave as it is."""
    found = activations.relu(np.array([0.25, 0.5]), threshold=0.25)
    np.testing.assert_array_equal(found, [0, 0.5], "no longer wrong: remove the record")
    pytest.xfail("Keras's relu gives 0 at its threshold")


def test_every_activation_has_a_row() -> None:
    """An activation that a release of Keras brings has to be looked at."""
    public = {name for name, kind in vars(activations).items() if inspect.isfunction(kind)}
    assert public - {"serialize", "deserialize", "get"} - ALIASES - set(ACTIVATIONS) == set()
    for name in ALIASES:
        assert getattr(activations, name) is getattr(activations, name.replace("swish", "silu"))
