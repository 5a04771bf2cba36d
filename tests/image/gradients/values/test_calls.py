"""What TensorFlow's functions of Python compute, against NumPy and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from gradients.values.calls import Rows, arrays, images, linalg, maths, nn

TABLES: dict[str, Rows] = {
    "arrays": arrays.ROWS,
    "images": images.ROWS,
    "linalg": linalg.ROWS,
    "math": maths.ROWS,
    "nn": nn.ROWS,
}
#: What is computed in float32, or has constants of that many digits; else float64's rounding.
TOLERANCES = {
    **{"images": 2e-6, "nn/gelu": 1e-8, "nn/gelu_approximate": 1e-8, "linalg": 1e-11},
    # Its matrices are those of a standard, to five digits: they are no exact inverses.
    "images/yiq_and_back": 1e-3,
}
ROWS = {f"{group}/{name}": row for group, rows in TABLES.items() for name, row in rows.items()}


@pytest.mark.parametrize("name", ROWS)
def test_function_is_its_formula(name: str) -> None:
    call, expected = ROWS[name]
    found, expected = tf.nest.flatten(call()), tf.nest.flatten(expected)
    tolerance = TOLERANCES.get(name, TOLERANCES.get(name.partition("/")[0], 1e-12))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)
