"""tf.experimental.numpy, by NumPy: a function, what it is called with, and by which options."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.experimental import numpy as ours

from gradients.values.calls import Row, Rows
from gradients.values.calls.inputs import COMPLEX, CUBE, MATRICES, POSITIVE, UNIT, X, Y

WHOLE = np.array([[3, -1, 4], [-2, 7, 5]])
FLAGS = np.array([[True, False, True], [False, False, True]])
#: What is added to numbers, or multiplies them, and leaves some near themselves, or as they are.
NEAR = np.array([0, 1e-9, 1e-3, 1])
EQUAL = np.array([1, 2, 1, 0])
FAR = np.array([np.inf, -np.inf, np.nan, 1.0])
Case = tuple[str, tuple[Any, ...], dict[str, Any]]
CASES: tuple[Case, ...] = (
    # Of one.
    *(
        (name, (X,), {})
        for name in (
            *("abs", "absolute", "fabs", "negative", "positive", "square", "sign", "signbit"),
            *("exp", "exp2", "expm1", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arctan"),
            *("arcsinh", "cbrt", "deg2rad", "rad2deg", "sinc", "floor", "ceil"),
            *("reciprocal", "isreal", "iscomplex"),
            *("ravel", "ndim", "size", "argsort", "sort", "diagflat", "atleast_3d"),
        )
    ),
    *((name, (POSITIVE,), {}) for name in ("sqrt", "log", "log2", "log10", "log1p", "cbrt")),
    *((name, (UNIT,), {}) for name in ("arcsin", "arccos", "arctanh")),
    ("arccosh", (1 + POSITIVE,), {}),
    *((name, (COMPLEX,), {}) for name in ("angle", "conj", "real", "imag", "abs")),
    *((name, (COMPLEX * [1, 1j, 0, 2],), {}) for name in ("isreal", "iscomplex")),
    ("angle", (COMPLEX,), {"deg": True}),
    # Of two.
    *(
        (name, (X, Y[:1]), {})
        for name in (
            *("add", "subtract", "multiply", "divide", "true_divide", "maximum", "minimum"),
            *("arctan2", "hypot", "logaddexp", "logaddexp2", "heaviside", "mod"),
            *("remainder", "floor_divide", "greater", "less_equal", "not_equal"),
            "nextafter",
        )
    ),
    # Of which some are 0, or near each other.
    ("heaviside", (X * [1, 0, 1, 0], Y), {}),
    ("isclose", (X, X + NEAR), {}),
    *(("not_equal", (X, X * EQUAL), {}), ("less_equal", (X, X * EQUAL), {})),
    ("greater", (X, X * EQUAL), {}),
    *((name, (POSITIVE, Y), {}) for name in ("power", "float_power")),
    *((name, (WHOLE, WHOLE[:1] + 9), {}) for name in ("gcd", "lcm", "mod", "bitwise_and")),
    *((name, (WHOLE, WHOLE[:1]), {}) for name in ("bitwise_or", "bitwise_xor", "equal")),
    *((name, (FLAGS, FLAGS[:1]), {}) for name in ("logical_and", "logical_or", "logical_xor")),
    # Of products.
    *((name, (X, Y.T), {}) for name in ("matmul", "dot")),
    *(("dot", (CUBE, Y.T), {}), ("dot", (X, Y[0]), {}), ("inner", (X, Y), {})),
    *(("outer", (X, Y), {}), ("kron", (X, Y[:2]), {}), ("vdot", (X, Y), {})),
    *(("tensordot", (CUBE, Y), {"axes": axes}) for axes in (([2], [1]), ([1, 2], [0, 1]))),
    *(("cross", (X[:, :3], Y[:, :3]), {}), ("cross", (X, Y), {"axis": 0})),
    ("einsum", ("ij,kj->ik", X, Y), {}),
    # Along axes.
    *(
        (name, (CUBE,), {"axis": axis, "keepdims": kept})
        for name in ("sum", "prod", "mean", "std", "var", "max", "min", "amax", "ptp", "nansum")
        for axis, kept in ((1, True), ((0, 2), False), (None, True))
    ),
    *(("var", (X,), {"ddof": 1, "axis": axis, "dtype": "float64"}) for axis in (0, None)),
    *((name, (WHOLE,), {}) for name in ("mean", "std", "var", "prod", "sum")),
    *((name, (FLAGS,), {"axis": 1}) for name in ("all", "any", "count_nonzero", "sum")),
    *(
        ("average", (X,), {"weights": POSITIVE[0], "axis": 1}),
        ("average", (X,), {"weights": POSITIVE}),
    ),
    *((name, (X,), {"axis": axis}) for name in ("cumsum", "cumprod") for axis in (0, -1, None)),
    *((name, (X,), {"axis": axis}) for name in ("argmax", "argmin") for axis in (0, 1, None)),
    *((name, (X,), {"axis": axis}) for name in ("sort", "argsort", "flip") for axis in (0, -1)),
    *(("diff", (CUBE,), {"n": n, "axis": axis}) for n, axis in ((1, -1), (2, 1), (1, 0))),
    *(
        ("roll", (X, 2), {}),
        ("roll", (X, -1), {"axis": 1}),
        ("roll", (X, (1, 2)), {"axis": (0, 1)}),
    ),
    # Of shapes.
    *(("rot90", (X,), {"k": k}) for k in (0, 1, 2, 3, -1)),
    ("rot90", (CUBE,), {"axes": (1, 2)}),
    *(("moveaxis", (CUBE, 0, -1), {}), ("moveaxis", (CUBE, (0, 1), (2, 0)), {})),
    *(
        ("swapaxes", (CUBE, 0, -1), {}),
        ("transpose", (CUBE, (1, 2, 0)), {}),
        ("transpose", (CUBE,), {}),
    ),
    *(("reshape", (X, (2, -1)), {"order": order}) for order in ("C", "F")),
    *(("expand_dims", (X, 1), {}), ("squeeze", (X[None, :, None],), {"axis": 0})),
    *(("broadcast_to", (X, (2, 3, 4)), {}), ("ravel", (CUBE,), {}), ("atleast_2d", (X[0],), {})),
    *(
        ("repeat", (X, 2), {}),
        ("repeat", (X, [1, 2, 0]), {"axis": 0}),
        ("tile", (X, (2, 1, 2)), {}),
    ),
    *((name, ([X, Y],), {}) for name in ("vstack", "hstack", "dstack", "stack")),
    *(
        ("concatenate", ([X, Y],), {"axis": 1}),
        ("append", (X, Y), {"axis": 0}),
        ("append", (X, Y), {}),
    ),
    *(("split", (X, 2), {"axis": 1}), ("split", (X, [1, 3]), {"axis": 1})),
    *(("vsplit", (X, [1]), {}), ("hsplit", (X, 2), {}), ("dsplit", (CUBE, 2), {})),
    *(("pad", (X, ((1, 2), (0, 1)), mode), {}) for mode in ("reflect", "symmetric")),
    ("pad", (X, ((1, 2), (0, 1)), "constant"), {"constant_values": 1.5}),
    # Of diagonals, and of places.
    *((name, (MATRICES[0],), {"k": k}) for name in ("tril", "triu", "diag") for k in (-1, 0, 1)),
    *(("diag", (X[0],), {"k": k}) for k in (-2, 0, 1)),
    *(("diagonal", (CUBE,), {"offset": 1, "axis1": 1, "axis2": 2}), ("diagonal", (X,), {})),
    *(("trace", (CUBE,), {"offset": k, "axis1": 1, "axis2": 2}) for k in (0, 1, -1)),
    *(("tri", (3, 4), {"k": k}) for k in (-1, 0, 2)),
    *(("eye", (3, 4), {"k": k}) for k in (-1, 0, 1)),
    *(("vander", (X[0],), {"increasing": increasing}) for increasing in (False, True)),
    ("vander", (X[0], 3), {}),
    *(
        ("take", (X, [2, 0]), {"axis": 0}),
        ("take", (X, [1, 9, 3]), {}),
        ("take", (X, [[1]]), {"axis": 1}),
    ),
    *(("take_along_axis", (X, X.argsort(axis), axis), {}) for axis in (0, 1)),
    *(("where", (X > 0, X, Y[:1]), {}), ("where", (X > 0,), {}), ("nonzero", (WHOLE > 3,), {})),
    ("select", ([X > 1, X > 0], [X, Y]), {"default": 0.5}),
    *(
        ("clip", (X, -0.5, 1), {}),
        ("clip", (X, Y - 1, Y), {}),
        ("compress", ([True, False, True], X), {"axis": 0}),
    ),
    *(
        ("polyval", (X[0], Y), {}),
        ("meshgrid", (X[0], Y[0, :3]), {}),
        ("meshgrid", (X[0], Y[0, :3]), {"indexing": "ij"}),
    ),
    # From numbers.
    *(("arange", (5,), {}), ("arange", (1, 7, 2), {}), ("arange", (0.5, 3.0, 0.75), {})),
    *(
        (name, (0.5, 3.0, 6), {"endpoint": endpoint})
        for name in ("linspace", "logspace", "geomspace")
        for endpoint in (True, False)
    ),
    *(("linspace", (X, Y, 5), {"axis": 1}), ("full", ((2, 3), 1.5), {}), ("full_like", (X, 2), {})),
    *(
        ("ones_like", (WHOLE,), {"dtype": "float64"}),
        ("identity", (3,), {}),
        ("array_equal", (X, X), {}),
        ("array_equal", (X, Y), {}),
    ),
    *(
        (name, (np.where(X > 1, np.nan, X),), {"axis": 0})
        for name in ("nansum", "nanmean", "nanprod")
    ),
    *((name, (FAR,), {}) for name in ("isinf", "isposinf", "isneginf", "isnan", "isfinite")),
    *(
        ("allclose", (X, X + 1e-9), {}),
        ("allclose", (X, X + 1e-3), {}),
        ("allclose", (X, X + 1e-3), {"atol": 1e-2}),
    ),
)


def asked(name: str, given: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Return what a function gives, called with tensors in the place of arrays."""
    tensors = [tf.constant(x) if isinstance(x, np.ndarray) else x for x in given]
    return getattr(ours, name)(*tensors, **options)


def held(name: str) -> Row:
    """Return all calls of a function, and what NumPy gives where it is called so."""
    cases = [case for case in CASES if case[0] == name]
    return (
        lambda: [asked(*case) for case in cases],
        [getattr(np, name)(*given, **options) for _, given, options in cases],
    )


ROWS: Rows = {name: held(name) for name in dict.fromkeys(case[0] for case in CASES)}
