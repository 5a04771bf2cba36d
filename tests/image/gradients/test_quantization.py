"""Quantization by its bits, its bounds and its axis: what flows back to numbers, and to bounds.

TensorFlow moves the bounds so that 0 is a step (`nudging`, in its documentation): what lies between
them has the gradient of the identity, what lies outside has that of the bound.
"""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

#: Two channels of numbers around the bounds, of which each channel has its own.
X = np.stack([np.linspace(-1.6, 2.2, 39), np.linspace(-0.9, 3.6, 39)], 1).astype("float32")
LOW, HIGH = np.array([[-1.0, -0.6], [1.7, 3.1]], "float32")
INTO = np.random.default_rng(96).standard_normal(X.shape).astype("float32")
#: How each operation takes its bounds: none, two numbers, or two of each channel.
OPERATIONS = ("FakeQuantWithMinMaxArgs", "FakeQuantWithMinMaxVars")
OPERATIONS += ("FakeQuantWithMinMaxVarsPerChannel",)


def nudged(low: np.ndarray, high: np.ndarray, bits: int, *, narrow: bool) -> list[np.ndarray]:
    """Return the bounds, moved so that 0 is one of the steps."""
    first, last = int(narrow), 2**bits - 1
    scale = (high - low) / (last - first)
    zero = np.clip(np.round(first - low / scale), first, last)
    return [(step - zero) * scale for step in (first, last)]


@pytest.mark.parametrize("narrow", [True, False])
@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("name", OPERATIONS)
def test_what_is_quantized_flows_back_between_the_bounds(
    name: str, bits: int, *, narrow: bool
) -> None:
    operation = getattr(tf.raw_ops, name)
    x = tf.constant(X)
    bounds = [tf.constant(part if name.endswith("Channel") else part[0]) for part in (LOW, HIGH)]
    given = [float(LOW[0]), float(HIGH[0])] if name.endswith("Args") else bounds
    with tf.GradientTape() as tape:
        tape.watch([x, *bounds])
        y = operation(inputs=x, min=given[0], max=given[1], num_bits=bits, narrow_range=narrow)
    found = tape.gradient(y, [x, *bounds], output_gradients=tf.constant(INTO))
    low, high = nudged(*(part.numpy() for part in bounds), bits, narrow=narrow)
    np.testing.assert_allclose(found[0], INTO * ((low <= X) & (high >= X)), rtol=1e-6)
    if name.endswith("Args"):
        return
    axes = 0 if name.endswith("Channel") else None
    for one, outside in zip(found[1:], (low > X, high < X), strict=True):
        np.testing.assert_allclose(one, (INTO * outside).sum(axes), rtol=1e-5)


def test_what_is_quantized_and_back_flows_between_two_numbers() -> None:
    """The numbers themselves are taken for constants, as TensorFlow documents it."""
    inputs = [tf.constant(X), tf.constant(-1.0), tf.constant(1.5)]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        y = tf.quantization.quantize_and_dequantize_v2(*inputs, range_given=True)
    found = tape.gradient(y, inputs, output_gradients=tf.constant(INTO))
    np.testing.assert_array_equal(found[0], INTO * ((X >= -1) & (X <= 1.5)))
    assert [float(one) for one in found[1:]] == [0.0, 0.0]


@pytest.mark.parametrize("axis", [0, 1])
def test_bounds_of_an_axis_tell_what_flows_back_along_it(axis: int) -> None:
    low = np.linspace(-1.2, -0.4, X.shape[axis], dtype="float32")
    inputs = [tf.constant(X), tf.constant(low), tf.constant(-2 * low)]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        y = tf.quantization.quantize_and_dequantize_v2(*inputs, range_given=False, axis=axis)
    found = tape.gradient(y, inputs, output_gradients=tf.constant(INTO))
    low = low.reshape((-1, 1) if axis == 0 else (1, -1))
    np.testing.assert_array_equal(found[0], INTO * ((low <= X) & (-2 * low >= X)))
    for one in found[1:]:
        np.testing.assert_array_equal(one, np.zeros(X.shape[axis]))
