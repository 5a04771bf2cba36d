"""Linear operators that convolve planes, one of them or several."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from gradients.values.calls import Rows
from gradients.values.calls.structures import multiplied, products

_random = np.random.default_rng(28)
PLANE = _random.standard_normal((3, 2, 2)) + 1j * _random.standard_normal((3, 2, 2))


def _planes(spectra: np.ndarray) -> Any:
    return tf.linalg.LinearOperatorCirculant2D(spectra, "complex128")


def _turning(spectrum: np.ndarray) -> np.ndarray:
    """Return the matrix that convolves planes, from what it makes of each unit."""
    units = np.eye(spectrum.size).reshape(-1, *spectrum.shape)
    made = np.fft.ifft2(spectrum * np.fft.fft2(units))
    return made.reshape(spectrum.size, -1).T


ROWS: Rows = {
    **{
        f"circulant_planes_{batch}": (
            partial(products, partial(_planes, spectra), whole),
            multiplied(whole),
        )
        for batch, spectra, whole in (
            ("one", PLANE[0], _turning(PLANE[0])),
            ("several", PLANE, np.stack([_turning(one) for one in PLANE])),
        )
    },
}
