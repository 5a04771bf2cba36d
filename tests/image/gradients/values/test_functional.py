"""keras.ops in a model: an operation keeps what it is called with, and says what it will give.

A call on tensors goes straight to the backend; one on what a model is made of goes through a class
of its own, which has to pass on each argument, and to foretell shape and type.
"""

from __future__ import annotations

import operator
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from gradients.values.calls import arguments, modelled, namesakes

Call = tuple[tuple[Any, ...], dict[str, Any]]
X, Y = namesakes.X, namesakes.Y
#: Of each name the calls with all arguments, or the others where there are none.
_CALLS: dict[str, list[Call]] = {
    **{name: [((X, Y), {})] for name in namesakes.TWO},
    **{name: list(calls) for name, calls in (namesakes.CALLS | arguments.CALLS).items()},
}
#: What a model cannot have: Keras looks for a layer that gave the bound.
LIMITS = {"clip": 1}
#: Keras raises, where NumPy and Keras's own call on tensors give a number, by the call's place.
RAISED: dict[tuple[str, int], type[Exception]] = {
    # It looks for the second axis of what has one.
    ("hstack", 0): IndexError,
    # The backend has no such function: a call on tensors goes another way.
    ("histogram", 0): AttributeError,
    ("histogram", 1): AttributeError,
}
#: What Keras foretells wrongly, and how far its values are from NumPy's, by the norm.
WRONG: dict[tuple[str, int], dict[str, Any]] = {
    ("meshgrid", 0): {"dtype": "float32"},
    ("geomspace", 1): {"dtype": "float64"},
    # This, and others: keras-team/keras#23424.
    ("corrcoef", 0): {"shape": (3, 4)},
    # Half a turn of what is not square: keras-team/keras#23435.
    ("rot90", 4): {"shape": (4, 3)},
    # Of ranks that differ it takes the pairs of sizes from the front.
    ("kron", 0): {"shape": (8,)},
    ("kron", 1): {"shape": (8,)},
    ("kron", 2): {"shape": (6, 8)},
    # The method is forgotten.
    ("quantile", 4): {"value": 0.25},
    ("quantile", 5): {"value": 0.24999997},
    ("quantile", 6): {"value": 0.24999997},
    # So it is without a model: `WRONG` of test_calls.py says why.
    ("add", 0): {"value": 0.19231640},
    ("correlate", 4): {"value": 1.98747021},
    ("isclose", 4): {"value": 1.0},
    ("isin", 3): {"value": 1.0},
}


def modelable(call: Call) -> bool:
    """Return whether a call is of numbers that a model could be given."""
    parts = keras.tree.flatten(call[0])
    return any(isinstance(x, np.ndarray) and x.ndim and x.dtype == "float64" for x in parts)


CALLS = {name: calls for name, calls in _CALLS.items() if any(map(modelable, calls))}


def in_a_model(name: str, calls: list[Call]) -> tuple[list[Any], list[Any]]:
    """Return what a model of all calls of an operation foretells of each, and what it gives."""
    given: list[tuple[Any, np.ndarray]] = []

    def symbol(x: Any) -> Any:
        if isinstance(x, np.ndarray) and x.ndim and x.dtype == "float64":
            given.append((keras.KerasTensor(x.shape, "float64"), x))
            return given[-1][0]
        return x

    outputs = []
    for places, options in calls:
        number = LIMITS.get(name, len(places))
        symbols = keras.tree.map_structure(symbol, places[:number])
        outputs.append(getattr(ops, name)(*symbols, *places[number:], **options))
    model = keras.Function([one for one, _ in given], outputs)
    return outputs, model([x for _, x in given])


