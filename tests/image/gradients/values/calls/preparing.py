"""Keras's layers that prepare images, each where what it would draw is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from keras import layers
from matplotlib.colors import hsv_to_rgb, rgb_to_hsv

from gradients.values.calls import Rows
from gradients.values.calls.images import GREY
from gradients.values.calls.inputs import IMAGES
from gradients.values.calls.pictures import (
    BYTES,
    FIRST,
    SINGLE,
    blurred,
    edged,
    first,
)
from gradients.values.calls.resampling import KERNELS, resized
from gradients.values.calls.warps import found

#: Which sample an image is mixed with, and how much of the other.
ORDER, SHARES = np.array([1, 0]), np.array([0.75, 0.25])
SPREAD = SHARES[:, None, None, None]
LABELS = np.array([[1.0, 0], [0, 1]])
SEGMENTS = np.arange(60).reshape(2, 6, 5, 1).astype("float32")
GREYED = (IMAGES @ GREY)[..., None]
#: The pixels of both images that another takes.
HOLE = np.zeros((2, 6, 5, 3), bool)
HOLE[0, 1:4, 2:] = HOLE[1, 3:, :2] = True


def given(layer: Any, expected: Any, what: Mapping[str, Any] | None = None, **methods: Any) -> Rows:
    """Return rows of a kind of layer on two images, and on one whose channels come first.

    `what` is what it would draw; it is made of `methods`.
    """
    name = layer.__name__

    def call(images: np.ndarray, **options: Any) -> Any:
        made = layer(**methods, **options)
        return made(images) if what is None else made.transform_images(images, what)

    rows: Rows = {
        name: (lambda: call(SINGLE), expected),
        f"{name}_first": (lambda: call(first(SINGLE), **FIRST), first(expected)),
    }
    if what is None:
        rows[f"{name}_one"] = (lambda: call(SINGLE[0]), expected[0])
    return rows


def turned(angle: float) -> list[float]:
    """Return where the places of images of 6 by 5 are found that are turned around their middle."""
    cos, sin = np.cos(angle), np.sin(angle)
    x, y = 2.0, 2.5
    return [cos, -sin, x - x * cos + y * sin, sin, cos, y - x * sin - y * cos, 0, 0]


def zoomed(rows: float, columns: float) -> list[float]:
    """Return where they are found if their middle is looked at from nearer or farther."""
    return [columns, 0, 2 * (1 - columns), 0, rows, 2.5 * (1 - rows), 0, 0]


def sharpened(by: float) -> np.ndarray:
    """Return images that are farther from, or nearer to, their smoothed ones; at edges lies 0."""
    padded = np.pad(IMAGES, [(0, 0), (1, 1), (1, 1), (0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))
    smooth = (windows.sum((-2, -1)) + 4 * IMAGES) / 13
    return np.clip(IMAGES + (1 - by) * (smooth - IMAGES), 0, 1)


def hued(shifts: np.ndarray) -> np.ndarray:
    """Return images whose hues are moved around."""
    turned = rgb_to_hsv(IMAGES)
    turned[..., 0] = (turned[..., 0] + shifts[:, None, None]) % 1
    return hsv_to_rgb(turned)


def saturated(by: float) -> np.ndarray:
    """Return images of stronger colours."""
    turned = rgb_to_hsv(IMAGES)
    turned[..., 1] = np.clip(by * turned[..., 1], 0, 1)
    return hsv_to_rgb(turned)


def equalized(x: np.ndarray, bins: int) -> np.ndarray:
    """Return a channel of both images whose grey values are used equally often."""
    level = (x * 255 * (bins - 1) / 255).astype(int)
    summed = np.bincount(level.ravel(), minlength=bins).cumsum()
    low = summed[summed > 0][0]
    table = np.clip(np.round((summed - low) * 255 / (summed[-1] - low)), 0, 255)
    return table[level] / 255


def solarized(shift: float, bound: float) -> np.ndarray:
    """Return images, brightened, that are inverted where they are bright."""
    bright = np.clip(255 * IMAGES + shift, 0, 255)
    return np.where(bright < bound, bright, 255 - bright) / 255


def stretched(x: np.ndarray) -> np.ndarray:
    """Return channels of which each uses the whole range."""
    low, high = (f(x, axis=(1, 2), keepdims=True) for f in (np.min, np.max))
    return (x - low) / (high - low)


UNIT_RANGE: dict[str, Any] = {"value_range": (0, 1)}

ROWS: Rows = {
    **given(layers.CenterCrop, IMAGES[:, 1:5, 1:3], height=4, width=2),
    "CenterCrop_odd": (lambda: layers.CenterCrop(3, 5)(SINGLE), IMAGES[:, 1:4]),
    # It is larger one way: the middle of the same aspect is resized.
    "CenterCrop_larger": (
        lambda: layers.CenterCrop(4, 10)(SINGLE),
        resized(IMAGES[:, 2:4], (4, 10), KERNELS["bilinear"], smooth=False),
    ),
    "CenterCrop_larger_first": (
        lambda: layers.CenterCrop(4, 10, **FIRST)(first(SINGLE)),
        first(resized(IMAGES[:, 2:4], (4, 10), KERNELS["bilinear"], smooth=False)),
    ),
    **given(
        layers.Resizing,
        resized(IMAGES, (4, 7), KERNELS["bicubic"], smooth=True),
        height=4,
        width=7,
        interpolation="bicubic",
        antialias=True,
    ),
    "Resizing_padded": (
        lambda: layers.Resizing(6, 9, pad_to_aspect_ratio=True, fill_value=0.75)(SINGLE),
        edged((0, 4)),
    ),
    "Resizing_cropped": (
        lambda: layers.Resizing(6, 2, crop_to_aspect_ratio=True)(SINGLE),
        IMAGES[:, :, 1:3],
    ),
    "Resizing_bytes": (
        lambda: layers.Resizing(4, 7, dtype="uint8")(BYTES),
        np.round(resized(BYTES, (4, 7), KERNELS["bilinear"], smooth=False)),
    ),
    **given(
        layers.RandomBrightness,
        np.minimum(IMAGES + 0.5, 1),
        factor=(0.25, 0.25),
        value_range=(-1, 1),
    ),
    **given(
        layers.RandomContrast,
        np.clip(1.5 * IMAGES - 0.5 * IMAGES.mean((1, 2), keepdims=True), 0.125, 0.75),
        {"contrast_factor": np.float32(1.5)},
        factor=0.5,
        value_range=(0.125, 0.75),
    ),
    **given(layers.RandomSaturation, saturated(3), factor=(0.75, 0.75), **UNIT_RANGE),
    **given(
        layers.RandomHue,
        hued(np.array([0.375, -0.375])),
        {"factor": np.float32([0.375, -0.375])},
        factor=0.5,
        **UNIT_RANGE,
    ),
    **given(layers.RandomSharpness, sharpened(1.5), factor=(0.75, 0.75), **UNIT_RANGE),
    **given(
        layers.RandomPosterization,
        np.trunc(255 * IMAGES) // 32 * 32 / 255,
        factor=(3, 3),
        **UNIT_RANGE,
    ),
    **given(layers.RandomGrayscale, GREYED + 0 * IMAGES, factor=1.0),
    **given(
        layers.RandomColorDegeneration,
        IMAGES + 0.25 * (GREYED - IMAGES),
        factor=(0.25, 0.25),
        **UNIT_RANGE,
    ),
    **given(layers.RandomInvert, 2 - IMAGES, factor=(1, 1), value_range=(0, 2)),
    **given(layers.AutoContrast, stretched(IMAGES), **UNIT_RANGE),
    "AutoContrast_range": (
        lambda: layers.AutoContrast(value_range=(-1, 3))(SINGLE),
        4 * stretched(IMAGES) - 1,
    ),
    **given(
        layers.Equalization,
        np.stack([equalized(IMAGES[..., i], 64) for i in range(3)], -1),
        {},
        bins=64,
        **UNIT_RANGE,
    ),
    **given(
        layers.Solarization,
        solarized(30, 128),
        {"additions": np.float32(30), "thresholds": np.float32(128)},
        **UNIT_RANGE,
    ),
    **{
        f"{name}_{mode}": row
        for mode, both in {
            "horizontal": IMAGES[1:, :, ::-1],
            "vertical": IMAGES[1:, ::-1],
            "horizontal_and_vertical": IMAGES[1:, ::-1, ::-1],
        }.items()
        for name, row in given(
            layers.RandomFlip,
            np.concatenate([IMAGES[:1], both]),
            {"flips": np.array([False, True])[:, None, None, None]},
            mode=mode,
        ).items()
    },
    **given(
        layers.RandomTranslation,
        found(IMAGES, [1, 0, 1, 0, 1, -3, 0, 0], 1, "grid-constant", 0.25),
        height_factor=(0.5, 0.5),
        width_factor=(-0.2, -0.2),
        fill_mode="constant",
        fill_value=0.25,
    ),
    **given(
        layers.RandomRotation,
        found(IMAGES, turned(np.pi / 5), 0, "nearest", 0),
        factor=(0.1, 0.1),
        fill_mode="nearest",
        interpolation="nearest",
    ),
    **given(
        layers.RandomZoom,
        found(IMAGES, zoomed(1.25, 0.5), 1, "reflect", 0),
        height_factor=(0.25, 0.25),
        width_factor=(-0.5, -0.5),
    ),
    "RandomZoom_alike": (
        lambda: layers.RandomZoom((0.25, 0.25), fill_mode="constant")(SINGLE),
        found(IMAGES, zoomed(1.25, 1.25), 1, "grid-constant", 0),
    ),
    **given(
        layers.RandomShear,
        found(IMAGES, [1, 0.25, 0, -0.5, 1, 0, 0, 0], 1, "reflect", 0),
        {"shear_factor": np.float32([[0.25, -0.5]] * 2)},
        x_factor=0.25,
    ),
    **given(layers.RandomCrop, IMAGES[:, 2:5, 1:4], (2, 1), height=3, width=3),
    # Of images that are too small the middle is made as large.
    "RandomCrop_larger": (
        lambda: layers.RandomCrop(10, 2)(SINGLE, training=True),
        resized(IMAGES[:, :, 2:4], (10, 2), KERNELS["bilinear"], smooth=False),
    ),
    "RandomCrop_wider": (
        lambda: layers.RandomCrop(2, 10, **FIRST)(first(SINGLE), training=True),
        first(resized(IMAGES[:, 2:4], (2, 10), KERNELS["bilinear"], smooth=False)),
    ),
    **given(
        layers.RandomGaussianBlur,
        np.concatenate([blurred(IMAGES[:1], (3, 3), (1.5, 0.5)), IMAGES[1:]]),
        {"should_apply_blur": np.array([True, False]), "blur_factor": np.float32([1.5, 0.5])},
        **UNIT_RANGE,
    ),
    "RandomErasing": (
        lambda: layers.RandomErasing(fill_value=0.25, **UNIT_RANGE).transform_images(
            SINGLE,
            {
                "apply_erasing": np.array([True, False]),
                "batch_masks": HOLE,
                "fill_value": np.float32(0.25),
            },
        ),
        np.concatenate([np.where(HOLE, 0.25, IMAGES)[:1], IMAGES[1:]]),
    ),
    **given(
        layers.MixUp,
        SPREAD * IMAGES + (1 - SPREAD) * IMAGES[::-1],
        {"mix_weight": np.float32(SHARES), "permutation_order": ORDER},
    ),
    "MixUp_labels": (
        lambda: layers.MixUp().transform_labels(
            tf.constant(LABELS), {"mix_weight": SHARES, "permutation_order": ORDER}
        ),
        SHARES[:, None] * LABELS + (1 - SHARES[:, None]) * LABELS[::-1],
    ),
    "CutMix": (
        lambda: layers.CutMix().transform_images(
            SINGLE, {"permutation_order": ORDER, "batch_masks": HOLE}
        ),
        np.where(HOLE, IMAGES[::-1], IMAGES),
    ),
    "CutMix_labels": (
        lambda: layers.CutMix().transform_labels(
            tf.constant(LABELS), {"mix_weight": SHARES, "permutation_order": ORDER}
        ),
        SHARES[:, None] * LABELS + (1 - SHARES[:, None]) * LABELS[::-1],
    ),
}
