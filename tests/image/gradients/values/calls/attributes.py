"""keras.ops at attributes that their other rows leave alone, and those that stand in no other."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg
import tensorflow as tf
from keras import ops
from scipy.special import erf, erfc, log_softmax, logsumexp, softmax

from gradients.values.calls import Rows
from gradients.values.calls.inputs import (
    COMPLEX,
    CUBE,
    MATRICES,
    POSITIVE,
    SEQUENCE,
    SYMMETRIC,
    X,
    Y,
)
from gradients.values.calls.operations import WAVE

LOWER, UPPER = np.tril(MATRICES), np.triu(MATRICES)
IDS = np.array([1, 0, 1])
BELL = np.array([0.5, 1, 2, 1.5, 1, 0.25, 0.75, 1.25])
#: Numbers that a small type does not hold.
WIDE = np.array([-7e4, -300.0, -1.5, 0.5, 127.6, 300, 7e4], "float32")
#: Nine numbers along the axis that is gone through, and less of them along the others.
LONG = np.random.default_rng(95).uniform(0.5, 1.5, (3, 9, 2))
#: Two numbers that are alike, and the classes that are asked for.
SCORES, ASKED = np.float32([[1, 3, 2, 2], [4, 1, 0, 2]]), np.array([2, 1])


def spectra(window: np.ndarray | None, *, center: bool, size: int = 10, step: int = 3) -> list[Any]:
    """Return the spectra of parts of a wave, below a window that lies in their middle."""
    wave = np.pad(WAVE, [(0, 0), (size // 2,) * 2], "reflect") if center else WAVE
    parts = np.lib.stride_tricks.sliding_window_view(wave, size, 1)[:, ::step]
    if window is not None:
        lacking = size - len(window)
        parts = parts * np.pad(window, (lacking // 2, lacking - lacking // 2))
    found = np.fft.rfft(parts)
    return [found.real, found.imag]


def segments(reduce: Any) -> np.ndarray:
    """Return what is made of the second row, and of the two others."""
    return np.stack([X[1], reduce(X[[0, 2]], axis=0)])


def back(**options: Any) -> Any:
    """Return a wave that was taken apart, by halves of its parts."""
    return ops.istft(ops.stft(WAVE, 8, 4, 8, **options), 8, 4, 8, **options)


def scanned(size: int, axis: int, *, reverse: bool) -> Any:
    """Return products of numbers up to each, or from each on."""
    part = LONG[:, :size] if axis == 1 else LONG[:, :, :size]
    if reverse:
        return part, np.flip(np.flip(part, axis).cumprod(axis), axis)
    return part, part.cumprod(axis)


ROWS: Rows = {
    **{
        f"segment_{name}_{of}": (
            lambda name=name, of=of: getattr(ops, f"segment_{name}")(
                *((X[[1, 0, 2]], np.sort(IDS)) if of == "sorted" else (X, IDS)),
                **{"sorted": True} if of == "sorted" else {},
            ),
            segments(reduce),
        )
        for name, reduce in (("sum", np.sum), ("max", np.max), ("min", np.min), ("prod", np.prod))
        for of in ("unsized", "sorted")
    },
    **{
        f"saturate_cast_{kind}": (
            lambda kind=kind: ops.cast(ops.saturate_cast(WIDE, kind), "float64"),
            np.trunc(np.clip(WIDE, np.iinfo(kind).min, np.iinfo(kind).max)),
        )
        for kind in ("int8", "uint8", "int16")
    },
    "saturate_cast_half": (
        lambda: ops.cast(ops.saturate_cast(WIDE[[0, 2, 6]], "float16"), "float64"),
        np.array([-65504, -1.5, 65504]),
    ),
    "rearrange_flat": (
        lambda: ops.rearrange(tf.constant(LONG), "a b c -> a (c b)"),
        LONG.swapaxes(1, 2).reshape(3, -1),
    ),
    "rearrange_apart": (
        lambda: ops.rearrange(tf.constant(LONG), "a (b d) c -> d (a b) c", d=3),
        LONG.reshape(3, 3, 3, 2).transpose(2, 0, 1, 3).reshape(3, 9, 2),
    ),
    "fft2": (
        lambda: ops.fft2((X, Y)),
        [np.fft.fft2(COMPLEX).real, np.fft.fft2(COMPLEX).imag],
    ),
    "rfft_whole": (
        lambda: ops.rfft(tf.constant(WAVE)),
        [np.fft.rfft(WAVE).real, np.fft.rfft(WAVE).imag],
    ),
    "irfft_whole": (lambda: ops.irfft((X, Y)), np.fft.irfft(COMPLEX)),
    "view_as_real": (lambda: ops.view_as_real(tf.constant(COMPLEX)), np.stack([X, Y], -1)),
    **{
        f"stft_{name}_{center}": (
            lambda window=window, center=center: ops.stft(
                WAVE, 8 if window is not None else 10, 3, 10, window, center
            ),
            spectra(window, center=center),
        )
        for name, window in (("own", BELL), ("none", None))
        for center in (True, False)
    },
    "istft_centred": (back, WAVE),
    "istft_whole": (lambda: back(center=False)[:, 4:-4], WAVE[:, 4:-4]),
    "istft_own": (lambda: back(window=BELL), WAVE),
    # Without a window the halves of all parts are there twice.
    "istft_none": (lambda: back(window=None), 2 * WAVE),
    "logsumexp_kept": (
        lambda: ops.logsumexp(CUBE, 1, keepdims=True),
        logsumexp(CUBE, 1, keepdims=True),
    ),
    "logsumexp_whole": (lambda: ops.logsumexp(CUBE), logsumexp(CUBE)),
    "cdist_batch": (
        lambda: ops.cdist(CUBE, CUBE[:, :2] + 1),
        np.linalg.norm(CUBE[:, :, None] - CUBE[:, None, :2] - 1, axis=-1),
    ),
    "top_k": (
        lambda: tuple(ops.top_k(X, 2)),
        (np.sort(X, 1)[:, :1:-1], np.argsort(X, 1)[:, :1:-1]),
    ),
    "in_top_k": (
        lambda: ops.in_top_k(ASKED, tf.constant(SCORES), 2),
        # Of two that are alike at the last place both are in.
        np.array([True, False]),
    ),
    "in_top_k_alike": (
        lambda: ops.in_top_k(np.array([2, 3]), tf.constant(SCORES), 2),
        np.array([True, True]),
    ),
    **{
        f"{name}_{axes}": (
            lambda name=name, axes=axes: getattr(ops, name)(CUBE, axis=axes),
            reference(CUBE, axes),
        )
        for name, reference in (("softmax", softmax), ("log_softmax", log_softmax))
        for axes in ((0, 1), (2, 0), (0, 1, 2))
    },
    "erf": (lambda: ops.erf(X), erf(X)),
    "erfc": (lambda: ops.erfc(X), erfc(X)),
    "rsqrt": (lambda: ops.rsqrt(POSITIVE), POSITIVE**-0.5),
    "unstack": (lambda: ops.unstack(CUBE, axis=1), list(CUBE.swapaxes(0, 1))),
    "unstack_behind": (lambda: ops.unstack(CUBE, 4, -1), list(np.moveaxis(CUBE, -1, 0))),
    **{
        f"associative_scan_{size}_{axis}_{reverse}": (
            lambda size=size, axis=axis, reverse=reverse: ops.associative_scan(
                ops.multiply, scanned(size, axis, reverse=reverse)[0], reverse, axis
            ),
            scanned(size, axis, reverse=reverse)[1],
        )
        for size, axis in ((1, 1), (2, 1), (3, 1), (5, 1), (6, 1), (9, 1), (2, -1))
        for reverse in (False, True)
    },
    "associative_scan_pairs": (
        lambda: ops.associative_scan(
            lambda a, b: (a[0] * b[0], a[1] * b[0] + b[1]), (LONG[:, :5], LONG[:, 4:]), axis=1
        ),
        (
            LONG[:, :5].cumprod(1),
            np.stack(
                [
                    sum(LONG[:, 4 + i] * LONG[:, i + 1 : n + 1].prod(1) for i in range(n + 1))
                    for n in range(5)
                ],
                axis=1,
            ),
        ),
    ),
    "scan_length": (
        lambda: ops.scan(lambda c, _: (2 * c, c + 1), tf.constant(X), length=3),
        [8 * X, np.stack([X + 1, 2 * X + 1, 4 * X + 1])],
    ),
    "scan_pairs": (
        lambda: ops.scan(
            lambda c, x: ((c[0] + x[0], c[1] * x[1]), (c[0], x[1])),
            (tf.zeros(4, "float64"), tf.ones(4, "float64")),
            (X, Y),
            unroll=2,
        ),
        [
            (X.sum(0), Y.prod(0)),
            (np.stack([0 * X[0], X[0], X[0] + X[1]]), Y),
        ],
    ),
    "map_pairs": (
        lambda: ops.map(lambda pair: pair["a"] * pair["b"][0], {"a": X, "b": Y}),
        X * Y[:, :1],
    ),
    "while_loop_single": (
        lambda: [ops.while_loop(lambda x: x < 9, lambda x: x * 2, 1.5, most) for most in (None, 2)],
        [12.0, 6.0],
    ),
    # A zero below zero is less than one above.
    "argmax_zeros": (
        lambda: [
            *(ops.argmax(np.array([-0.0, 0.0, -0.0])), ops.argmin(np.array([0.0, -0.0, 0.0]))),
            *(ops.argmax(np.array([[0, 2], [1, 2]]), axis=0), ops.argmin(np.array([True, False]))),
        ],
        [1, 1, np.array([1, 0]), 1],
    ),
    **{
        f"lstsq_{bound}": (
            lambda bound=bound: ops.lstsq(X, X[:, :2] ** 2, rcond=bound),
            np.linalg.lstsq(X, X[:, :2] ** 2, rcond=max(bound, 1e-15))[0],
        )
        for bound in (0.7, -1.0)
    },
    "pinv_bound": (lambda: ops.pinv(X, rcond=0.7), np.linalg.pinv(X, rcond=0.7)),
    "matrix_rank_bound": (
        lambda: ops.matrix_rank(np.diag([3.0, 2, 1]), tol=1.5),
        2,
    ),
    "eigh": (
        lambda: (
            (found := ops.eigh(SYMMETRIC))[1] * found[0][:, None] @ ops.swapaxes(found[1], 1, 2)
        ),
        SYMMETRIC,
    ),
    "eigh_values": (lambda: ops.eigh(SYMMETRIC)[0], np.linalg.eigvalsh(SYMMETRIC)),
    "eig_values": (
        lambda: ops.sort(ops.real(ops.eig(SYMMETRIC)[0]), axis=-1),
        np.linalg.eigvalsh(SYMMETRIC),
    ),
    **{
        f"solve_triangular_{lower}_{of}": (
            lambda a=a, lower=lower, b=b: ops.solve_triangular(a, b, lower=lower),
            np.stack(
                [
                    scipy.linalg.solve_triangular(one, other, lower=lower)
                    for one, other in zip(a, b, strict=True)
                ]
            ),
        )
        for lower, a in ((True, LOWER), (False, UPPER))
        for of, b in (("vector", SYMMETRIC[:, 0]), ("matrix", SYMMETRIC[:, :, :2]))
    },
    "norm_whole": (lambda: ops.norm(X), np.linalg.norm(X)),
    "norm_of_whole_numbers": (lambda: ops.norm(np.array([3, 4])), np.float32(5)),
    **{
        f"norm_behind_{order}": (
            lambda order=order: ops.norm(CUBE, order, axis=(-1, -3), keepdims=True),
            np.linalg.norm(CUBE, order, axis=(-1, -3), keepdims=True),
        )
        for order in (None, "nuc", 1, -1, 2, -2, np.inf, -np.inf)
    },
    **{
        f"normalize_{order}_{axis}": (
            lambda order=order, axis=axis: ops.normalize(CUBE, axis, order, epsilon=1.5),
            CUBE / np.maximum(np.linalg.norm(CUBE, order, axis=axis, keepdims=True), 1.5),
        )
        for order in (1, 2, 3)
        for axis in (0, -1)
    },
    "normalize_axes": (
        lambda: ops.normalize(CUBE, (0, 2)),
        CUBE / np.sqrt((CUBE**2).sum((0, 2), keepdims=True)),
    ),
    "normalize_number": (lambda: ops.normalize(np.float64(-3)), np.array([-1.0])),
    "rms_normalization_scaled": (
        lambda: ops.rms_normalization(CUBE, X, axis=(2, 1), epsilon=0.25),
        CUBE / np.sqrt((CUBE**2).mean((1, 2), keepdims=True) + 0.25) * X,
    ),
    # The squares of such numbers are more than 16 bits hold.
    "rms_normalization_half": (
        lambda: ops.cast(ops.rms_normalization(np.float16([[300, -300]])), "float64"),
        np.array([[1, -1]]),
    ),
    "layer_normalization_half": (
        lambda: ops.cast(ops.layer_normalization(np.float16([[0, 1200]])), "float64"),
        np.array([[-1, 1]]),
    ),
    "layer_normalization_axes": (
        lambda: ops.layer_normalization(CUBE, X[:2], Y[:2], axis=(2, 0), epsilon=0.25),
        (CUBE - CUBE.mean((0, 2), keepdims=True))
        / np.sqrt(CUBE.var((0, 2), keepdims=True) + 0.25)
        * X[:2, None]
        + Y[:2, None],
    ),
    "one_hot_nothing": (
        lambda: ops.one_hot(np.array([[1, -1]]), 3, axis=1, dtype="float64"),
        np.array([[[0, 0], [1, 0], [0, 0]]]),
    ),
    "extract_sequences_all": (
        lambda: ops.extract_sequences(SEQUENCE.swapaxes(1, 2), 2, 1),
        np.lib.stride_tricks.sliding_window_view(SEQUENCE.swapaxes(1, 2), 2, 2),
    ),
}
