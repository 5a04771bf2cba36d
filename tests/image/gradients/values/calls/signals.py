"""tf.signal: transforms by their types and norms, frames, windows and banks of filters."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import scipy.fft
import scipy.signal.windows
import tensorflow as tf

from gradients.values.calls import Rows
from gradients.values.calls.inputs import COMPLEX, CUBE, X

_random = np.random.default_rng(24)
SIGNAL = _random.standard_normal((2, 17))
SPECTRA = _random.standard_normal((2, 4, 5)) + 1j * _random.standard_normal((2, 4, 5))
COEFFICIENTS = _random.standard_normal((2, 3, 4))
WAVES = CUBE + 1j * CUBE[::-1, :, ::-1]
#: What is longer than the transform, and what is shorter.
LENGTHS = (3, 6)
#: Each axis by itself, two of them, and all.
AXES: tuple[Any, ...] = (None, 1, -1, (0, -1))


def framed(x: np.ndarray, length: int, step: int, *, end: bool = False, pad: float = 0):
    """Return overlapping parts of the last axis."""
    if end:
        number = -(-x.shape[-1] // step)
        more = max(length + step * (number - 1) - x.shape[-1], 0)
        x = np.pad(x, [[0, 0]] * (x.ndim - 1) + [[0, more]], constant_values=pad)
    return np.lib.stride_tricks.sliding_window_view(x, length, axis=-1)[..., ::step, :]


def added(frames: np.ndarray, step: int) -> np.ndarray:
    """Return the sum of parts that overlap."""
    *outer, number, length = frames.shape
    whole = np.zeros((*outer, step * (number - 1) + length))
    for index in range(number):
        whole[..., index * step : index * step + length] += frames[..., index, :]
    return whole


def cosine(length: int, *, periodic: bool = True, a: float = 0.5) -> np.ndarray:
    """Return a raised cosine: Hann's window, or with another `a` Hamming's."""
    return a - (1 - a) * np.cos(2 * np.pi * np.arange(length) / (length - (not periodic)))


def fitted(frames: np.ndarray, length: int) -> np.ndarray:
    """Return frames cut, or filled with zeros, to a length."""
    more = max(length - frames.shape[-1], 0)
    return np.pad(frames[..., :length], [[0, 0]] * (frames.ndim - 1) + [[0, more]])


def back(spectra: np.ndarray, length: int, step: int, points: int, window: np.ndarray | float):
    """Return the signal of short-time spectra."""
    frames = fitted(np.fft.irfft(fitted(spectra, points // 2 + 1), points), length)
    return added(frames * window, step)


def lapped(half: int) -> np.ndarray:
    """Return the cosines of a lapped transform, by time and frequency."""
    times, frequencies = np.arange(2 * half)[:, None], np.arange(half)
    return np.cos(np.pi / half * (times + 0.5 + half / 2) * (frequencies + 0.5))


def vorbis(length: int) -> np.ndarray:
    """Return Vorbis's window."""
    return np.sin(np.pi / 2 * np.sin(np.pi / length * (np.arange(length) + 0.5)) ** 2)


def dual(length: int, step: int) -> np.ndarray:
    """Return the window that undoes Hann's, where frames are added `step` apart."""
    window = cosine(length)
    whole = np.zeros(length)
    for place in range(length):
        whole[place] = sum(window[other] ** 2 for other in range(place % step, length, step))
    return window / whole


def mel(bins: int, points: int, rate: float, low: float, high: float) -> np.ndarray:
    """Return triangles that are as wide on the scale of pitches."""

    def pitch(hertz: Any) -> Any:
        return 1127 * np.log1p(np.asarray(hertz) / 700)

    edges = np.linspace(pitch(low), pitch(high), bins + 2)
    places = pitch(np.linspace(0, rate / 2, points))[1:, None]
    up = (places - edges[:-2]) / (edges[1:-1] - edges[:-2])
    down = (edges[2:] - places) / (edges[2:] - edges[1:-1])
    return np.pad(np.maximum(0, np.minimum(up, down)), [[1, 0], [0, 0]])


def _cosine_rows() -> Rows:
    """Return the cosine transforms and their inverses: by type, norm and length."""
    rows: Rows = {}
    for kind, norm, n in product((1, 2, 3, 4), (None, "ortho"), (None, *LENGTHS)):
        if kind == 1 and norm:
            continue
        inverse = {1: 1, 2: 3, 3: 2, 4: 4}[kind]
        options = {"n": n, "norm": norm}
        rows[f"dct_{kind}_{norm}_{n}"] = (
            lambda kind=kind, options=options: [
                tf.signal.dct(X, kind, **options),
                tf.signal.idct(X, kind, **options),
            ],
            [scipy.fft.dct(X, kind, n, norm=norm), scipy.fft.dct(X, inverse, n, norm=norm)],
        )
    return rows


