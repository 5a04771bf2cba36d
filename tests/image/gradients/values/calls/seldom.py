"""keras.ops that stand in no other row, and what they take in other types and by other options."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from gradients.values.calls import Rows
from gradients.values.calls.inputs import COMPLEX, CUBE, IMAGES, MATRICES, POSITIVE, UNIT, X

FLAGS = np.array([[True, False, True], [False, False, True]])
SMALL = np.array([[3, 0, 2], [1, 5, 4]], "uint8")
SIGNED = np.array([[3, 0, -2], [-1, 5, 4]], "int64")
GRID = np.arange(12).reshape(3, 4) ** 2
#: Numbers several times, and rows.
OFTEN = np.array([[3, 1, 3], [2, 2, 1], [3, 1, 3]])
#: By function: what it is called with in types that it has to change, and what NumPy says.
TYPED: tuple[tuple[str, tuple[Any, ...], dict[str, Any]], ...] = (
    *(("heaviside", (x, x[:, :1]), {}) for x in (SIGNED, SIGNED.astype("int32"))),
    *(("max", (FLAGS,), {"axis": 0, "initial": False}), ("min", (FLAGS,), {"initial": True})),
    *(("max", (FLAGS,), {"axis": 1}), ("min", (FLAGS,), {"axis": 1})),
    *((name, (FLAGS,), {"axis": 0}) for name in ("prod", "cumprod", "argsort", "sum")),
    *((name, (FLAGS,), {}) for name in ("absolute", "isnan", "isinf", "isfinite", "isneginf")),
    *((name, (SMALL,), {}) for name in ("absolute", "sign", "signbit", "isposinf", "square")),
    *((name, (SIGNED,), {}) for name in ("signbit", "sign", "isreal", "square", "negative")),
    *((name, (np.array([0, 1]),), {}) for name in ("arccos", "arcsin", "arctan", "cosh")),
    *(("arctanh", (np.array([0]),), {}), ("arccosh", (np.array([1, 4]),), {})),
    *(("arccosh", (1 + POSITIVE,), {}), ("hypot", (SIGNED, SIGNED), {})),
    *(("power", (SMALL, SMALL[:1]), {}), ("power", (SIGNED, SMALL), {})),
    *(("repeat", (SMALL.astype("uint16"), 2), {}), ("repeat", (FLAGS, [2, 1]), {"axis": 0})),
    *((name, (SMALL, SMALL + 1), {}) for name in ("mod", "fmod", "floor_divide", "bitwise_or")),
    ("clip", (SIGNED, -1, 3), {}),
    *(("digitize", (x, [0.5, 2.5]), {}) for x in (SMALL, np.float16(X), FLAGS.astype("int8"))),
    *(("bincount", (SMALL[0],), {"weights": x}) for x in (SIGNED[0], np.float16(SMALL[1]))),
    *(("correlate", (SIGNED[0], SIGNED[1, :2]), {}), ("allclose", (SIGNED, SIGNED + 1), {})),
    *(("corrcoef", (COMPLEX,), {}), ("nanvar", (X,), {"axis": 0}), ("median", (SMALL,), {})),
    *(("nanmax", (FLAGS,), {"axis": 0}), ("nansum", (FLAGS,), {}), ("nanmean", (SMALL,), {})),
    # Of other options, and those that no other row has.
    *(("arange", (1, 7, 2), {"dtype": "float64"}), ("tri", (3, 2), {"k": -5})),
    ("tile", (X, np.array([2, 1])), {}),
    ("nextafter", (X, X + 1), {}),
    *(("dsplit", (CUBE, 2), {}), ("dsplit", (CUBE, [1, 3]), {}), ("dstack", ([3.0, 4.0],), {})),
    *(("bitwise_left_shift", (SIGNED, 2), {}), ("bitwise_right_shift", (SIGNED, 1), {})),
    *(("imag", (COMPLEX,), {}), ("real", (COMPLEX,), {}), ("conjugate", (COMPLEX,), {})),
    *(("broadcast_to", (X[:1], (2, 3, 4)), {}), ("zeros_like", (X,), {"dtype": "int32"})),
    *(("ones_like", (X,), {"dtype": "int32"}), ("array", (SIGNED,), {"dtype": "float32"})),
    *(("array", ([1.5, -2.5],), {"dtype": "int32"}), ("array", ([1, 0, 2],), {"dtype": "bool"})),
)
#: What NumPy calls otherwise.
NAMES = {"conjugate": "conj"}


def numpy(name: str, places: Any, options: Any) -> Any:
    """Return NumPy's answer."""
    with np.errstate(all="ignore"):
        return getattr(np, NAMES.get(name, name))(*places, **options)


