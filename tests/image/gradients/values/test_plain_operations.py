"""What has a class of its own and nothing to keep: in a model it is what it is on tensors.

So are the signs of a variable, each of which Keras writes for itself.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from gradients.values.calls import namesakes
from gradients.values.calls.inputs import MATRICES, POSITIVE, UNIT, X
from gradients.values.calls.networks import COLUMNS
from gradients.values.calls.seldom import OFTEN, SIGNED

#: Of one array: what is defined everywhere, and of numbers between 0 and 1.
EVERYWHERE = (
    *(*namesakes.ELEMENTWISE, "relu", "relu6", "sigmoid", "sparse_sigmoid", "softplus", "softsign"),
    *("sparse_plus", "silu", "log_sigmoid", "hard_sigmoid", "hard_silu", "selu", "tanh_shrink"),
    *("hard_tanh", "isreal", "copy", "real", "imag", "zeros_like", "ones_like", "stop_gradient"),
)
BETWEEN = namesakes.BETWEEN
#: With arguments, of which the first has no numbers yet.
OTHERS: tuple[tuple[str, tuple[Any, ...], dict[str, Any]], ...] = (
    *(("arccosh", (1 + POSITIVE,), {}), ("divide_no_nan", (X, np.maximum(X, 0)), {})),
    *(("nextafter", (X, X + 1), {}), ("reshape", (X, (2, -1)), {}), ("slogdet", (MATRICES,), {})),
    *(("broadcast_to", (X, (2, 3, 4)), {}), ("bitwise_not", (SIGNED,), {})),
    *(("bitwise_left_shift", (SIGNED, 2), {}), ("bitwise_right_shift", (SIGNED, 1), {})),
    *(("bitwise_invert", (SIGNED,), {}), ("convert_to_tensor", (X, "float32"), {})),
    *(("zeros_like", (X,), {"dtype": "int32"}), ("dsplit", (np.stack([MATRICES]), [1]), {})),
    *(("full_like", (X, 2.0), {}), ("fmod", (X, 0.7), {}), ("get_item", (X, (1, slice(2))), {})),
    ("fold", (COLUMNS, (6, 3), (2, 3), (2, 1), (1, 2), (2, 1)), {}),
)


def in_a_model(calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]]) -> set[str]:
    """Compare what a model of all calls gives with what they give of tensors.

    Returns: those of which the model foretold another type or shape.
    """
    others = set()
    given = [keras.KerasTensor(of[0].shape, of[0].dtype.name) for _, of, _ in calls]
    said = [
        getattr(ops, name)(one, *rest, **options)
        for one, (name, (_, *rest), options) in zip(given, calls, strict=True)
    ]
    found = keras.Function(given, said)([of[0] for _, of, _ in calls])
    for (name, (first, *rest), options), told, one in zip(calls, said, found, strict=True):
        exact = getattr(ops, name)(tf.constant(first), *rest, **options)
        flat = map(keras.tree.flatten, (told, one, exact))
        for known, value, expected in zip(*flat, strict=True):
            np.testing.assert_array_equal(value, expected, err_msg=name)
            if (known.dtype, known.shape) != (value.dtype.name, tuple(value.shape)):
                others.add(name)
    return others


def test_an_operation_that_keeps_nothing_is_itself_in_a_model() -> None:
    # It is said to be in float32.
    assert in_a_model([(name, (X,), {}) for name in EVERYWHERE]) == {"reciprocal"}
    assert not in_a_model([(name, (UNIT,), {}) for name in BETWEEN])


def test_an_operation_with_arguments_is_itself_in_a_model() -> None:
    # Of several matrices one sign and one logarithm are foretold.
    assert in_a_model(list(OTHERS)) == {"slogdet"}


def test_what_differs_is_found_in_a_model() -> None:
    """However much there is of it: of how much, nothing is said."""
    given = keras.KerasTensor(OFTEN.shape, "int64")
    said = ops.unique(given, size=4, fill_value=7)
    np.testing.assert_array_equal(keras.Function(given, said)(OFTEN), [1, 2, 3, 7])


SIGNS: tuple[Callable[[Any, Any], Any], ...] = (
    *(operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv),
    *(operator.mod, operator.pow, operator.matmul),
    *(operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne),
)


@pytest.mark.parametrize("sign", SIGNS, ids=lambda sign: sign.__name__)
def test_a_sign_of_a_variable_is_that_of_its_numbers(sign: Callable[[Any, Any], Any]) -> None:
    """On either side of numbers."""
    one, other = POSITIVE[:, :3], np.where(UNIT > 0.5, POSITIVE, UNIT)[:, :3]
    held = keras.Variable(one, dtype="float64")
    np.testing.assert_allclose(sign(held, other), sign(one, other), rtol=1e-12)
    np.testing.assert_allclose(sign(tf.constant(other), held), sign(other, one), rtol=1e-12)
    if sign is not operator.matmul:
        np.testing.assert_allclose(sign(held, 1.5), sign(one, 1.5), rtol=1e-12)
        np.testing.assert_allclose(sign(1.5, held), sign(1.5, one), rtol=1e-12)


def test_signs_before_a_variable_and_between_flags() -> None:
    held = keras.Variable(X, dtype="float64")
    for function in (operator.neg, operator.pos, abs):
        np.testing.assert_array_equal(function(held), function(X))
    np.testing.assert_allclose(round(held, 1), np.round(X, 1), rtol=1e-12)
    np.testing.assert_array_equal(held[1:, ::2], X[1:, ::2])
    one, other = X > 0, UNIT > 0.5
    flags = keras.Variable(one, dtype="bool")
    for sign in (operator.and_, operator.or_, operator.xor):
        np.testing.assert_array_equal(sign(flags, other), sign(one, other))
        np.testing.assert_array_equal(sign(True, flags), sign(True, one))
    np.testing.assert_array_equal(~flags, ~one)
    held.assign_sub(X / 4)
    held.assign_add(X)
    np.testing.assert_allclose(held.numpy(), 1.75 * X, rtol=1e-12)
