"""keras.ops in a graph of Keras: the same rows, of what has no numbers yet.

There an operation is an object, which keeps what it is called with, says the shape and the type of
what it will give, and computes later: each by code of its own.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import cache
from types import ModuleType
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops, tree

from gradients import tiers
from gradients.tiers import Tier
from gradients.values.calls import arguments
from gradients.values.calls.inputs import POSITIVE, UNIT, X, Y
from gradients.values.calls.namesakes import BETWEEN, ELEMENTWISE, TWO
from gradients.values.test_calls import ROWS, compared

#: All but those that test_functional.py puts into models, all of a function in one.
NAMES = [
    name
    for name in ROWS
    if name.startswith(("keras/", "pictures/"))
    and name.removeprefix("keras/") not in arguments.ROWS
]
#: What the core leaves out, whose operation keeps nothing, or no more than in another row.
AGAIN = ("_first", "_one", "_of_a_number", "_by_a_number", "_whole")
PLAIN = {f"keras/{name}" for name in (*ELEMENTWISE, *BETWEEN, *TWO)}
SAMPLE = [name for name in NAMES if not name.endswith(AGAIN) and name not in PLAIN]

#: What Keras says wrongly, or cannot do there: by what it is told by, which rows.
KNOWN = {
    f"keras/{name}": words
    for words, names in {
        "says float32, gives float64": (
            *("reciprocal", "meshgrid_0", "normalize", "psnr", "view_as_real", "logsumexp"),
            *("logsumexp_kept", "logsumexp_whole", "normalize_axes"),
            *(f"normalize_{order}_{axis}" for order in (1, 2, 3) for axis in (0, -1)),
        ),
        "says float32, gives complex128": ("polar",),
        "says float64, gives complex128": ("eig_values",),
        "says float64, gives int32": ("lu_factor", "lu_factor_order"),
        "says complex64, gives float32": ("angle_0",),
        "says int64, gives float32": ("multi_hot",),
        "says (), gives (3, 4)": ("kron_by_a_number", "kron_of_a_number"),
        "says (3, 4), gives (3, 3)": ("corrcoef_0",),
        "says (4, 3), gives (3, 4)": ("rot90_2",),
        # The axis of classes is taken for the last.
        "says (4,), gives (3,)": ("categorical_crossentropy", "categorical_crossentropy_logits"),
        # Its size is put before all axes of places, of which one alone is left out.
        "says (2, 6, 4, 3, 3), gives (2, 4, 3, 3)": ("adaptive_average_2", "adaptive_max_2"),
        "says (2, 6, 4, 3, 2, 3), gives (2, 4, 3, 2, 3)": (
            *("adaptive_average_3", "adaptive_max_3"),
        ),
        "object of type 'int' has no len()": ("adaptive_average_1", "adaptive_max_1"),
        "'float' object has no attribute 'dtype'": (
            *(f"{name}_{way}_a_number" for name in ("heaviside", "hypot") for way in ("by", "of")),
        ),
        "'int' object has no attribute '_keras_history'": ("qr",),
        "'tuple' object has no attribute 'shape'": ("scan_pairs",),
        "Exception encountered when calling ViewAsComplex.call()": ("view_as_complex",),
        # Several axes are known to the function alone, not to its object.
        "Exception encountered when calling Softmax.call()": (
            *("softmax_axes", "softmax_(0, 1)", "softmax_(2, 0)", "softmax_(0, 1, 2)"),
        ),
        "Exception encountered when calling LogSoftmax.call()": (
            *("log_softmax_(0, 1)", "log_softmax_(2, 0)", "log_softmax_(0, 1, 2)"),
        ),
        # The method is forgotten: it is always linear.
        "difference among violations: 0.59656689": ("quantile_3",),
        "difference among violations: 0.14914168": ("quantile_4", "quantile_6"),
        "difference among violations: 0.2237126": ("quantile_5",),
    }.items()
    for name in names
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Take as many rows as the tier has."""
    if "row" in metafunc.fixturenames:
        everything = metafunc.config.stash[tiers.KEY] is Tier.ALL
        metafunc.parametrize("row", NAMES if everything else SAMPLE)


@cache
def _input(_number: int, shape: tuple[int, ...], dtype: str) -> Any:
    """Return the input of a graph; of two alike the second is another."""
    return keras.Input(batch_shape=shape, dtype=dtype)


def inputs(parts: Sequence[tf.Tensor]) -> list[Any]:
    """Return the inputs of a graph of such tensors."""
    return [_input(n, tuple(part.shape), part.dtype.name) for n, part in enumerate(parts)]


def _numbers(given: Any) -> bool:
    """Return whether it is an array, or several in any structure."""
    parts = tree.flatten(given)
    return bool(parts) and all(isinstance(part, np.ndarray | tf.Tensor) for part in parts)