def flat(found: Any) -> list[Any]:
    """Return all parts, each as float64, or complex."""
    parts = map(np.asarray, keras.tree.flatten(found))
    return [part if part.dtype.kind == "c" else part.astype("float64") for part in parts]


ROWS: Rows = {
    # A dozen in each, one after the other.
    **{
        f"typed_{start}": (
            lambda calls=calls: [
                flat(getattr(ops, name)(*places, **options)) for name, places, options in calls
            ],
            [flat(numpy(*call)) for call in calls],
        )
        for start in range(0, len(TYPED), 12)
        for calls in [TYPED[start : start + 12]]
    },
    "unique": (
        lambda: [
            *ops.unique(OFTEN, return_index=True, return_inverse=True, return_counts=True),
            *ops.unique(OFTEN, axis=0, return_counts=True, return_inverse=True),
            *ops.unique(OFTEN, axis=1, return_index=True),
            ops.unique(OFTEN, size=5, fill_value=9),
            ops.unique(OFTEN, size=2),
        ],
        [
            *np.unique(OFTEN, return_index=True, return_inverse=True, return_counts=True),
            *np.unique(OFTEN, axis=0, return_counts=True, return_inverse=True),
            *np.unique(OFTEN, axis=1, return_index=True),
            *(np.array([1, 2, 3, 9, 9]), np.array([1, 2])),
        ],
    ),
    "slogdet": (lambda: list(ops.slogdet(-MATRICES)), list(np.linalg.slogdet(-MATRICES))),
    "view": (
        lambda: [ops.view(np.float32(X), "int32"), ops.view(SMALL[:, :2], "uint16")],
        [np.float32(X).view("int32"), SMALL[:, :2].copy().view("uint16")],
    ),
    "jvp_beside": (
        lambda: ops.jvp(
            lambda x: (x**3, 2 * x), (tf.constant(X),), (tf.constant(UNIT),), has_aux=True
        ),
        [X**3, 3 * X**2 * UNIT, 2 * X],
    ),
    "norm_behind": (
        lambda: [ops.norm(CUBE, order, axis=(0, 2)) for order in (1, -1, np.inf, -np.inf)],
        [np.linalg.norm(CUBE, order, axis=(0, 2)) for order in (1, -1, np.inf, -np.inf)],
    ),
    # The six least come first, of all, and the seventh after them.
    "argpartition_of_all": (
        lambda: np.sort(GRID[::-1].ravel()[ops.argpartition(GRID[::-1], 6, axis=None)][:6]),
        np.sort(GRID.ravel())[:6],
    ),
    # How many is a tensor, too.
    "linspace_counted": (
        lambda: [
            *ops.linspace(0.5, 2.0, tf.constant(4), retstep=True),
            *ops.linspace(X[0], X[1], tf.constant(3), endpoint=False, retstep=True),
        ],
        [
            *np.linspace(0.5, 2.0, 4, retstep=True),
            *np.linspace(X[0], X[1], 3, endpoint=False, retstep=True),
        ],
    ),
    "swapaxes_found": (
        lambda: ops.swapaxes(CUBE, tf.constant(-1), tf.constant(0)),
        CUBE.swapaxes(-1, 0),
    ),
    "cond_variable": (
        lambda: [
            ops.cond(tf.Variable(flag), lambda: 2 * X, lambda: X - 1) for flag in (True, False)
        ],
        [2 * X, X - 1],
    ),
    # Half of the way to the next, and rounded; what is moved by nothing stays.
    "whole_pictures": (
        lambda: [
            ops.image.map_coordinates(GRID, np.array([[0.5, 1], [1, 2.25]]), order=1),
            ops.image.elastic_transform(np.float32(IMAGES), alpha=0.0, sigma=1.0, seed=1),
        ],
        [np.array([13, 39]), np.float32(IMAGES)],
    ),
}
