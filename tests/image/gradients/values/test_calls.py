"""What TensorFlow's functions of Python, and Keras's operations, compute, by NumPy and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from gradients.values.calls import (
    Rows,
    arrays,
    boxes,
    candidates,
    draws,
    images,
    linalg,
    loops,
    maths,
    matrices,
    namesakes,
    networks,
    nn,
    older,
    operations,
    operators,
    pairs,
    planes,
    products,
    ragged,
    scans,
    signals,
    sparse,
    structures,
    variables,
)

TABLES: dict[str, Rows] = {
    "arrays": arrays.ROWS,
    "images": images.ROWS | boxes.ROWS,
    "linalg": linalg.ROWS,
    "math": maths.ROWS | scans.ROWS | products.ROWS,
    "nn": nn.ROWS | networks.ROWS | candidates.ROWS,
    "keras": namesakes.ROWS | operations.ROWS | loops.ROWS | matrices.ROWS,
    "operators": operators.ROWS,
    "losses": older.ROWS,
    "ragged": ragged.ROWS,
    "random": draws.ROWS,
    "signal": signals.ROWS,
    "sparse": sparse.ROWS,
    "structures": structures.ROWS | pairs.ROWS | planes.ROWS,
    "variables": variables.ROWS,
}
ROWS = {f"{group}/{name}": row for group, rows in TABLES.items() for name, row in rows.items()}
#: What is computed in float32, or has constants of that many digits, by the start of its name.
SINGLE = (
    *(
        "images/",
        "nn/gelu",
        "nn/clip_by_average_norm",
        "keras/angle_0",
        "keras/geomspace",
        "keras/logaddexp2",
    ),
    *("signal/kaiser", "random/", "losses/", "nn/single"),
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
    **{f"random/{name}": 3e-2 for name in draws.ROWS if name.endswith(draws.ROUGH)},
    "images/yiq_and_back": 1e-3,
    "linalg/expm_16.0": 1e-11,
    # Its adjoint and its inverse are in complex64: upstream's circulant_type.
    "structures/circulant_facts": 1e-6,
    "nn/moments_half": 1e-3,
    "structures/circulant_circulant": 1e-6,
    "keras/binary_crossentropy_certain": 1e-9,
    "keras/sparse_categorical_crossentropy_certain": 1e-9,
}
#: What is answered wrongly: how far from NumPy's answer, by the norm.
WRONG = {
    # Half a turn of what is not square is another order of its numbers: keras-team/keras#23435.
    "keras/rot90_2": 1.72353299,
    # No conjugate is taken, and complex128 becomes complex64.
    "keras/vdot_0": 1.12786606,
    # A periodic window of an odd length is the symmetric one: upstream's odd_window.
    "signal/window_7_True": 0.29706885,
    # The adjoint of a lower triangle is taken for one: upstream's adjoint_operators.
    "structures/lower_diag_adjoint": 0.18350878,
    "structures/circulant_adjoint_bytes": 0.5,
    # What one tensor has by itself is never too small: upstream's sparse_threshold.
    "sparse/add_threshold": 0.09666181,
}


@pytest.mark.parametrize("name", ROWS)
def test_function_is_its_formula(name: str) -> None:
    call, expected = ROWS[name]
    found, expected = tf.nest.flatten(call()), tf.nest.flatten(expected)
    if name in WRONG:
        error = np.linalg.norm(found[0] - expected[0]) / np.linalg.norm(expected[0])
        assert error == pytest.approx(WRONG[name], rel=1e-5), "no longer so wrong: see WRONG"
        return
    tolerance = TOLERANCES.get(name, 2e-6 if name.startswith(SINGLE) else 1e-12)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)