def later(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that is called with what has no numbers, and gives them afterwards."""

    def call(*arguments: Any, **options: Any) -> Any:
        number = next((n for n, given in enumerate(arguments) if _numbers(given)), None)
        if number is None:
            return function(*arguments, **options)
        before, (first, *rest) = arguments[:number], arguments[number:]
        parts = [tf.convert_to_tensor(part) for part in tree.flatten(first)]
        given = inputs(parts)
        said = function(*before, tree.pack_sequence_as(first, given), *rest, **options)
        found = keras.Function(given, said)(parts)
        for one, other in zip(tree.flatten(said), tree.flatten(found), strict=True):
            told, gives = (one.dtype, one.shape), (other.dtype.name, tuple(other.shape))
            fits = len(told[1]) == len(gives[1]) and all(
                size in (None, known) for size, known in zip(told[1], gives[1], strict=True)
            )
            assert told[0] == gives[0], f"says {told[0]}, gives {gives[0]}"
            assert fits, f"says {told[1]}, gives {gives[1]}"
        return found

    return call


@pytest.fixture(scope="module", autouse=True)
def _later() -> Any:
    """Have all of keras.ops called so."""
    patch = pytest.MonkeyPatch()
    for module in (ops, ops.image):
        for name, function in vars(module).items():
            if not isinstance(function, type | ModuleType) and callable(function):
                patch.setattr(module, name, later(function))
    yield
    patch.undo()


def test_a_record_is_of_a_row() -> None:
    assert set(KNOWN) <= set(NAMES)


def test_an_operation_of_no_numbers_is_its_formula(row: str) -> None:
    if row in KNOWN:
        with pytest.raises((AssertionError, AttributeError, TypeError)) as raised:
            compared(row)
        assert KNOWN[row] in str(raised.value), "fails otherwise: see KNOWN"
        pytest.xfail(KNOWN[row])
    compared(row)


#: Of two: each is what has no numbers yet, beside another, beside numbers, and behind them.
SIGNS: tuple[Callable[[Any, Any], Any], ...] = (
    *(operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv),
    *(operator.mod, operator.pow),
    *(operator.lt, operator.le, operator.gt, operator.ge, operator.ne),
)
BITS: tuple[Callable[[Any, Any], Any], ...] = (operator.and_, operator.or_, operator.xor)
#: Of one.
ONE: dict[str, Callable[[Any], Any]] = {
    "neg": operator.neg,
    "abs": operator.abs,
    "item": lambda x: x[1:, ::-2],
    "item_last": lambda x: x[..., -1],
    "axis": lambda x: x[:, None],
}


def of(function: Callable[..., Any], *values: np.ndarray) -> Any:
    """Return what a function gives of what has no numbers yet, once that has these."""
    parts = [tf.constant(part) for part in values]
    given = inputs(parts)
    return keras.Function(given, function(*given))(parts)


@pytest.mark.parametrize("sign", SIGNS, ids=lambda sign: sign.__name__)
def test_a_sign_between_what_has_no_numbers_is_that_between_numbers(
    sign: Callable[[Any, Any], Any],
) -> None:
    for one, other in ((POSITIVE, UNIT), (POSITIVE, POSITIVE[:1])):
        np.testing.assert_allclose(of(sign, one, other), sign(one, other), rtol=1e-12)
        np.testing.assert_allclose(of(lambda x, s=other: sign(x, s), one), sign(one, other))
        np.testing.assert_allclose(of(lambda x: sign(1.5, x), one), sign(1.5, one), rtol=1e-6)
        np.testing.assert_allclose(of(lambda x: sign(x, 1.5), one), sign(one, 1.5), rtol=1e-6)


@pytest.mark.parametrize("sign", BITS, ids=lambda sign: sign.__name__)
def test_a_sign_between_bits_is_that_between_bits(sign: Callable[[Any, Any], Any]) -> None:
    one, other = X > 0, Y > 0
    np.testing.assert_array_equal(of(sign, one, other), sign(one, other))
    np.testing.assert_array_equal(of(lambda x: sign(x, True), one), sign(one, True))
    np.testing.assert_array_equal(of(operator.invert, one), ~one)


@pytest.mark.parametrize("name", ONE)
def test_a_sign_before_what_has_no_numbers_is_that_before_numbers(name: str) -> None:
    np.testing.assert_allclose(of(ONE[name], X), ONE[name](X), rtol=1e-12)


def test_a_product_of_matrices_has_a_sign_of_its_own() -> None:
    np.testing.assert_allclose(of(operator.matmul, X, Y.T), X @ Y.T, rtol=1e-12)
    np.testing.assert_allclose(of(lambda x: x @ tf.constant(Y.T), X), X @ Y.T, rtol=1e-12)


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ((None, 4), (1, 4), (None, 4)),
        ((None,), (1,), (None,)),
        ((None,), (5,), (5,)),
        ((5,), (None,), (5,)),
        ((1,), (None,), (None,)),
        ((None, 3), (3,), (None, 3)),
        ((1, None), (2, 1, 1), (2, 1, None)),
    ],
)
def test_a_size_that_nobody_knows_is_spread_as_one_that_is_known(
    one: Any, other: Any, both: Any
) -> None:
    given = [keras.Input(batch_shape=shape) for shape in (one, other)]
    assert (given[0] + given[1]).shape == both


def test_what_is_repeated_as_often_as_nobody_knows_has_no_size() -> None:
    given = keras.Input(batch_shape=(None, 4))
    found = ops.repeat(given, 2, axis=0)
    assert found.shape == (None, 4)
    np.testing.assert_array_equal(keras.Function(given, found)(tf.constant(X)), np.repeat(X, 2, 0))
