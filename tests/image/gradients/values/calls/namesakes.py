"""keras.ops that NumPy has by the same name: the same call, of the same arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from gradients.values.calls import Row, Rows
from gradients.values.calls.inputs import COMPLEX, CUBE, MATRICES, POSITIVE, UNIT, X, Y

HOLES = np.where(np.abs(X - 0.2) < 0.3, np.nan, X)
ZEROS = np.where(np.abs(X) < 0.6, 0, X)
BITS = X > 0.3
WHOLE = np.array([[12, -7, 30], [9, 14, -5]])
OTHER = np.array([[8, 5, 4], [3, 2, 3]])
PLACES = CUBE.argsort(axis=1)[:, :2]
ROW = np.array([3.0, -2.0, 1.5, 4.0])
EXTREMES = np.array([np.inf, -np.inf, np.nan, 2.5, 0.0])


def row(name: str, *arguments: Any, **options: Any) -> Row:
    """Return a call of Keras's function, and what NumPy's says."""
    reference: Callable[..., Any] = getattr(np, name)
    return lambda: getattr(ops, name)(*arguments, **options), reference(*arguments, **options)


#: In a smaller type than what stands beside it.
HALF = X.astype("float32")
#: Of one number each, where all are defined.
ELEMENTWISE = (
    *("absolute", "arcsinh", "arctan", "cbrt", "ceil", "cos", "cosh", "deg2rad", "exp", "exp2"),
    *("expm1", "fabs", "floor", "i0", "negative", "rad2deg", "reciprocal", "sign", "sin", "sinc"),
    *("sinh", "square", "tan", "tanh", "trunc", "signbit", "isfinite"),
)
#: Of numbers between 0 and 1.
BETWEEN = ("arccos", "arcsin", "arctanh", "log", "log10", "log1p", "log2", "sqrt", "logical_not")
#: Of two arrays.
TWO = (
    *("add", "arctan2", "divide", "equal", "fmax", "fmin", "fmod", "greater", "greater_equal"),
    *("heaviside", "hypot", "less", "less_equal", "logaddexp", "logaddexp2", "logical_and"),
    *("logical_or", "logical_xor", "maximum", "minimum", "mod", "multiply", "not_equal", "outer"),
    *("subtract", "floor_divide", "kron", "inner", "true_divide"),
)
#: Along an axis, along several, and of everything.
REDUCTIONS = ("mean", "max", "min", "sum", "std", "var", "prod", "amax", "amin", "ptp", "median")
NAN = ("nanmax", "nanmin", "nanmean", "nansum", "nanprod", "nanstd", "nanvar", "nanmedian")
#: Those with attributes: what it is called with, one call after the other.
CALLS: dict[str, tuple[tuple[tuple[Any, ...], dict[str, Any]], ...]] = {
    "all": (((BITS,), {"axis": 0}), ((BITS,), {})),
    "any": (((BITS,), {"axis": 1, "keepdims": True}), ((BITS,), {})),
    "angle": (((COMPLEX,), {}), ((X,), {})),
    "append": (((X, Y), {}), ((X, Y), {"axis": 1})),
    "arange": (((2.0, -1.0, -0.5), {}),),
    "argmax": (((CUBE,), {"axis": 1, "keepdims": True}), ((CUBE,), {})),
    "argmin": (((CUBE,), {"axis": -1}), ((CUBE,), {})),
    "argsort": (((CUBE,), {"axis": 1}), ((CUBE,), {"axis": None})),
    "average": (((X,), {"axis": 1, "weights": ROW}), ((X,), {"weights": POSITIVE}), ((X,), {})),
    "bincount": (((WHOLE[1] + 5,), {"weights": ROW[:3], "minlength": 25}),),
    "bitwise_and": (((WHOLE, OTHER), {}),),
    "bitwise_or": (((WHOLE, OTHER), {}),),
    "bitwise_xor": (((WHOLE, OTHER), {}),),
    "clip": (((X, -0.5, UNIT), {}),),
    "concatenate": ((([X, Y],), {"axis": -1}),),
    "conj": (((COMPLEX,), {}),),
    "corrcoef": (((X,), {}),),
    "correlate": (((ROW, ROW[:3] + 1), {"mode": "same"}), ((ROW, ROW[:3] + 1), {"mode": "full"})),
    "count_nonzero": (((ZEROS,), {"axis": 1}), ((ZEROS,), {})),
    "cross": (((MATRICES[0], MATRICES[1]), {}), ((X[:2, :3], Y[:2, :3]), {"axis": -1})),
    "cumprod": (((CUBE,), {"axis": 1}), ((X,), {})),
    "cumsum": (((CUBE,), {"axis": 0}), ((X,), {})),
    "diag": (((ROW,), {"k": -1}), ((MATRICES[0],), {"k": 1})),
    "diagflat": (((X,), {"k": 1}),),
    "diagonal": (((CUBE,), {"offset": 1, "axis1": 2, "axis2": 1}), ((CUBE,), {"offset": -1})),
    "diff": (((CUBE,), {"n": 2, "axis": 1}), ((CUBE,), {})),
    "digitize": (((X, np.array([-1.0, 0.0, 0.5])), {}),),
    "dot": (((CUBE, Y.T), {}), ((X, ROW), {}), ((CUBE, CUBE.swapaxes(1, 2)), {}), ((2.0, X), {})),
    "dstack": ((([X, Y],), {}), (([HALF, Y],), {})),
    "einsum": ((("ijk,lk->jil", CUBE, Y), {}), (("ij,kj", X, Y), {}), (("...k,k", CUBE, ROW), {})),
    "expand_dims": (((X, (0, -1)), {}),),
    "eye": (((3, 4), {"k": 1}), ((3,), {"k": -1})),
    "flip": (((CUBE,), {"axis": 1}), ((CUBE,), {})),
    "full_like": (((X, 2.5), {}),),
    "gcd": (((WHOLE, OTHER), {}),),
    "geomspace": (((1.0, 16.0), {"num": 5}), ((1.0, 16.0), {"num": 4, "endpoint": False})),
    "hstack": ((([X, Y],), {}), (([HALF, Y],), {})),
    "isclose": (((X, X + np.array([[1e-9], [1e-4], [0]])), {}),),
    "isin": (((WHOLE, 2 * OTHER - 2), {}), ((WHOLE, 2 * OTHER - 2), {"invert": True})),
    "lcm": (((np.abs(WHOLE), OTHER), {}),),
    "ldexp": (((X, 3), {}),),
    "left_shift": (((WHOLE, OTHER), {}),),
    "linspace": (
        *(((X, Y, 5), {}), ((X, Y, 4), {"axis": -1})),
        ((X, Y, 4), {"endpoint": False}),
    ),
    "logspace": (((0.0, 2.0, 4), {"base": 3.0}), ((0.0, 2.0, 4), {"endpoint": False})),
    "matmul": (((CUBE, Y.T), {}), ((X, ROW), {}), ((ROW, X.T), {}), ((ROW, ROW), {})),
    "meshgrid": (((X[0], Y[:, 0]), {"indexing": "ij"}), ((X[0], Y[:, 0], X[1]), {})),
    "moveaxis": (((CUBE, 0, -1), {}), ((CUBE, (0, 1), (2, 0)), {})),
    "nan_to_num": (((EXTREMES,), {"nan": 7.0, "posinf": 8.0, "neginf": 9.0}),),
    "nanargmax": (((HOLES,), {"axis": 1}),),
    "nanargmin": (((HOLES,), {"axis": 0}),),
    "nancumsum": (((HOLES,), {"axis": 1}),),
    "nancumprod": (((HOLES,), {"axis": 0}),),
    "nonzero": (((ZEROS,), {}),),
    "pad": (
        *(
            ((X, ((1, 0), (2, 1))), {"constant_values": 1.5}),
            ((X, ((1, 1), (1, 1))), {"mode": "reflect"}),
        ),
        ((X, ((0, 2), (1, 3))), {"mode": "symmetric"}),
    ),
    "percentile": (((X, 30.0), {"axis": 1}),),
    "power": (((POSITIVE, X), {}), ((X, 3.0), {})),
    "quantile": (
        *(((CUBE, [0.25, 0.6]), {"axis": 1, "keepdims": True}), ((CUBE, 0.3), {})),
        *(
            ((CUBE, 0.4), {"axis": (0, 2), "method": method})
            for method in ("linear", "lower", "higher", "midpoint", "nearest")
        ),
    ),
    "ravel": (((CUBE,), {}),),
    "repeat": (((CUBE, 2), {"axis": 1}), ((CUBE, [2, 0, 3]), {"axis": 1}), ((X, 2), {})),
    "right_shift": (((WHOLE, OTHER), {}),),
    "roll": (((CUBE, 2), {"axis": 1}), ((CUBE, 5), {})),
    "rot90": (((CUBE,), {"k": 3, "axes": (1, 2)}), ((X,), {}), ((X,), {"k": 2})),
    "round": (((X,), {"decimals": 1}), ((7 * X,), {})),
    "searchsorted": (((np.sort(ROW), X[0]), {"side": "right"}), ((np.sort(ROW), ROW), {})),
    "select": ((([X > 0.5, X > 0], [X, Y]), {"default": 2.0}),),
    "sort": (((CUBE,), {"axis": 1}), ((CUBE,), {"axis": None})),
    "split": (((X, 2), {"axis": 1}), ((X, [1, 3]), {"axis": 1})),
    "array_split": (((X, 3), {"axis": 1}),),
    "squeeze": (((X[:, None, :, None],), {"axis": 1}), ((X[:, None],), {})),
    "stack": ((([X, Y],), {"axis": 1}), (([HALF, Y],), {})),
    "swapaxes": (((CUBE, 0, 2), {}),),
    "take": (((CUBE, [[2, -1], [0, 0]]), {"axis": 1}), ((CUBE, [5, 7]), {})),
    "take_along_axis": (((CUBE, PLACES), {"axis": 1}),),
    "tensordot": (((CUBE, CUBE), {"axes": [[1, 2], [1, 2]]}), ((CUBE, Y.T), {"axes": 1})),
    "tile": (((X, (2, 3)), {}), ((X, (2, 1, 2)), {})),
    "trace": (((CUBE,), {"offset": 1, "axis1": 1, "axis2": 2}),),
    "transpose": (((CUBE,), {"axes": (1, 2, 0)}), ((CUBE,), {})),
    "trapezoid": (((X,), {"dx": 0.5, "axis": 0}), ((X,), {"x": np.sort(ROW)})),
    "tri": (((3, 4), {"k": 1}), ((3,), {"k": -1})),
    "tril": (((CUBE,), {"k": -1}), ((X,), {"k": 1})),
    "triu": (((CUBE,), {"k": 1}), ((X,), {"k": -1})),
    "unravel_index": (((np.array([5, 11]), (3, 4)), {}),),
    "vander": (((ROW,), {"N": 3}), ((ROW,), {"increasing": True})),
    "vdot": (((COMPLEX, COMPLEX * 1j + 2), {}),),
    "vstack": ((([X, Y],), {}), (([HALF, Y],), {})),
    "where": (((BITS, X, 2.5), {}), ((BITS[:, :1], Y[:1], X), {})),
    **{name: (((7,), {}), ((1,), {})) for name in ("bartlett", "blackman", "hamming", "hanning")},
    "kaiser": (((7, 3.5), {}),),
}

ROWS: Rows = {
    **{name: row(name, X) for name in ELEMENTWISE},
    **{name: row(name, UNIT) for name in BETWEEN},
    **{name: row(name, X, Y) for name in TWO},
    **{f"{name}_of_a_number": row(name, 2.5, X) for name in TWO},
    **{f"{name}_by_a_number": row(name, X, 2.5) for name in TWO},
    **{f"{name}_axis": row(name, CUBE, axis=1, keepdims=True) for name in REDUCTIONS},
    **{f"{name}_axes": row(name, CUBE, axis=(0, 2)) for name in REDUCTIONS},
    **{f"{name}_whole": row(name, CUBE) for name in REDUCTIONS},
    **{f"{name}_axis": row(name, HOLES, axis=1, keepdims=True) for name in NAN},
    **{f"{name}_whole": row(name, HOLES) for name in NAN},
    **{
        f"{name}_{number}": row(name, *arguments, **options)
        for name, calls in CALLS.items()
        for number, (arguments, options) in enumerate(calls)
    },
}
