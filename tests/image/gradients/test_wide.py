"""Gradients of many numbers, to the last digits, against the same function in NumPy.

NumPy's functions take complex numbers, too: of what is analytic, the imaginary part of f(x + ihv)
is h times its derivative along v, with all digits, however small h is (Squire and Trapp), since
nothing is subtracted. So a row is one function in both words; its sizes are none of the table's:
more rows than 16 bits count or name, more than 1024 elements, 513 of a sum, 64 ids and channels.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from gradients.wide import moves, sums

Arrays = list[np.ndarray]
ROWS = moves.ROWS | sums.ROWS
SEED = 121


def gradients(
    function: Callable[..., tf.Tensor], inputs: Arrays, into: np.ndarray, dtype: str
) -> tuple[np.ndarray, Arrays]:
    """Return an output, and what flows back."""
    of = [tf.constant(one, dtype) for one in inputs]
    with tf.GradientTape() as tape:
        tape.watch(of)
        y = function(*of)
    found = tape.gradient(y, of, output_gradients=tf.constant(into, dtype))
    return y.numpy(), [tf.convert_to_tensor(one).numpy() for one in found]


def moved_along(
    plain: Callable[..., np.ndarray], inputs: Arrays, along: Arrays
) -> tuple[np.ndarray, np.ndarray]:
    """Return a function's value, and its derivative along a direction."""
    out = plain(*(x + 1e-40j * v for x, v in zip(inputs, along, strict=True)))
    return np.real(out), np.imag(out) * 1e40


@pytest.mark.parametrize("name", ROWS)
def test_a_gradient_of_many_numbers_has_all_digits(name: str) -> None:
    """Along a direction, of each number's own size; in float32 as many as that has."""
    function, plain, shapes = ROWS[name]
    random = np.random.default_rng(SEED)
    inputs, along = ([random.standard_normal(shape) for shape in shapes] for _ in range(2))
    expected, slopes = moved_along(plain, inputs, along)
    into = random.standard_normal(expected.shape)
    single = name in sums.SINGLE
    dtype, digits, noise = ("float32", 1e-7, 1e-5) if single else ("float64", 1e-12, 1e-12)
    value, found = gradients(function, inputs, into, dtype)
    np.testing.assert_allclose(value, expected, rtol=100 * digits, atol=noise)
    slope, size = np.vdot(into, slopes), np.linalg.norm(into)
    assert abs(sum(map(np.vdot, along, found)) - slope) <= digits * size * (1 + abs(slope))
    if name.startswith(sums.SUMMED):
        _, narrow = gradients(function, inputs, into, "float32")
        for one, other in zip(narrow, found, strict=True):
            assert np.linalg.norm(one - other) <= 1e-5 * np.linalg.norm(other)


@pytest.mark.parametrize("name", sums.TWICE)
def test_a_second_gradient_of_many_numbers_is_right(name: str) -> None:
    """What flows back along a direction, by what flows in, and by the inputs along another."""
    function, plain, shapes = ROWS[name]
    random = np.random.default_rng(SEED)
    inputs, along, other = ([random.standard_normal(of) for of in shapes] for _ in range(3))
    _, slopes = moved_along(plain, inputs, along)
    into = random.standard_normal(slopes.shape)
    dtype, digits = ("float32", 1e-4) if name in sums.SINGLE else ("float64", 1e-8)
    *of, weights = (tf.constant(one, dtype) for one in (*inputs, into))
    with tf.GradientTape() as outer:
        outer.watch([weights, *of])
        with tf.GradientTape() as tape:
            tape.watch(of)
            y = function(*of)
        flows = tape.gradient(y, of, output_gradients=weights)
        total = tf.add_n([tf.reduce_sum(g * v) for g, v in zip(flows, along, strict=True)])
    zero = tf.UnconnectedGradients.ZERO
    by_into, *by_inputs = outer.gradient(total, [weights, *of], unconnected_gradients=zero)
    size = np.linalg.norm(slopes)
    assert np.linalg.norm(by_into - slopes) <= digits * size
    near, far = (
        moved_along(plain, [x + step * u for x, u in zip(inputs, other, strict=True)], along)[1]
        for step in (1e-5, -1e-5)
    )
    expected, bound = np.vdot(into, (near - far) / 2e-5), size * np.linalg.norm(into)
    assert abs(sum(map(np.vdot, other, by_inputs)) - expected) <= digits * bound
