"""keras.ops that NumPy has by the same name, with each argument at a value that is not its default.

Negative axes and several, what is kept, other ranks, zeros, ties, NaN, infinities, nothing at all.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops

from gradients.values.calls import Rows
from gradients.values.calls.inputs import COMPLEX, CUBE, MATRICES, POSITIVE, UNIT, X, Y
from gradients.values.calls.namesakes import BITS, EXTREMES, HOLES, OTHER, ROW, WHOLE, row

#: Four axes, no two of one size; numbers some of which are missing.
BLOCK = np.random.default_rng(31).standard_normal((2, 3, 4, 5))
HOLED = np.where(CUBE > 1, np.nan, CUBE)
TIES = np.array([[2.0, 1.0, 2.0], [0.0, -0.5, 0.0], [1.0, 1.0, 1.0]])
#: Numbers that are halves of something, of both signs.
HALVES = np.array([-2.5, -1.5, -0.5, 0.0, 0.5, 1.5, 2.5])
BACKWARDS = np.array([4.0, 2.5, 1.0, -1.0])
NOTHING = np.zeros((0, 3))
HALF = np.full(4096, 0.1, "float16")
METHODS = ("linear", "lower", "higher", "midpoint", "nearest")
Calls = tuple[tuple[tuple[Any, ...], dict[str, Any]], ...]

#: Along what axes each function is asked for, in turn.
AXES: Calls = (
    ((CUBE,), {"axis": -2}),
    ((CUBE,), {"axis": (-1, 0), "keepdims": True}),
    ((CUBE,), {"keepdims": True}),
    ((CUBE,), {"axis": (-2, -1)}),
)
REDUCED = ("sum", "std", "var", "prod", "ptp", "median", "amax", "amin")
NAN = ("nanmax", "nanmin", "nanmean", "nansum", "nanprod", "nanstd", "nanvar", "nanmedian")
FOUND = ("argmax", "argmin", "nanargmax", "nanargmin")
#: What compares or joins numbers: at ties, at both infinities and at what is no number.
EDGES = (
    *("fmax", "fmin", "maximum", "minimum", "greater", "greater_equal", "less", "less_equal"),
    *("equal", "not_equal"),
)
SIDES = np.array([0.0, -1.0, np.inf, -np.inf, np.nan, 2.0, 2.0, np.inf, -np.inf, np.inf])
OTHERS = np.array([0.0, 2.0, 1.0, 1.0, 3.0, np.nan, 2.0, np.inf, -np.inf, -np.inf])
#: Where one of two, or both, have no end.
ENDS = [2, 3, 7, 8, 9]
#: What shifts, divides and counts whole numbers, of both signs.
DIVIDED = ("fmod", "mod", "floor_divide", "gcd", "lcm")
SIGNS, BY = np.array([[7, -7, 7, -7, 0]]), np.array([[3], [-3], [4]])

CALLS: dict[str, Calls] = {
    **dict.fromkeys(REDUCED, AXES),
    **{name: tuple(((HOLED,), options) for _, options in AXES) for name in NAN},
    **{
        name: (
            ((CUBE,), {"axis": -3}),
            ((CUBE,), {"axis": -2, "keepdims": True}),
            ((CUBE,), {"keepdims": True}),
            ((WHOLE,), {"axis": 0, "keepdims": True}),
            ((TIES,), {"axis": 1}),
        )
        for name in FOUND
    },
    # A column beside squares, rows beside a batch of them, and channels that come first.
    "add": (
        *(((MATRICES, X[:, :1]), {}), ((CUBE, X[:, :1]), {}), ((CUBE, ROW), {})),
        *(((BLOCK, X[:, :1, None]), {}), ((ROW, CUBE), {}), ((X, np.float32(2)), {})),
    ),
    "all": (((BITS,), {"axis": (0, 1)}), ((CUBE > -2,), {"axis": (-1, 0), "keepdims": True})),
    "any": (((BITS,), {"axis": 0}), ((CUBE > 2,), {"axis": (1, -1)}), ((0 * X,), {})),
    "append": (((X, X[0]), {}), ((CUBE, CUBE[:, :1]), {"axis": -2})),
    "arange": (((5,), {}), ((1.0, 9.0, 2.5), {}), ((7, -2, -3), {})),
    "argpartition": (((ROW, 2), {}),),
    "argsort": (((CUBE,), {"axis": 0}), ((CUBE,), {"axis": -1}), ((BACKWARDS,), {})),
    "array_split": (((CUBE, 2), {"axis": -2}), ((BLOCK, 3), {"axis": 3}), ((X, 2), {})),
    "average": (
        *(((CUBE,), {"axis": 1, "weights": ROW[:3]}), ((CUBE,), {"axis": -2})),
        *(((CUBE,), {"axis": 1, "weights": CUBE**2}), ((CUBE,), {"axis": 0, "weights": ROW[:2]})),
    ),
    "bincount": (((OTHER[0],), {}), ((OTHER[0],), {"minlength": 20}), ((OTHER[1],), {})),
    "clip": (((X, UNIT - 1, 0.5), {}), ((WHOLE, -6, 10), {})),
    "concatenate": ((([CUBE, CUBE[:1]],), {}), (([CUBE, CUBE[:, :2]],), {"axis": -2})),
    "correlate": (
        ((ROW, ROW[:3] + 1), {}),
        ((ROW, ROW[:2]), {"mode": "same"}),
        ((ROW[:3], ROW[1:3]), {"mode": "full"}),
        ((X[0], Y[1]), {"mode": "same"}),
        ((ROW[:2], ROW + 1), {"mode": "same"}),
    ),
    "count_nonzero": (((CUBE > 0,), {"axis": (0, -1)}), ((WHOLE - 9,), {"axis": 0})),
    "cross": (
        *(((X[:, :3].T, Y[:, :3]), {"axisa": 0, "axisb": 1}), ((CUBE, 2 * CUBE + 1), {"axis": 1})),
        *(((X[:2, :3], X[:2, 1:]), {"axisc": 0}), ((CUBE[..., :3], CUBE[..., 1:]), {"axisc": 1})),
        ((X[:, :3].T, MATRICES[0]), {"axisa": 0, "axisb": 0}),
    ),
    "cumprod": (((CUBE,), {"axis": -3}), ((CUBE,), {"axis": -1})),
    "cumsum": (
        *(((CUBE,), {"axis": -2}), ((BITS,), {"axis": 0})),
        *(((WHOLE,), {"dtype": "float64"}), ((HALF,), {"dtype": "float64"})),
    ),
    "diag": (((ROW,), {"k": 2}), ((X,), {"k": -1}), ((X,), {"k": 2}), ((X,), {})),
    "diagflat": (((X,), {"k": -2}), ((ROW,), {})),
    "diagonal": (
        *(
            ((BLOCK,), {"offset": -1, "axis1": -1, "axis2": 0}),
            ((BLOCK,), {"axis1": 2, "axis2": 3}),
        ),
        *(((BLOCK,), {"offset": 2, "axis1": 1, "axis2": -1}), ((X,), {"offset": -2})),
    ),
    "diff": (((CUBE,), {"n": 3}), ((CUBE,), {"axis": 0}), ((BITS,), {}), ((CUBE,), {"n": 0})),
    "digitize": (((WHOLE, np.array([-5.0, 9.0, 13.0])), {}), ((HALVES, HALVES[::2]), {})),
    "dot": (((ROW, CUBE[:, :, :2].reshape(3, 4, 1)), {}), ((ROW, X.T), {}), ((X, 2.0), {})),
    "dstack": ((([ROW, ROW + 1],), {}), (([CUBE, CUBE[..., :1]],), {})),
    "expand_dims": (((X, (-2, 0)), {}), ((X, 1), {}), ((CUBE, (-1, 2)), {})),
    "eye": (((4, 3), {"k": -2}), ((3, 5), {"k": 3}), ((2, 4), {}), ((3,), {"k": 1})),
    "flip": (((CUBE,), {"axis": (-1, 0)}), ((CUBE,), {"axis": -2})),
    "fliplr": (((CUBE,), {}),),
    "flipud": (((CUBE,), {}),),
    "full": ((((2, 3), 2.5), {}), (((2, 3), np.array([1.0, 2, 3])), {})),
    "full_like": (((X, ROW), {}),),
    "geomspace": (
        *(((-2.0, -32.0), {"num": 5}), ((UNIT[0], POSITIVE[0] + 4), {"num": 3})),
        ((1.0, 64.0), {"num": 3, "endpoint": False}),
    ),
    "histogram": (
        ((np.array([0.0, 1, 1, 2.5, 4]),), {"bins": 4}),
        ((X[1],), {"bins": 5, "range": (-1.0, 0.5)}),
    ),
    "hsplit": (((CUBE, [1]), {}), ((ROW, 2), {})),
    "hstack": ((([ROW, ROW[:2]],), {}), (([CUBE, CUBE[:, :1]],), {})),
    "identity": (((3,), {}),),
    "inner": (((CUBE, Y), {}), ((ROW, X), {})),
    "isclose": (
        ((EXTREMES[2:], EXTREMES[2:]), {"equal_nan": True}),
        ((X, X * (1 + UNIT)), {"rtol": 0.5, "atol": 0.0}),
        ((X, X + UNIT), {"rtol": 0.0, "atol": 0.5}),
        ((EXTREMES[2:], EXTREMES[2:]), {}),
        ((EXTREMES[:2], EXTREMES[:2]), {}),
        ((np.array([10.0, 10, 10]), np.array([10.5, 11.5, 13])), {"rtol": 0.1, "atol": 1.0}),
    ),
    "allclose": (
        *(((EXTREMES, EXTREMES), {"equal_nan": True}), ((EXTREMES, EXTREMES), {})),
        *(((10.0, 15.0), {"rtol": 0.4}), ((15.0, 10.0), {"rtol": 0.4})),
        *(((X, X + 0.5), {"atol": 0.6}), ((X, X + 0.5), {"atol": 0.4})),
    ),
    "isin": (
        ((WHOLE, np.array([30, 5, -7])), {"assume_unique": True}),
        ((WHOLE, WHOLE[:, 1]), {"invert": True}),
        ((WHOLE, NOTHING[:, 0]), {}),
        ((WHOLE, NOTHING[:, 0]), {"invert": True}),
    ),
    "isfinite": (((EXTREMES,), {}),),
    "isinf": (((EXTREMES,), {}),),
    "isnan": (((EXTREMES,), {}), ((WHOLE,), {})),
    "isneginf": (((EXTREMES,), {}),),
    "isposinf": (((EXTREMES,), {}),),
    "isreal": (((np.where(X > 0, X, COMPLEX),), {}),),
    "kron": (((X[:2, :2], ROW), {}), ((ROW, CUBE[:, :, :2]), {}), ((CUBE[:, :2], X), {})),
    "ldexp": (((X, WHOLE[0, :1] - 9), {}), ((X, -2), {})),
    "linspace": (
        *(((-3.0, 4.0, 5), {"dtype": "int32"}), ((1.0, 3.0, 4), {"retstep": True})),
        *(((X, Y, 3), {"endpoint": False, "axis": 1}), ((1.0, 3.0, 1), {})),
        *(((1.0, 3.0, 4), {"endpoint": False, "retstep": True}), ((X, 2.0, 3), {})),
    ),
    "logspace": (((X[0], Y[0], 3), {"axis": 1, "base": 2.0}), ((0.0, 2.0, 1), {})),
    "max": (
        ((CUBE,), {"axis": 1, "initial": 0.5}),
        ((NOTHING,), {"axis": 0, "initial": -1.0}),
        *AXES,
    ),
    "min": (
        ((CUBE,), {"axis": 1, "initial": -0.5}),
        ((NOTHING,), {"axis": 0, "initial": 1.0}),
        *AXES,
    ),
    "matmul": (
        *(((ROW[:3], CUBE), {}), ((CUBE, ROW), {}), ((CUBE[:, None], CUBE.swapaxes(1, 2)), {})),
        *(((X, CUBE.swapaxes(1, 2)), {}), ((WHOLE, OTHER.T), {}), ((BLOCK, BLOCK[0, 0, 0]), {})),
    ),
    "mean": (((HALF,), {}), ((WHOLE,), {"axis": 0}), ((BITS,), {"axis": 1}), *AXES),
    "meshgrid": (((ROW, X[0, :2], ROW[:3]), {"indexing": "ij"}), ((ROW, X[0, :2]), {})),
    "moveaxis": (((BLOCK, (0, -1), (-2, 0)), {}), ((BLOCK, 1, 3), {}), ((BLOCK, -1, 0), {})),
    "nan_to_num": (
        *(((EXTREMES,), {"posinf": 8.0}), ((EXTREMES,), {"neginf": 9.0, "posinf": 1e9})),
        *(((EXTREMES,), {"nan": 3.0}), ((WHOLE,), {})),
    ),
    "nancumsum": (((HOLES,), {}), ((HOLED,), {"axis": -2})),
    "nancumprod": (((HOLES,), {}), ((HOLED,), {"axis": -1})),
    "outer": (((CUBE[0, :2], ROW), {}),),
    "pad": (
        *(((X, ((2, 1), (0, 3))), {"mode": "reflect"}), ((CUBE, ((0, 1), (2, 0), (1, 1))), {})),
        ((X, ((0, 1), (2, 0))), {"constant_values": -2.5}),
    ),
    "percentile": (
        ((CUBE, [20.0, 70.0]), {"axis": -1, "keepdims": True}),
        # Between two numbers, at one, and at the last.
        *(((HALVES, [37.0, 50.0, 100.0]), {"method": method}) for method in METHODS),
    ),
    "nanpercentile": (
        *(((HOLED, 37.0), {"axis": 1, "method": method}) for method in METHODS),
        *(((HOLED, [20.0, 70.0]), {"axis": -1, "keepdims": True}), ((HOLED, 37.0), {})),
    ),
    "nanquantile": (
        *(((HOLED, 0.37), {"axis": (0, 2), "method": method}) for method in METHODS),
        *(((HOLED, [0.2, 0.7]), {"axis": 0}), ((HOLED, 0.3), {"keepdims": True})),
    ),
    "quantile": (
        *(((CUBE, [0.2, 0.7, 1.0]), {"axis": (-1, 0)}), ((CUBE, 0.3), {"keepdims": True})),
        *(((HOLED, 0.4), {"axis": 1}), ((CUBE, 0.4), {"axis": (2, 0), "keepdims": True})),
        *(((np.arange(6.0), q), {"method": "nearest"}) for q in (0.5, 0.3, 0.15)),
    ),
    "repeat": (((CUBE, 3), {"axis": -2}), ((X, [1, 2, 0]), {"axis": 0}), ((WHOLE, 2), {})),
    "roll": (((CUBE, (1, -1)), {"axis": (0, 2)}), ((CUBE, -1), {"axis": -2}), ((X, -5), {})),
    "rot90": (
        *(((BLOCK,), {"k": 1, "axes": (3, 1)}), ((BLOCK,), {"k": -1, "axes": (0, 2)})),
        *(((CUBE,), {"axes": (-1, 0)}), ((MATRICES[0],), {"k": 2}), ((X,), {"k": 4})),
    ),
    "round": (
        ((100 * X,), {"decimals": -1}),
        ((HALVES,), {}),
        ((7 * WHOLE,), {"decimals": -1}),
        ((WHOLE,), {"decimals": 2}),
    ),
    "searchsorted": (
        ((np.sort(TIES[0]), TIES[2]), {"side": "right"}),
        ((np.sort(TIES[0]), TIES[2]), {}),
    ),
    "select": ((([X > 1, X > 0, X > -1], [X, Y, 2 * X]), {"default": -1.0}),),
    "sinc": (((HALVES,), {}),),
    "sort": (((CUBE,), {"axis": 0}), ((CUBE,), {"axis": -1}), ((BITS,), {"axis": 0})),
    "split": (((BLOCK, [1, 2, 4]), {"axis": -1}), ((CUBE, 2), {}), ((CUBE, 3), {"axis": -2})),
    "squeeze": (((X[:, None, :, None],), {"axis": (1, -1)}), ((X[None, :, None],), {})),
    "stack": ((([X, Y],), {"axis": -1}), (([X, Y, X + 1],), {})),
    "swapaxes": (((BLOCK, -1, 1), {}), ((BLOCK, 0, -2), {})),
    "take": (
        *(((CUBE, [[-1, 0], [-3, 2]]), {"axis": -2}), ((BLOCK, [-1, 0]), {"axis": 3})),
        *(((CUBE, -1), {"axis": 2}), ((X, [[-1, 3], [0, 11]]), {})),
    ),
    "take_along_axis": (
        *(((CUBE, CUBE.argsort(0)), {"axis": 0}), ((CUBE, CUBE.argsort(2)[..., :2]), {"axis": -1})),
        *(((CUBE, CUBE.argsort(1) - 3), {"axis": -2}), ((X, np.array([5, -1])), {"axis": None})),
        ((CUBE, CUBE[:1].argsort(1)), {"axis": 1}),
    ),
    "tensordot": (
        ((BLOCK, BLOCK), {"axes": ((0, 3), (0, 3))}),
        ((CUBE, CUBE), {"axes": 3}),
        ((BLOCK, X), {"axes": ([2, 1], [1, 0])}),
        ((X, Y), {"axes": 0}),
        ((CUBE, X), {}),
    ),
    "tile": (((CUBE, 2), {}), ((X, (2, 1, 3)), {}), ((CUBE, (1, 2)), {})),
    "trace": (
        *(((BLOCK,), {"offset": -1, "axis1": 1, "axis2": 3}), ((X,), {"offset": 2})),
        *(((BLOCK,), {"offset": 1, "axis1": -1, "axis2": -2}), ((BITS[:, :3],), {})),
    ),
    "transpose": (((BLOCK,), {"axes": (-1, 0, 2, 1)}), ((BLOCK,), {})),
    "trapezoid": (
        *(((CUBE,), {"x": np.sort(CUBE, axis=1), "axis": 1}), ((CUBE,), {"dx": 0.25, "axis": 0})),
        *(((X,), {"x": np.sort(X, axis=0), "axis": 0}), ((X,), {})),
    ),
    "tri": (((3, 5), {"k": 2}), ((4, 2), {"k": -1}), ((3, 4), {"k": -4}), ((3,), {"k": 9})),
    "tril": (((CUBE,), {"k": 2}), ((CUBE,), {}), ((X,), {"k": -2})),
    "triu": (((CUBE,), {"k": -2}), ((CUBE,), {}), ((X,), {"k": 2})),
    "trunc": (((HALVES,), {}), ((WHOLE,), {})),
    "unravel_index": (((np.array([[5, 11]]), (3, 4)), {}), ((np.array([5, 11]), (2, 2, 3)), {})),
    "vander": (((ROW,), {"N": 5, "increasing": True}), ((ROW,), {}), ((OTHER[0],), {"N": 2})),
    "vsplit": (((BLOCK[0], [1]), {}), ((X, 3), {})),
    "vstack": ((([CUBE, CUBE[:1]],), {}),),
    "where": (((BITS, 2, X), {}), ((BITS,), {})),
    **{name: (((SIDES, OTHERS), {}),) for name in EDGES},
    "heaviside": (((SIDES[:4], OTHERS[:4]), {}), ((TIES, TIES.T), {})),
    **{name: (((SIGNS, BY), {}),) for name in DIVIDED},
    # Of numbers of which some are 0.
    **{f"logical_{name}": (((X * BITS, Y * (Y > 0)), {}),) for name in ("and", "or", "xor")},
    "logical_not": (((X * BITS,), {}),),
    **{
        name: (((SIDES[ENDS], OTHERS[ENDS]), {}), ((X, Y), {}))
        for name in ("logaddexp", "logaddexp2", "arctan2")
    },
    "hypot": (
        ((SIDES[2:4], OTHERS[2:4]), {}),
        ((0 * X, 0 * Y), {}),
        ((1e200 * X, 1e200 * Y), {}),
        ((WHOLE, OTHER), {}),
    ),
    "angle": (((WHOLE,), {}),),
    "bitwise_not": (((WHOLE,), {}),),
    "bitwise_invert": (((WHOLE,), {}),),
    "kaiser": (((6, 2.0), {}), ((1, 5.0), {})),
    **{name: (((6,), {}), ((2,), {})) for name in ("bartlett", "blackman", "hamming", "hanning")},
}

ROWS: Rows = {
    f"{name}_given_{number}": row(name, *arguments, **options)
    for name, calls in CALLS.items()
    for number, (arguments, options) in enumerate(calls)
}
ROWS["eye_below"] = (lambda: tuple(ops.eye(5, 3, k=-1).shape), (5, 3))