def problems(name: str, call: Call, foretold: Any, found: Any) -> dict[str, Any]:
    """Return what is wrong with an operation in a model."""
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(*call[0], **call[1])
    wrong: dict[str, Any] = {}
    for said, one, value in zip(*map(keras.tree.flatten, (foretold, found, expected)), strict=True):
        if said.dtype != one.dtype.name:
            wrong["dtype"] = said.dtype
        known = [a if b is None else b for a, b in zip(one.shape, said.shape, strict=False)]
        if len(one.shape) != len(said.shape) or known != list(one.shape):
            wrong["shape"] = said.shape
        have, want = (np.asarray(x) * 1.0 for x in (one, value))
        if not np.allclose(have, want, rtol=2e-6, atol=2e-6, equal_nan=True):
            wrong["value"] = np.linalg.norm(have - want) / np.linalg.norm(want)
    return wrong


@pytest.mark.parametrize("name", CALLS)
def test_an_operation_in_a_model_is_the_operation(name: str) -> None:
    placed = [(place, call) for place, call in enumerate(CALLS[name]) if modelable(call)]
    for place, call in placed:
        if (name, place) in RAISED:
            with pytest.raises(RAISED[name, place]):
                in_a_model(name, [call])
    placed = [(place, call) for place, call in placed if (name, place) not in RAISED]
    if not placed:
        return
    for (place, call), foretold, found in zip(
        placed, *in_a_model(name, [call for _, call in placed]), strict=True
    ):
        expected = WRONG.get((name, place), {})
        wrong = problems(name, call, foretold, found)
        value = pytest.approx(expected["value"], rel=1e-5) if "value" in expected else None
        assert wrong.pop("value", None) == value, call
        assert wrong == {key: x for key, x in expected.items() if key != "value"}, call


#: By name and number: a call of what NumPy does not have.
CASES: dict[str, tuple[str, tuple[Any, ...], dict[str, Any]]] = {}
for _case in modelled.CALLS:
    CASES[f"{_case[0]}_{sum(other[0] == _case[0] for other in CASES.values())}"] = _case
#: What Keras foretells wrongly of them: the shape, or the type.
FORETOLD: dict[str, Any] = {
    "categorical_crossentropy_0": (3,),
    # Each size of the pool is put behind a place.
    **dict.fromkeys(("adaptive_max_pool_1", "adaptive_average_pool_1"), (2, 6, 3, 2, 3)),
    # Of whole numbers and complex ones, and of those of 64 bits.
    "multi_hot_0": "int64",
    **dict.fromkeys(("normalize_0", "normalize_1", "psnr_0", "polar_0"), "float32"),
    "logsumexp_0": "float32",
}


def test_a_record_is_of_a_call() -> None:
    """Of one that there is, which a model could be given."""
    calls = {
        (name, place)
        for name, several in CALLS.items()
        for place, call in enumerate(several)
        if modelable(call)
    }
    assert {*RAISED, *WRONG} <= calls
    assert set(FORETOLD) <= set(CASES)


