"""Slopes of functions of one number, to float64's last digits, and at its ends: by SciPy.

The table's differences of functions leave six digits: a constant that is rounded to float32 passes
them, and they need a step to either side, which there is none of at an end, a tie or a zero.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from scipy import special

math, nn, bessel = tf.math, tf.nn, tf.math.special
Row = tuple[Callable[[tf.Tensor], tf.Tensor], Callable[[np.ndarray], Any], list[float]]
ALL = [-3.5, -0.75, -1e-3, 0.4, 2.25]
ABOVE = [1e-3, 0.4, 1.5, 6.25]
INSIDE = [-0.9, -0.3, 1e-3, 0.75]
FAR = [*ALL, -800.0, 800.0]


def normal(x: np.ndarray) -> np.ndarray:
    """Return the density of the normal distribution."""
    return np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)


def gelu_by_tanh(x: np.ndarray) -> np.ndarray:
    """Return the slope of the approximation of x Phi(x)."""
    root, cubic = np.sqrt(2 / np.pi), 0.044715
    curve = np.tanh(root * (x + cubic * x**3))
    return (1 + curve + x * (1 - curve**2) * root * (1 + 3 * cubic * x**2)) / 2


def below(x: np.ndarray, slope: Any, above: float = 1.0) -> np.ndarray:
    """Return one slope below 0, and another above."""
    return np.where(x < 0, slope, above)


#: TensorFlow has their constants in float32.
SINGLE = ("gelu", "gelu_by_tanh")
SELU = 1.0507009873554804934193349852946
SELU_BELOW = SELU * 1.6732632423543772848170429916717
SLOPES: dict[str, Row] = {
    "abs": (tf.abs, np.sign, [*ALL, 0.0, -1e-300, 1e300]),
    "exp": (tf.exp, np.exp, [*ALL, -800.0, 700.0]),
    "expm1": (math.expm1, np.exp, [*ALL, -800.0, 700.0, 1e-20]),
    "log": (math.log, np.reciprocal, [*ABOVE, 1e-300, 1e300]),
    "log1p": (math.log1p, lambda x: 1 / (1 + x), [*INSIDE, 1e-20, 1e300]),
    "sqrt": (tf.sqrt, lambda x: 0.5 / np.sqrt(x), [*ABOVE, 1e-300, 1e300]),
    "rsqrt": (math.rsqrt, lambda x: -0.5 / (x * np.sqrt(x)), [*ABOVE, 1e-150, 1e150]),
    "reciprocal": (math.reciprocal, lambda x: -1 / x**2, [*ALL, 1e-150, 1e150]),
    "square": (tf.square, lambda x: 2 * x, [*ALL, 0.0, 1e-200, 1e200]),
    "difference": (
        lambda x: math.squared_difference(x, 0.5),
        lambda x: 2 * (x - 0.5),
        [*ALL, 0.5, 1e200],
    ),
    "sin": (tf.sin, np.cos, ALL),
    "cos": (tf.cos, lambda x: -np.sin(x), ALL),
    "tan": (tf.tan, lambda x: 1 / np.cos(x) ** 2, ALL),
    "asin": (tf.asin, lambda x: 1 / np.sqrt(1 - x**2), INSIDE),
    "acos": (tf.acos, lambda x: -1 / np.sqrt(1 - x**2), INSIDE),
    "atan": (tf.atan, lambda x: 1 / (1 + x**2), [*ALL, 1e75]),
    "sinh": (tf.sinh, np.cosh, ALL),
    "cosh": (tf.cosh, np.sinh, ALL),
    "tanh": (tf.tanh, lambda x: (1 / np.cosh(x)) ** 2, [*ALL, -400.0, 400.0]),
    "asinh": (tf.asinh, lambda x: 1 / np.sqrt(1 + x**2), ALL),
    "acosh": (tf.acosh, lambda x: 1 / np.sqrt(x**2 - 1), [1.5, 2.25, 40.0]),
    "atanh": (tf.atanh, lambda x: 1 / (1 - x**2), INSIDE),
    "sigmoid": (tf.sigmoid, lambda x: special.expit(x) * special.expit(-x), FAR),
    "log_sigmoid": (math.log_sigmoid, lambda x: special.expit(-x), FAR),
    "softplus": (math.softplus, special.expit, FAR),
    "softsign": (math.softsign, lambda x: 1 / (1 + abs(x)) ** 2, [*ALL, 1e150]),
    "silu": (
        nn.silu,
        lambda x: special.expit(x) * (1 + x * special.expit(-x)),
        FAR,
    ),
    "gelu": (
        lambda x: nn.gelu(x, approximate=False),
        lambda x: special.ndtr(x) + x * normal(x),
        [*ALL, -40.0, 40.0],
    ),
    "gelu_by_tanh": (lambda x: nn.gelu(x, approximate=True), gelu_by_tanh, [*ALL, -40.0, 40.0]),
    "relu": (nn.relu, lambda x: 1.0 * (x > 0), [*ALL, 0.0, 1e-300]),
    "relu6": (nn.relu6, lambda x: 1.0 * ((x > 0) & (x < 6)), [*ALL, 0.0, 6.0, 6.5]),
    "elu": (nn.elu, lambda x: below(x, np.exp(np.minimum(x, 0))), [*ALL, 0.0, -800.0, 800.0]),
    "selu": (
        nn.selu,
        lambda x: below(x, SELU_BELOW * np.exp(np.minimum(x, 0)), SELU),
        [*ALL, -800.0, 800.0],
    ),
    "leaky_relu": (lambda x: nn.leaky_relu(x, 0.25), lambda x: below(x, 0.25), FAR),
    "erf": (math.erf, lambda x: 2 / np.sqrt(np.pi) * np.exp(-(x**2)), [*ALL, 0.0, 30.0]),
    "erfc": (math.erfc, lambda x: -2 / np.sqrt(np.pi) * np.exp(-(x**2)), [*ALL, 0.0, 30.0]),
    "erfinv": (
        math.erfinv,
        lambda x: np.sqrt(np.pi) / 2 * np.exp(special.erfinv(x) ** 2),
        INSIDE,
    ),
    "ndtri": (math.ndtri, lambda x: 1 / normal(special.ndtri(x)), [1e-3, 0.3, 0.5, 0.9]),
    "erfcinv": (
        math.erfcinv,
        lambda x: -np.sqrt(np.pi) / 2 * np.exp(special.erfcinv(x) ** 2),
        [0.1, 0.75, 1.0, 1.5],
    ),
    "lgamma": (math.lgamma, special.digamma, [-2.5, *ABOVE]),
    "digamma": (math.digamma, lambda x: special.polygamma(1, x), ABOVE),
    "polygamma": (
        lambda x: math.polygamma(tf.ones_like(x) * 2, x),
        lambda x: special.polygamma(3, x),
        ABOVE,
    ),
    "zeta": (
        lambda x: math.zeta(tf.ones_like(x) * 3, x),
        lambda x: -3 * special.zeta(4, x),
        ABOVE,
    ),
    "igamma": (
        lambda x: math.igamma(tf.ones_like(x) * 2.5, x),
        lambda x: x**1.5 * np.exp(-x) / special.gamma(2.5),
        ABOVE,
    ),
    "igammac": (
        lambda x: math.igammac(tf.ones_like(x) * 2.5, x),
        lambda x: -(x**1.5) * np.exp(-x) / special.gamma(2.5),
        ABOVE,
    ),
    "betainc": (
        lambda x: math.betainc(tf.ones_like(x) * 2.5, tf.ones_like(x) * 1.5, x),
        lambda x: x**1.5 * (1 - x) ** 0.5 / special.beta(2.5, 1.5),
        [1e-3, 0.3, 0.9],
    ),
    "dawsn": (bessel.dawsn, lambda x: 1 - 2 * x * special.dawsn(x), ALL),
    "expint": (bessel.expint, lambda x: np.exp(x) / x, ABOVE),
    "fresnel_cos": (bessel.fresnel_cos, lambda x: np.cos(np.pi / 2 * x**2), ALL),
    "fresnel_sin": (bessel.fresnel_sin, lambda x: np.sin(np.pi / 2 * x**2), ALL),
    "spence": (bessel.spence, lambda x: np.log(x) / (1 - x), ABOVE),
    "bessel_i0": (math.bessel_i0, special.i1, ALL),
    "bessel_i0e": (
        math.bessel_i0e,
        lambda x: special.i1e(x) - np.sign(x) * special.i0e(x),
        ALL,
    ),
    "bessel_i1": (math.bessel_i1, lambda x: special.ivp(1, x), ALL),
    "bessel_k0": (bessel.bessel_k0, lambda x: -special.k1(x), ABOVE),
    "bessel_k0e": (bessel.bessel_k0e, lambda x: special.k0e(x) - special.k1e(x), ABOVE),
    "bessel_k1": (bessel.bessel_k1, lambda x: special.kvp(1, x), ABOVE),
    "bessel_j0": (bessel.bessel_j0, lambda x: -special.j1(x), ALL),
    "bessel_j1": (bessel.bessel_j1, lambda x: special.jvp(1, x), ALL),
    "bessel_y0": (bessel.bessel_y0, lambda x: -special.y1(x), ABOVE),
    "bessel_y1": (bessel.bessel_y1, lambda x: special.yvp(1, x), ABOVE),
    "power": (lambda x: x**3, lambda x: 3 * x**2, [*ALL, 0.0, 1e100]),
    "power_of_0": (lambda x: x**2.0 + x**1.0, lambda x: 2 * x + 1, [0.0, -0.5, 1e150]),
    "power_down": (lambda x: x**-1.5, lambda x: -1.5 * x**-2.5, [*ABOVE, 1e-100]),
    "power_from": (lambda x: 3.0**x, lambda x: np.log(3) * 3.0**x, [*ALL, 0.0]),
    "power_from_0": (lambda x: (0.0 * x) ** (x + 2), lambda x: 0 * x, ABOVE),
    "power_itself": (lambda x: x**x, lambda x: x**x * (np.log(x) + 1), ABOVE),
    "over": (lambda x: 2 / x, lambda x: -2 / x**2, [*ALL, 1e-150, 1e150]),
    "over_tiny": (lambda x: 1e-200 / x, lambda x: -1e-200 / x / x, [1e-200, 1e-180, -1e-170]),
    "over_vast": (lambda x: 1e300 / x, lambda x: -1e300 / x / x, [1e200, -1e170]),
    "over_no_nan": (
        lambda x: math.divide_no_nan(tf.ones_like(x) * 1e-200, x),
        lambda x: np.where(x == 0, 0, -1e-200 / np.where(x == 0, 1, x) ** 2),
        [*ALL, 0.0],
    ),
    "mod": (lambda x: math.floormod(tf.ones_like(x) * 2.5, x), lambda x: -(2.5 // x), ALL),
    "xlogy": (lambda x: math.xlogy(tf.ones_like(x) * 3, x), lambda x: 3 / x, [*ABOVE, 1e-200]),
    "xlog1py": (
        lambda x: math.xlog1py(tf.ones_like(x) * 3, x),
        lambda x: 3 / (1 + x),
        [*INSIDE, 1e-20],
    ),
    "atan2": (
        lambda x: math.atan2(x, tf.ones_like(x) * -2),
        lambda x: -2 / (4 + x**2),
        [*ALL, 0.0],
    ),
    "maximum": (lambda x: tf.maximum(x, 0.4), lambda x: 1.0 * (x >= 0.4), ALL),
    "maximum_of": (lambda x: tf.maximum(0.4, x), lambda x: 1.0 * (x > 0.4), ALL),
    "minimum": (lambda x: tf.minimum(x, 0.4), lambda x: 1.0 * (x <= 0.4), ALL),
    "minimum_of": (lambda x: tf.minimum(0.4, x), lambda x: 1.0 * (x < 0.4), ALL),
    "clip": (
        lambda x: tf.clip_by_value(x, -0.75, 0.4),
        lambda x: 1.0 * ((x >= -0.75) & (x <= 0.4)),
        ALL,
    ),
    "root": (lambda x: tf.abs(x) ** 0.25, lambda x: np.sign(x) * abs(x) ** -0.75 / 4, ALL),
}


@pytest.mark.parametrize("name", SLOPES)
def test_a_slope_has_all_digits(name: str) -> None:
    function, slope, points = SLOPES[name]
    at = np.array(points)
    with tf.GradientTape() as tape:
        tape.watch(x := tf.constant(at))
        y = function(x)
    tolerance = 1e-5 if name in SINGLE else 1e-12
    np.testing.assert_allclose(tape.gradient(y, x), slope(at), rtol=tolerance, atol=1e-300)
