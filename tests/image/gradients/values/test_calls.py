"""What TensorFlow's functions of Python, and Keras's operations, compute, by NumPy and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from gradients.values.calls import (
    Rows,
    arrays,
    attributes,
    features,
    images,
    linalg,
    loops,
    maths,
    matrices,
    namesakes,
    nn,
    operations,
    operators,
    pictures,
    preparing,
    warps,
)

TABLES: dict[str, Rows] = {
    "arrays": arrays.ROWS,
    "images": images.ROWS,
    "pictures": pictures.ROWS | warps.ROWS,
    "linalg": linalg.ROWS,
    "math": maths.ROWS,
    "nn": nn.ROWS,
    "keras": namesakes.ROWS | operations.ROWS | attributes.ROWS | loops.ROWS | matrices.ROWS,
    "operators": operators.ROWS,
    "preparing": preparing.ROWS | features.ROWS,
}
ROWS = {f"{group}/{name}": row for group, rows in TABLES.items() for name, row in rows.items()}
#: What is computed in float32, or has constants of that many digits, by the start of its name.
SINGLE = (
    *(
        "images/",
        "pictures/",
        "preparing/",
        "nn/gelu",
        "nn/clip_by_average_norm",
        "keras/angle_0",
        "keras/geomspace",
        "keras/logaddexp2",
    ),
    *("keras/logspace", "keras/percentile", "keras/quantile", "keras/kaiser", "keras/bartlett"),
    *(
        "keras/blackman",
        "keras/hamming",
        "keras/hanning",
        "keras/attention",
        "keras/view_as_complex",
        "keras/adaptive_average_3",
    ),
)
TOLERANCES = {
    "images/yiq_and_back": 1e-3,
    "linalg/expm_16.0": 1e-11,
    "keras/binary_crossentropy_certain": 1e-9,
    "keras/sparse_categorical_crossentropy_certain": 1e-9,
}
#: What Keras answers wrongly: how far from NumPy's answer, by the norm.
WRONG = {
    # Half a turn of what is not square is another order of its numbers: keras-team/keras#23435.
    "keras/rot90_2": 1.72353299,
    # No conjugate is taken, and complex128 becomes complex64.
    "keras/vdot_0": 1.12786606,
    # Of a bell that is wider than high the numbers come in the order of one that is higher.
    "pictures/gaussian_blur_wide": 0.10057236,
    # What lies before the first is found one step too late.
    "pictures/map_coordinates_reflect_0": 1.29155391,
    "pictures/map_coordinates_reflect_1": 1.25367664,
    # Of channels that come first it stretches columns, all colours together.
    "preparing/AutoContrast_first": 0.06618881,
}


def compared(name: str) -> None:
    """Compare what a row's call gives."""
    call, expected = ROWS[name]
    found, expected = tf.nest.flatten(call()), tf.nest.flatten(expected)
    if name in WRONG:
        error = np.linalg.norm(found[0] - expected[0]) / np.linalg.norm(expected[0])
        assert error == pytest.approx(WRONG[name], rel=1e-5), "no longer so wrong: see WRONG"
        return
    tolerance = TOLERANCES.get(name, 2e-6 if name.startswith(SINGLE) else 1e-12)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", ROWS)
def test_function_is_its_formula(name: str) -> None:
    compared(name)
