"""Products by axes and adjoints, and special functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from scipy import special

from gradients.values.calls import Rows
from gradients.values.calls.inputs import COMPLEX, CUBE, POSITIVE, X, Y

_own = tf.math.special
#: Functions of numbers above 0 by those of SciPy.
SPECIAL: dict[Callable[..., Any], Callable[..., Any]] = {
    _own.dawsn: special.dawsn,
    _own.expint: special.expi,
    _own.fresnel_cos: lambda x: special.fresnel(x)[1],
    _own.fresnel_sin: lambda x: special.fresnel(x)[0],
    _own.spence: special.spence,
    **{
        getattr(_own, f"bessel_{name}"): getattr(special, name)
        for name in (
            *("i0", "i0e", "i1", "i1e", "j0", "j1"),
            *("k0", "k0e", "k1", "k1e", "y0", "y1"),
        )
    },
}


ROWS: Rows = {
    "special": (
        lambda: [function(POSITIVE) for function in SPECIAL],
        [theirs(POSITIVE) for theirs in SPECIAL.values()],
    ),
    "tensordot_axes": (
        lambda: [
            tf.tensordot(X, X.T, 1),
            tf.tensordot(CUBE, CUBE.transpose(1, 2, 0), 2),
            tf.tensordot(CUBE, CUBE, [[0, 2], [0, 2]]),
            tf.tensordot(X, Y, 0),
            tf.tensordot(CUBE, X, [-2, 0]),
        ],
        [
            X @ X.T,
            np.tensordot(CUBE, CUBE.transpose(1, 2, 0), 2),
            np.tensordot(CUBE, CUBE, [[0, 2], [0, 2]]),
            np.tensordot(X, Y, 0),
            np.tensordot(CUBE, X, [1, 0]),
        ],
    ),
    "products_adjoint": (
        lambda: [
            tf.matmul(COMPLEX, COMPLEX, adjoint_b=True),
            tf.matmul(COMPLEX, COMPLEX, adjoint_a=True),
            tf.matmul(COMPLEX, COMPLEX, transpose_b=True),
            tf.matmul(COMPLEX[None], COMPLEX[None], adjoint_b=True)[0],
            tf.matmul(COMPLEX[None], COMPLEX[None], transpose_b=True)[0],
            tf.matmul(COMPLEX[None], COMPLEX[None], transpose_a=True)[0],
        ],
        [
            COMPLEX @ COMPLEX.conj().T,
            COMPLEX.conj().T @ COMPLEX,
            COMPLEX @ COMPLEX.T,
            COMPLEX @ COMPLEX.conj().T,
            *(COMPLEX @ COMPLEX.T, COMPLEX.T @ COMPLEX),
        ],
    ),
}