@pytest.mark.parametrize("case", CASES)
def test_an_operation_in_a_model_is_what_it_is_on_tensors(case: str) -> None:
    name, places, options = CASES[case]
    given: list[tuple[Any, Any]] = []

    def symbol(x: Any) -> Any:
        if not isinstance(x, np.ndarray):
            return x
        given.append((keras.KerasTensor(x.shape, x.dtype.name), ops.convert_to_tensor(x)))
        return given[-1][0]

    def tensor(x: Any) -> Any:
        return ops.convert_to_tensor(x) if isinstance(x, np.ndarray) else x

    function = getattr(ops, name)
    output = function(*keras.tree.map_structure(symbol, places), **options)
    model = keras.Function([one for one, _ in given], output)
    if name == "conv_transpose":
        with pytest.raises(AttributeError, match="'NoneType' object has no attribute 'lower'"):
            model([x for _, x in given])
        pytest.xfail("Keras takes the padding for what is added behind, and that for the padding")
    found = model([x for _, x in given])
    exact = function(*keras.tree.map_structure(tensor, places), **options)
    wrong = []
    for foretold, one, other in zip(*map(keras.tree.flatten, (output, found, exact)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)
        if foretold.dtype != one.dtype.name:
            wrong.append(foretold.dtype)
        if tuple(foretold.shape) != tuple(one.shape) and None not in foretold.shape:
            wrong.append(foretold.shape)
    assert wrong == ([FORETOLD[case]] if case in FORETOLD else [])


#: Windows over two images of three channels, and what else they are given.
IMAGES = np.random.default_rng(5).standard_normal((2, 6, 5, 3))
WINDOWS: dict[str, tuple[Any, ...]] = {
    "conv": (np.ones((3, 2, 3, 4)),),
    "depthwise_conv": (np.ones((3, 2, 3, 2)),),
    "separable_conv": (np.ones((3, 2, 3, 2)), np.ones((1, 1, 6, 4))),
    "conv_transpose": (np.ones((3, 2, 4, 3)),),
    "max_pool": ((3, 2),),
    "average_pool": ((3, 2),),
}


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("name", WINDOWS)
def test_padding_is_written_small_or_large(name: str, padding: str) -> None:
    """Called with numbers, and with what has none yet."""
    call, given = getattr(ops, name), WINDOWS[name]
    expected = call(IMAGES, *given, padding=padding)
    large = padding.upper()
    np.testing.assert_array_equal(call(IMAGES, *given, padding=large), expected)
    symbolic = call(keras.KerasTensor(IMAGES.shape, "float64"), *given, padding=large)
    assert symbolic.shape == expected.shape


TURN = np.array([[1.0, 2, 0], [0, -1, 3], [2, 0, 1]])
FLAGS = np.array([[True, False, True], [False, False, True]])


@pytest.mark.parametrize(
    "sign",
    [
        *(operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv),
        *(operator.mod, operator.pow, operator.lt, operator.le, operator.gt, operator.ge),
        operator.ne,
    ],
)
def test_a_sign_in_a_model_is_its_operation_from_both_sides(sign: Any) -> None:
    given = np.array([[0.5, 2.5, 4.0], [1.5, 6.0, 3.0]])
    calls = [lambda x: sign(x, 2.5), lambda x: sign(2.5, x), lambda x: sign(x, x[:, ::-1])]
    start = keras.Input((3,), dtype="float64")
    model = keras.Model(start, [call(start) for call in calls])
    for call, found in zip(calls, model(given), strict=True):
        np.testing.assert_allclose(found, call(given), rtol=1e-12)


def test_signs_in_a_model_are_their_operations() -> None:
    """Those of one, those of parts, and products of matrices."""
    given = np.array([[[0.5, -2.5, 4.25], [1.5, 6.0, -3.0]]])
    calls = [
        *(operator.neg, abs, lambda x: x[:, 1:, ::-1], lambda x: x[..., 0]),
        *(lambda x: x @ TURN, lambda x: ops.array(TURN.T) @ ops.swapaxes(x, 1, 2)),
    ]
    start = keras.Input((2, 3), dtype="float64")
    *found, last = keras.Model(start, [*(call(start) for call in calls), round(start, 1)])(given)
    for call, one in zip(calls, found, strict=True):
        np.testing.assert_allclose(one, call(given), rtol=1e-12)
    np.testing.assert_allclose(last, np.round(given, 1), rtol=1e-12)


def test_signs_of_flags_in_a_model_are_their_operations() -> None:
    start, signs = keras.Input((3,), dtype="bool"), [operator.and_, operator.or_, operator.xor]
    calls = [lambda x, sign=sign: sign(x, FLAGS[:1]) for sign in signs]
    calls += [lambda x, sign=sign: sign(True, x) for sign in signs]
    model = keras.Model(start, [*(call(start) for call in calls), ~start])
    for call, found in zip([*calls, operator.invert], model(FLAGS), strict=True):
        np.testing.assert_array_equal(found, call(FLAGS))
