"""What pfor makes of a function of one element, against the function of each, one by one.

Vectorised Jacobians and `tf.vectorized_map` take another way through each operation than it takes
by itself: a converter, which adds an axis to what the operation's attributes say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from gradients.tracing import traced
from gradients.vectorised import arrays, flow, networks
from gradients.vectorised.inputs import PLACES, SQUARES, TABLES

ROWS = arrays.ROWS | flow.ROWS | networks.ROWS


def at_once(function: Callable[..., Any], elements: tuple[np.ndarray, ...]) -> list[tf.Tensor]:
    """Return what pfor makes of all elements; what it cannot convert is an error."""

    def each(one: tuple[tf.Tensor, ...]) -> Any:
        return function(*one)

    @traced
    def mapped(*elements: tf.Tensor) -> Any:
        return tf.vectorized_map(each, elements, fallback_to_while_loop=False)

    return tf.nest.flatten(mapped(*map(tf.constant, elements)))


def one_by_one(function: Callable[..., Any], elements: tuple[np.ndarray, ...]) -> list[np.ndarray]:
    """Return what the function makes of each element, one after the other."""
    answers = [function(*map(tf.constant, one)) for one in zip(*elements, strict=True)]
    return [np.stack(parts) for parts in zip(*map(tf.nest.flatten, answers), strict=True)]


@pytest.mark.parametrize("name", ROWS)
def test_all_at_once_is_one_by_one(name: str) -> None:
    for one, other in zip(at_once(*ROWS[name]), one_by_one(*ROWS[name]), strict=True):
        tolerance = 1e-12 if other.dtype in ("float64", "complex128") else 2e-6
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("rows", [1, None])
def test_one_stands_beside_each_of_many(rows: int | None) -> None:
    """On either side, whether a graph knows that it is one or not."""
    one, many = np.array([[2.0, -3]]), np.arange(6.0).reshape(3, 2)

    @traced(input_signature=[tf.TensorSpec([rows and of, 2], "float64") for of in (1, 3, 1)])
    def mapped(*elements: tf.Tensor) -> tf.Tensor:
        return tf.vectorized_map(lambda each: each[0] - each[1] * each[2], elements)

    np.testing.assert_array_equal(mapped(one, many, one), one - many * one)


def test_all_at_once_knows_no_sizes() -> None:
    """Which are another's than its elements'."""

    @traced(input_signature=[tf.TensorSpec([None, None, None], "float64")])
    def mapped(x: tf.Tensor) -> list[tf.Tensor]:
        return tf.vectorized_map(
            lambda one: [
                *(tf.zeros_like(one) + one[0, 0], tf.ones_like(one)),
                *(tf.shape(one), tf.size(one), tf.rank(one)),
                *(tf.reshape(one, [-1]), tf.reverse(one, [1]), tf.gather(one, [1, 0], axis=-1)),
            ],
            x,
            fallback_to_while_loop=False,
        )

    corner = np.broadcast_to(TABLES[:, :1, :1], TABLES.shape)
    expected = [
        *(corner, np.ones_like(TABLES), [[4, 5]] * 3, [20] * 3, [2] * 3),
        *(TABLES.reshape(3, 20), TABLES[..., ::-1], TABLES[..., [1, 0]]),
    ]
    for one, other in zip(mapped(tf.constant(TABLES)), expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_cannot_be_done_at_once_is_done_one_by_one() -> None:
    """In a loop: of each element results of two types, and what is drawn by its seed."""

    def each(x: tf.Tensor, seed: tf.Tensor) -> list[tf.Tensor]:
        return [*tf.linalg.lu(x), tf.random.stateless_normal([4], seed, dtype="float64")]

    elements = SQUARES, PLACES
    found = tf.vectorized_map(lambda of: each(*of), tuple(map(tf.constant, elements)), warn=False)
    for one, other in zip(found, one_by_one(each, elements), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-14)


@pytest.mark.parametrize("name", flow.WRONG)
def test_what_is_wrong_all_at_once_is_as_wrong_as_it_was(name: str) -> None:
    function, elements, wrong = flow.WRONG[name]
    (found,), (right,) = at_once(function, elements), one_by_one(function, elements)
    np.testing.assert_allclose(found, wrong, rtol=1e-12, err_msg="no longer so wrong: see WRONG")
    assert not np.array_equal(wrong, right)


def test_rows_of_a_jacobian_come_in_their_order_however_many_are_made_at_once() -> None:
    x = tf.constant([[0.5, 2.0, -1.0], [1.0, 3.0, 0.25]], "float64")
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = tf.repeat(tf.pow(x, [2.0, 3.0, 4.0]), [1, 3, 1], axis=1)
        last = y[1]
    slopes = np.array([2.0, 3.0, 4.0]) * x.numpy() ** [1, 2, 3]
    expected = np.stack([np.diag(one) for one in slopes])
    found = tape.batch_jacobian(y, x, parallel_iterations=2)
    np.testing.assert_allclose(found, np.repeat(expected, [1, 3, 1], axis=1), rtol=1e-14)
    whole = tape.jacobian(last, x, parallel_iterations=9)
    np.testing.assert_allclose(whole[:, 1], found[1], rtol=1e-14)
