"""keras.ops of whole numbers, of flags, of half numbers, and of two types: values and the type.

Whole numbers become Keras's usual float where NumPy takes 64 bits; what is added up grows to 32.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from keras import ops

from gradients.values.calls import Rows

NUMBERS = np.array([[3, 0, 2], [1, 5, 4]])
OTHERS = np.array([[1, 2, 3], [4, 1, 2]])
LARGE = np.tile(np.array([99.0, 101], "float16"), 1024)
#: Of the types of 16 bits, which have room for neither the sum of many nor a fraction beside it.
SMALL = ("float16", "bfloat16")
WHOLE = ("int64", "uint8", "bool")
#: Each of one number, in float32 whatever whole number it is.
SINGLE = (
    *("arcsinh", "arctan", "ceil", "cos", "cosh", "exp", "exp2", "expm1", "fabs", "floor", "sin"),
    *("sinc", "sinh", "sqrt", "tan", "tanh", "log1p"),
)
#: Those that take 64 bits of 64.
DOUBLE = ("cbrt", "deg2rad", "rad2deg", "i0")
MEANS = ("mean", "median", "std", "var", "average", "nanmean", "nanstd", "nanvar")
SUMS = ("sum", "prod", "nansum", "nanprod", "trace")
KEPT = ("max", "min", "amax", "amin", "sort", "nanmax", "nanmin")
HALF = (*SINGLE, *DOUBLE[:3], *MEANS, *SUMS, *KEPT, "cumsum", "cumprod", "square", "ptp", "trunc")
#: Of two types, what both become; and what they become where a float must come out.
PAIRS = {
    ("int32", "int64"): ("int64", "float32"),
    ("int8", "uint8"): ("int16", "float32"),
    ("int64", "float16"): ("float16", "float16"),
    ("float16", "bfloat16"): ("float32", "float32"),
}
TWO = (
    *("add", "subtract", "multiply", "maximum", "minimum", "fmax", "fmin", "mod", "fmod"),
    *("floor_divide", "outer", "inner", "kron"),
)
FLOATING = ("divide", "true_divide", "arctan2", "logaddexp", "logaddexp2")
COMPARED = (
    *("equal", "not_equal", "less", "less_equal", "greater", "greater_equal"),
    *("isclose", "allclose"),
)
JOINED = ("append", "vstack", "hstack", "dstack", "stack", "concatenate")


def typed(name: str, *numbers: Any, kinds: tuple[str, ...], several: bool = False) -> Any:
    """Return what a function makes of numbers of some types, in float64, and its type."""
    given = [ops.cast(x, kind) for x, kind in zip(numbers, kinds, strict=True)]
    found = getattr(ops, name)(given) if several else getattr(ops, name)(*given)
    return ops.cast(found, "float64"), found.dtype.name


def _called(name: str, cases: Any, several: bool = False) -> Any:
    """Return each value, and 1 for each type that is right."""
    found = []
    for numbers, kinds, kind in cases:
        value, have = typed(name, *numbers, kinds=kinds, several=several)
        found += [value, float(have == kind)]
    return found


def row(name: str, *cases: Any, several: bool = False) -> Any:
    """Return a call with numbers of each type, and NumPy's answers in float64."""
    expected: list[Any] = []
    for numbers, kinds, _ in cases:
        exact = [
            (x != 0 if kind == "bool" else x).astype("float64")
            for x, kind in zip(numbers, kinds, strict=True)
        ]
        with np.errstate(all="ignore"):
            function = getattr(np, name)
            expected += [function(exact) if several else function(*exact), 1.0]
    return partial(_called, name, cases, several), [np.asarray(x, "float64") for x in expected]


def _one(name: str) -> Any:
    grown = {"bool": "int32", "uint8": "uint32"}
    kinds = {
        **{kind: "float32" for kind in WHOLE if name in (*SINGLE, *DOUBLE, *MEANS)},
        **({"int64": "float64"} if name in DOUBLE else {}),
        **{kind: grown.get(kind, kind) for kind in WHOLE if name in SUMS},
        **{kind: kind for kind in WHOLE if name in KEPT},
    }
    return row(name, *(((NUMBERS,), (kind,), out) for kind, out in kinds.items()))


ROWS: Rows = {
    **{f"whole/{name}": _one(name) for name in (*SINGLE, *DOUBLE, *MEANS, *SUMS, *KEPT)},
    **{
        f"half/{name}": row(
            name,
            *(
                ((NUMBERS / 4 + 0.25,), (kind,), kind)
                for kind in (("float16", "bfloat16") if name in MEANS else ("bfloat16",))
            ),
        )
        for name in HALF
    },
    **{
        f"two/{name}": row(
            name,
            *(
                (
                    (NUMBERS, OTHERS),
                    kinds,
                    out[name in FLOATING] if name not in COMPARED else "bool",
                )
                for kinds, out in PAIRS.items()
            ),
        )
        for name in (*TWO, *FLOATING, *COMPARED)
    },
    **{
        f"joined/{name}": row(
            name,
            *(((NUMBERS, OTHERS), kinds, out[0]) for kinds, out in PAIRS.items()),
            several=name != "append",
        )
        for name in JOINED
    },
    # Of which 16 bits do not hold the sum.
    "half/large": (
        lambda: [
            ops.cast(getattr(ops, name)(ops.cast(LARGE, kind), axis=0), "float64")
            for kind in SMALL
            for name in ("mean", "var")
        ],
        [np.float64(value) for value in (100, 1) * 2],
    ),
    "matmul": row(
        "matmul",
        *(((NUMBERS, OTHERS.T), kinds, out[0]) for kinds, out in PAIRS.items()),
    ),
    "tensordot": row(
        "tensordot",
        *(((NUMBERS, OTHERS), kinds, out[0]) for kinds, out in PAIRS.items()),
    ),
}
