"""Fourier transforms and complex numbers; a complex input is given by its two real parts."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from gradients import gaps
from gradients.case import Case
from gradients.inputs import normal, off_zero


def parts(values: tf.Tensor) -> tf.Tensor:
    """Return real and imaginary parts as one real tensor."""
    return tf.stack([tf.math.real(values), tf.math.imag(values)])


def of_parts(function: Callable[[tf.Tensor], tf.Tensor]) -> Callable[..., tf.Tensor]:
    """Return a complex function as one of real parts."""
    return lambda real, imaginary: parts(function(tf.complex(real, imaginary)))


def magnitude_and_angle(real: tf.Tensor, imaginary: tf.Tensor) -> tf.Tensor:
    """Use both polar coordinates."""
    values = tf.complex(real, imaginary)
    return tf.abs(values) + tf.math.angle(values)


CASES = (
    Case(
        "fft",
        [normal(3, 8), normal(3, 8)],
        of_parts(tf.signal.fft),
        known=gaps.NO_HALF,
    ),
    Case(
        "ifft",
        [normal(3, 8), normal(3, 8)],
        of_parts(tf.signal.ifft),
        known=gaps.NO_HALF,
    ),
    Case(
        "fft2d",
        [normal(4, 6), normal(4, 6)],
        of_parts(tf.signal.fft2d),
        known=gaps.NO_HALF,
    ),
    Case(
        "ifft2d",
        [normal(4, 6), normal(4, 6)],
        of_parts(tf.signal.ifft2d),
        known=gaps.NO_HALF,
    ),
    Case(
        "fft3d",
        [normal(2, 4, 6), normal(2, 4, 6)],
        of_parts(tf.signal.fft3d),
        known=gaps.NO_HALF,
    ),
    Case(
        "rfft",
        [normal(3, 8)],
        lambda a: parts(tf.signal.rfft(a)),
        known=gaps.NO_HALF,
    ),
    Case(
        "irfft",
        [normal(3, 5), normal(3, 5)],
        lambda a, b: tf.signal.irfft(tf.complex(a, b)),
        known=gaps.NO_HALF,
    ),
    Case(
        "rfft2d",
        [normal(4, 6)],
        lambda a: parts(tf.signal.rfft2d(a)),
        known=gaps.NO_HALF,
    ),
    Case(
        "rfft3d",
        [normal(4, 4, 6)],
        lambda a: parts(tf.signal.rfft3d(a)),
        known=gaps.no_gradient("RFFT3D", 60163) | gaps.NO_HALF,
    ),
    Case(
        "stft",
        [normal(32)],
        lambda a: tf.abs(tf.signal.stft(a, 8, 4)) ** 2,
        known=gaps.NO_HALF,
    ),
    Case(
        "dct",
        [normal(3, 8)],
        lambda a: tf.signal.dct(a, 2),
        known=gaps.NO_HALF,
    ),
    Case(
        "complex_abs_angle",
        [off_zero(4), off_zero(4)],
        magnitude_and_angle,
        known=gaps.NO_HALF,
    ),
    Case(
        "complex_product",
        [normal(2, 3), normal(2, 3)],
        of_parts(lambda z: tf.matmul(z, tf.math.conj(z), transpose_b=True) * tf.exp(z[:, :2])),
        known=gaps.NO_HALF,
    ),
    Case(
        "irfft2d",
        [normal(4, 4), normal(4, 4)],
        lambda a, b: tf.signal.irfft2d(tf.complex(a, b)),
        known=gaps.NO_HALF,
    ),
    Case(
        "adjoint",
        [normal(2, 3), normal(2, 3)],
        of_parts(lambda z: tf.linalg.adjoint(z) * z[0, 0]),
        known=gaps.NO_HALF,
    ),
)