ROWS: Rows = {
    **_cosine_rows(),
    **{
        f"rfft_{n}": (
            lambda n=n: [
                tf.signal.rfft(tf.constant(X), [n]),
                tf.signal.irfft(tf.constant(COMPLEX), [n]),
                tf.signal.rfft2d(tf.constant(CUBE), [n, n]),
                tf.signal.irfft2d(tf.constant(WAVES), [n, n]),
            ],
            [
                np.fft.rfft(X, n),
                np.fft.irfft(fitted(COMPLEX, n // 2 + 1), n),
                np.fft.rfft2(CUBE, (n, n)),
                np.fft.irfft2(WAVES, (n, n)),
            ],
        )
        for n in LENGTHS
    },
    "irfft_whole": (
        lambda: [
            tf.signal.irfft(tf.constant(COMPLEX)),
            tf.signal.irfft2d(tf.constant(WAVES)),
            tf.signal.irfft3d(tf.constant(WAVES)),
        ],
        [np.fft.irfft(COMPLEX), np.fft.irfft2(WAVES), np.fft.irfftn(WAVES)],
    ),
    **{
        f"shift_{axes}": (
            lambda axes=axes: [tf.signal.fftshift(CUBE, axes), tf.signal.ifftshift(CUBE, axes)],
            [np.fft.fftshift(CUBE, axes), np.fft.ifftshift(CUBE, axes)],
        )
        for axes in AXES
    },
    "frame": (lambda: tf.signal.frame(SIGNAL, 5, 3), framed(SIGNAL, 5, 3)),
    "frame_end": (
        lambda: tf.signal.frame(SIGNAL, 6, 4, pad_end=True, pad_value=2.5),
        framed(SIGNAL, 6, 4, end=True, pad=2.5),
    ),
    "frame_axis": (
        lambda: tf.signal.frame(CUBE, 2, 1, axis=1),
        np.moveaxis(framed(np.moveaxis(CUBE, 1, -1), 2, 1), 1, -1),
    ),
    "overlap": (lambda: tf.signal.overlap_and_add(COEFFICIENTS, 3), added(COEFFICIENTS, 3)),
    "stft": (
        lambda: tf.signal.stft(SIGNAL, 6, 4),
        np.fft.rfft(framed(SIGNAL, 6, 4) * cosine(6), 8),
    ),
    "stft_end": (
        lambda: tf.signal.stft(SIGNAL, 6, 4, 11, window_fn=None, pad_end=True),
        np.fft.rfft(framed(SIGNAL, 6, 4, end=True), 11),
    ),
    "stft_window": (
        lambda: tf.signal.stft(SIGNAL, 6, 4, 6, window_fn=tf.signal.hamming_window),
        np.fft.rfft(framed(SIGNAL, 6, 4) * cosine(6, a=0.54), 6),
    ),
    "inverse_stft": (
        lambda: tf.signal.inverse_stft(SPECTRA, 8, 3),
        back(SPECTRA, 8, 3, 8, cosine(8)),
    ),
    "inverse_stft_cut": (
        lambda: tf.signal.inverse_stft(SPECTRA, 6, 4, window_fn=None),
        back(SPECTRA, 6, 4, 8, 1.0),
    ),
    "inverse_stft_filled": (
        lambda: tf.signal.inverse_stft(
            SPECTRA, 10, 4, 8, window_fn=tf.signal.inverse_stft_window_fn(4)
        ),
        back(SPECTRA, 10, 4, 8, dual(10, 4)),
    ),
    **{
        f"mdct_{norm}_{windowed}": (
            lambda norm=norm, window=tf.signal.vorbis_window if windowed else None: [
                tf.signal.mdct(SIGNAL, 8, window, norm=norm),
                tf.signal.inverse_mdct(COEFFICIENTS, window, norm=norm),
            ],
            [
                framed(SIGNAL, 8, 4) * by @ lapped(4) * (np.sqrt(0.5) if norm else 2),
                added(COEFFICIENTS @ lapped(4).T * by * (np.sqrt(0.5) if norm else 0.25), 4),
            ],
        )
        for norm, windowed in product((None, "ortho"), (True, False))
        for by in (vorbis(8) if windowed else np.sqrt(0.5),)
    },
    "mdct_end": (
        lambda: tf.signal.mdct(SIGNAL, 8, None, pad_end=True, norm="ortho"),
        framed(SIGNAL, 8, 4, end=True) @ lapped(4) / 2,
    ),
    **{
        f"window_{length}_{periodic}": (
            lambda length=length, periodic=periodic: [
                tf.signal.hann_window(length, periodic, tf.float64),
                tf.signal.hamming_window(length, periodic, tf.float64),
            ],
            [cosine(length, periodic=periodic), cosine(length, periodic=periodic, a=0.54)],
        )
        for length, periodic in ((8, True), (8, False), (7, True), (7, False))
    },
    "window_of_one": (
        lambda: [tf.signal.hann_window(1), tf.signal.kaiser_window(1)],
        [np.ones(1)] * 2,
    ),
    "kaiser": (
        lambda: [tf.signal.kaiser_window(9, 5.0), tf.signal.kaiser_window(6)],
        [np.kaiser(9, 5.0), np.kaiser(6, 12.0)],
    ),
    "kaiser_bessel": (
        lambda: tf.signal.kaiser_bessel_derived_window(8, 4.0),
        scipy.signal.windows.kaiser_bessel_derived(8, beta=4.0),
    ),
    "vorbis": (lambda: tf.signal.vorbis_window(10, tf.float64), vorbis(10)),
    "mel": (
        lambda: tf.signal.linear_to_mel_weight_matrix(6, 17, 4000, 200.0, 1900.0, tf.float64),
        mel(6, 17, 4000, 200, 1900),
    ),
    "mfcc": (
        lambda: tf.signal.mfccs_from_log_mel_spectrograms(X),
        scipy.fft.dct(X, 2) / np.sqrt(2 * X.shape[-1]),
    ),
}
