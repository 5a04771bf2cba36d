"""What TensorFlow's functions of Python, and Keras's operations, compute, by NumPy and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from gradients import environment
from gradients.values.calls import (
    Rows,
    arguments,
    arrays,
    attributes,
    boxes,
    candidates,
    choices,
    corners,
    ctc,
    drawn,
    draws,
    edges,
    features,
    images,
    kernels,
    kinds,
    large,
    linalg,
    loops,
    maths,
    matrices,
    mended,
    merged,
    mixtures,
    namesakes,
    networks,
    nn,
    numpies,
    older,
    operations,
    operators,
    others,
    pairs,
    pictures,
    pieces,
    planes,
    preparing,
    products,
    ragged,
    released,
    scans,
    seldom,
    signals,
    sounds,
    sparse,
    states,
    strides,
    structures,
    thinly,
    unasked,
    uncalled,
    variables,
    warps,
)

TABLES: dict[str, Rows] = {
    "arrays": arrays.ROWS,
    "choices": choices.ROWS,
    "drawn": drawn.ROWS,
    "mixtures": mixtures.ROWS,
    "edges": edges.ROWS,
    "images": merged(images.ROWS, boxes.ROWS, released.PICTURES),
    "pictures": merged(pictures.ROWS, warps.ROWS),
    "linalg": linalg.ROWS,
    "math": merged(maths.ROWS, scans.ROWS, products.ROWS),
    "nn": merged(nn.ROWS, kernels.ROWS, candidates.ROWS, strides.ROWS),
    "keras": merged(
        *(arguments.ROWS, attributes.ROWS, namesakes.ROWS),
        *(operations.ROWS, loops.ROWS, matrices.ROWS),
    ),
    "kinds": kinds.ROWS,
    "large": large.ROWS,
    "seldom": merged(seldom.ROWS, thinly.ROWS),
    "networks": merged(networks.ROWS, ctc.ROWS),
    "numpies": numpies.ROWS,
    "operators": operators.ROWS,
    "losses": older.ROWS,
    "ragged": ragged.ROWS,
    "released": merged(released.ROWS, mended.ROWS),
    "random": merged(draws.ROWS, states.ROWS),
    "signal": signals.ROWS,
    "sparse": sparse.ROWS,
    "preparing": merged(preparing.ROWS, features.ROWS, corners.ROWS, sounds.ROWS),
    "structures": merged(structures.ROWS, pairs.ROWS, planes.ROWS),
    "uncalled": merged(unasked.ROWS, uncalled.ROWS, others.ROWS, pieces.ROWS),
    "variables": variables.ROWS,
}
ROWS = {f"{group}/{name}": row for group, rows in TABLES.items() for name, row in rows.items()}
#: What is computed in float32, or has constants of that many digits, by the start of its name.
SINGLE = (
    "networks/fake_quant",
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
    *("signal/kaiser", "random/", "losses/", "nn/single"),
    *("keras/logspace", "keras/percentile", "keras/quantile", "keras/kaiser", "keras/bartlett"),
    *(
        "keras/blackman",
        "keras/hamming",
        "keras/hanning",
        "keras/attention",
        "keras/view_as_complex",
        "keras/adaptive_average_3",
        "keras/angle_given_0",
        "keras/histogram_given_1",
        "keras/linspace_given_1",
        "keras/nanpercentile",
        "keras/nanquantile",
        "keras/round_given_0",
        "kinds/whole",
        "networks/ctc",
        "networks/leaky_relu_usual",
        *("large/whole", "large/networks", "seldom/typed", "seldom/thin_filled", "uncalled/single"),
    ),
)
#: What is computed in 16 bits.
HALF = ("kinds/half", "kinds/two")
TOLERANCES = {
    **{f"random/{name}": 3e-2 for name in TABLES["random"] if name.endswith(draws.ROUGH)},
    "images/yiq_and_back": 1e-3,
    "linalg/expm_16.0": 1e-11,
    "choices/expm_of_each": 1e-11,
    "mixtures/half": 4e-3,
    # The next number is nearer than any tolerance.
    "numpies/nextafter": 0,
    # By weights of bands in float32, and logarithms.
    **{f"preparing/MelSpectrogram{name}": 5e-5 for name in ("", "_least", "_plain")},
    # Its adjoint and its inverse are in complex64: upstream's circulant_type.
    "structures/circulant_facts": 1e-6,
    "nn/moments_half": 1e-3,
    "uncalled/single_ssim": 1e-5,
    **dict.fromkeys(("uncalled/beams", "uncalled/beams_of_keras", "uncalled/average_loss"), 2e-6),
    "structures/circulant_circulant": 1e-6,
    "keras/binary_crossentropy_certain": 1e-9,
    "keras/sparse_categorical_crossentropy_certain": 1e-9,
}
#: Convolutions of channels that come first: on a CPU no other kernels have them.
ONEDNN = (
    *("pictures/extract_patches_first", "preparing/STFTSpectrogram_first"),
    "preparing/STFTSpectrogram_image_first",
)
#: What is answered wrongly: how far from NumPy's answer, by the norm.
WRONG = {
    # Rows of rows, taken twice, have the size of the inner ones: upstream's rows_of_rows.
    "released/size_of_rows_of_rows": 0.44721360,
    # Half a turn of what is not square is another order of its numbers: keras-team/keras#23435.
    "keras/rot90_2": 1.72353299,
    # Any column is added as a bias, to the last axis, or to the second, of its size.
    "keras/add_given_0": 0.19231640,
    # Two infinities are not close to each other: keras-team/keras#23128.
    "keras/isclose_given_4": 1.0,
    # Beside nothing, nothing is not in it.
    "keras/isin_given_3": 1.0,
    # Of indices of no or of several axes: keras-team/keras#23434.
    "keras/unravel_index_given_0": 0.44721360,
    # Where the second is longer, it is as long as the first's.
    "keras/correlate_given_4": 1.98747021,
    # Six rows and four columns for five and three.
    "keras/eye_below": 0.2,
    # What is summed are the sums so far, of more numbers than one: keras-team/keras#23425.
    "networks/sparsemax_shared": 0.68586488,
    # No conjugate is taken, and complex128 becomes complex64.
    "keras/vdot_0": 1.12786606,
    # A periodic window of an odd length is the symmetric one: upstream's odd_window.
    "signal/window_7_True": 0.29706885,
    # The adjoint of a lower triangle is taken for one: upstream's adjoint_operators.
    "structures/lower_diag_adjoint": 0.18350878,
    "structures/circulant_adjoint_bytes": 0.5,
    # What one tensor has by itself is never too small: upstream's sparse_threshold.
    "sparse/add_threshold": 0.09666181,
    # Of a bell that is wider than high the numbers come in the order of one that is higher.
    "pictures/gaussian_blur_wide": 0.10057236,
    # What lies before the first is found one step too late.
    "pictures/map_coordinates_reflect_0": 1.29155391,
    "pictures/map_coordinates_reflect_1": 1.25367664,
    # Of a blank that is -1 the other classes stand twice among the scores: upstream's ctc_blank.
    "networks/ctc_decode_behind": 1.01832397,
    # Rows that are not in order are taken for rows that are: upstream's unsorted_rows.
    "seldom/thin_unsorted": 1.10300232,
    # A product overflows in the type of what it is of, whichever is asked for: prod_type.
    "uncalled/product_asked_for": 0.99998474,
    # What begins below 0 is told along the last axis, whichever it goes along: geomspace_signs.
    "uncalled/spaced_behind": 0.53813823,
    # Of channels that come first it stretches columns, all colours together.
    "preparing/AutoContrast_first": 0.06618881,
}
#: What is no number yet in a release that the suite runs with, too.
NO_NUMBER = {"released/inverse_of_no_window": "2.19"}


def compared(name: str) -> None:
    """Compare what a row's call gives."""
    call, expected = ROWS[name]
    if name in ONEDNN and not environment.onednn():
        with pytest.raises(tf.errors.UnimplementedError, match="NHWC"):
            call()
        return
    found, expected = tf.nest.flatten(call()), tf.nest.flatten(expected)
    if NO_NUMBER.get(name) == environment.release():
        assert np.isnan(found[0]).any(), "mended there, too: see NO_NUMBER"
        return
    if name in WRONG:
        one, other = (np.asarray(of[0]) * 1.0 for of in (found, expected))
        error = np.linalg.norm(one - other) / np.linalg.norm(other)
        assert error == pytest.approx(WRONG[name], rel=1e-5), "no longer so wrong: see WRONG"
        return
    single = 2e-2 if name.startswith(HALF) else 2e-6 if name.startswith(SINGLE) else 1e-12
    tolerance = TOLERANCES.get(name, single)
    for one, other in zip(found, expected, strict=True):
        # One number is close to any array of it.
        assert np.shape(one) == np.shape(other)
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


def test_a_record_is_of_a_row() -> None:
    """Of one that there is: by another name nothing would be held to it."""
    assert {*WRONG, *TOLERANCES, *NO_NUMBER} <= ROWS.keys()
    for start in (*SINGLE, *HALF):
        assert any(name.startswith(start) for name in ROWS), start


@pytest.mark.parametrize("name", ROWS)
def test_function_is_its_formula(name: str) -> None:
    compared(name)
