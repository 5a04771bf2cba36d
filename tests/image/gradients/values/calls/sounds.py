"""Keras's layers that make spectra of sounds, by NumPy and SciPy: windows, waves, bands."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.signal
from keras import layers

from gradients.values.calls import Row, Rows

#: Two sounds of 40 steps, and three of two channels.
SOUNDS = np.random.default_rng(81).standard_normal((2, 40))
STEREO = np.random.default_rng(82).standard_normal((3, 23, 2))
RATE, BANDS = 100, 4


def mel(frequency: Any) -> np.ndarray:
    """Return how high a frequency sounds (O'Shaughnessy, 1987)."""
    return 2595 * np.log10(1 + np.asarray(frequency) / 700)


def bands(bins: int, low: float, high: float) -> np.ndarray:
    """Return how much of each frequency each band has: a triangle from one middle to the next."""
    edges = np.linspace(mel(low), mel(high), BANDS + 2)
    heard = mel(np.linspace(0, RATE / 2, bins))
    found = np.stack([np.interp(heard, edges[i : i + 3], [0, 1, 0]) for i in range(BANDS)], 1)
    return np.where(heard[:, None] > 0, found, 0)


def powers(length: int, by: int, size: int, window: str, exponent: float) -> np.ndarray:
    """Return the strength of each frequency around each step; at the ends a sound is mirrored."""
    padded = np.pad(SOUNDS, [(0, 0), (size // 2, size // 2)], mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, size, 1)[:, ::by]
    bell = np.pad(scipy.signal.get_window(window, length), (size - length) // 2)
    return np.abs(np.fft.rfft(frames * bell)) ** exponent


def decibels(x: np.ndarray, least: float, of: float, below: float) -> np.ndarray:
    """Return strengths by their logarithms, none too far below the greatest."""
    found = 10 * np.log10(np.maximum(x, least) / of)
    return np.maximum(found, found.max() - below)


def spectrum(
    x: np.ndarray,
    *,
    mode: str,
    bell: Any = "hann",
    scaling: str | None = "density",
    fftbins: bool = False,
    pad: tuple[int, int] = (0, 0),
    expand: bool = False,
) -> np.ndarray:
    """Return what frames of six steps, every four, hold of nine waves; channel by channel."""
    padded = np.pad(x, [(0, 0), pad, (0, 0)])
    frames = np.lib.stride_tricks.sliding_window_view(padded, 6, 1)[:, ::4]
    window = scipy.signal.get_window(bell, 6, fftbins=fftbins) if isinstance(bell, str) else bell
    norms = {"density": np.sqrt((window**2).sum()), "spectrum": window.sum(), None: 1}
    # Batch, channel, step, frequency.
    wave = np.moveaxis(np.fft.rfft(frames * window / norms[scaling], 16), 2, 1)
    power = np.abs(wave) ** 2
    twice = np.where(np.arange(9) % 8 > 0, 2, 1)
    found = {
        "real": wave.real,
        "imag": wave.imag,
        "angle": np.angle(wave),
        "stft": np.concatenate([wave.real, wave.imag], -1),
        "psd": power * twice,
        "magnitude": np.sqrt(np.maximum(power, 1e-7)),
        "log": np.log(np.sqrt(np.maximum(power, 1e-7))),
    }[mode]
    if expand:
        return np.moveaxis(found, 1, -1)
    return np.concatenate(list(np.moveaxis(found, 1, 0)), -1)


def stft(*, first: bool = False, **o: Any) -> Row:
    """Return the row of a layer; of channels that come first both are turned."""
    told = {
        "bell": o.get("window", "hann"),
        "fftbins": o.get("periodic", False),
        # Of 23 steps by fours, six are six frames that reach over 26.
        "pad": (1, 2) if o.get("padding") == "same" else (0, 0),
        "expand": o.get("expand_dims", False),
        "scaling": o.get("scaling", "density"),
    }
    expected = spectrum(STEREO, mode=o["mode"], **told)
    inputs, turned = STEREO, expected
    o.setdefault("dtype", "float64")
    if first:
        inputs = STEREO.swapaxes(1, 2)
        turned = np.moveaxis(expected, -1, 1) if told["expand"] else expected.swapaxes(1, 2)
        # A CPU has a kernel of channels that come first in float32 alone.
        o |= {"data_format": "channels_first", "dtype": "float32"}
    return (
        lambda: layers.STFTSpectrogram(frame_length=6, frame_step=4, fft_length=16, **o)(inputs),
        turned,
    )


HEARD: dict[str, Any] = {
    **{"fft_length": 16, "sequence_stride": 5, "sequence_length": 12},
    **{"sampling_rate": RATE, "num_mel_bins": BANDS, "min_freq": 5.0},
}

ROWS: Rows = {
    "MelSpectrogram": (
        lambda: layers.MelSpectrogram(max_freq=45.0, top_db=12.0, ref_power=2.0, **HEARD)(SOUNDS),
        decibels(powers(12, 5, 16, "hann", 2) @ bands(9, 5, 45), 1e-10, 2, 12).swapaxes(1, 2),
    ),
    "MelSpectrogram_least": (
        lambda: layers.MelSpectrogram(min_power=2.0, ref_power=-1.0, window="hamming", **HEARD)(
            SOUNDS[0]
        ),
        decibels(powers(12, 5, 16, "hamming", 2)[:1] @ bands(9, 5, 50), 2, 2, 80)[0].T,
    ),
    "MelSpectrogram_plain": (
        lambda: layers.MelSpectrogram(power_to_db=False, mag_exp=1.0, **HEARD)(SOUNDS),
        (powers(12, 5, 16, "hann", 1) @ bands(9, 5, 50)).swapaxes(1, 2),
    ),
    **{
        f"STFTSpectrogram_{mode}": stft(mode=mode)
        for mode in ("log", "magnitude", "psd", "real", "imag", "stft")
    },
    # Half a turn is one either way.
    "STFTSpectrogram_angle": (
        lambda: np.exp(1j * np.asarray(stft(mode="angle")[0]())),
        np.exp(1j * stft(mode="angle")[1]),
    ),
    "STFTSpectrogram_same": stft(mode="psd", padding="same", window="hamming", scaling="spectrum"),
    "STFTSpectrogram_image": stft(mode="stft", expand_dims=True, periodic=True),
    "STFTSpectrogram_own": stft(mode="magnitude", window=np.arange(1.0, 7), scaling=None),
    "STFTSpectrogram_first": stft(mode="real", first=True),
    "STFTSpectrogram_image_first": stft(mode="psd", expand_dims=True, first=True),
}
