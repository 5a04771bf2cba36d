"""keras.ops.image by NumPy and SciPy: each attribute at another value than its usual one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops
from matplotlib.colors import hsv_to_rgb, rgb_to_hsv
from scipy import ndimage

from gradients.values.calls import Rows
from gradients.values.calls.images import GREY, LARGE, NOISY, SINGLE, similarity, sobel
from gradients.values.calls.inputs import CUBE, IMAGES
from gradients.values.calls.resampling import KERNELS, resized

BYTES = (255 * IMAGES).astype("uint8")
FIRST = {"data_format": "channels_first"}


def first(x: np.ndarray) -> np.ndarray:
    """Return images with their channels first."""
    return np.moveaxis(x, -1, -3)


def both(name: str, expected: Any, *arguments: Any, **options: Any) -> Rows:
    """Return rows of two images, and of one whose channels come first."""

    def call(images: np.ndarray, **more: Any) -> Callable[[], Any]:
        return lambda: getattr(ops.image, name)(images, *arguments, **options, **more)

    label = "_".join((name, *(str(value) for value in options.values())))
    return {
        label: (call(SINGLE), expected),
        f"{label}_first": (call(first(SINGLE), **FIRST), first(expected)),
        f"{label}_one": (call(first(SINGLE[0]), **FIRST), first(expected[0])),
    }


def blurred(x: np.ndarray, sizes: tuple[int, int], sigma: tuple[float, float]) -> np.ndarray:
    """Return images below a bell, outside of which there is nothing; columns' sigma comes first."""
    bells = [
        np.exp(-(((np.arange(size) - (size - 1) / 2) / by) ** 2) / 2)
        for size, by in zip(sizes, sigma[::-1], strict=True)
    ]
    kernel = np.outer(*(bell / bell.sum() for bell in bells))
    return ndimage.correlate(x, kernel[None, ..., None], mode="constant")


def patches(x: np.ndarray, size: tuple[int, ...], by: tuple[int, ...]) -> np.ndarray:
    """Return each window's numbers, channels of a place beside each other."""
    rank = len(size)
    windows = np.lib.stride_tricks.sliding_window_view(x, size, tuple(range(1, rank + 1)))
    windows = windows[(slice(None), *(slice(None, None, step) for step in by))]
    windows = np.moveaxis(windows, rank + 1, -1)
    return windows.reshape(*windows.shape[: rank + 1], -1)


VOLUMES = np.stack([CUBE, CUBE**2, CUBE - 1], 1)[..., None] * np.array([1.0, 2.0])

#: With an aspect that is kept: which size, what is cut off or put around, by rows and columns.
WITHIN = {(2, 5): (4, 0), (6, 2): (0, 3)}
AROUND = {(6, 9): (0, 4), (12, 5): (6, 0)}


def cut(by: tuple[int, int]) -> np.ndarray:
    """Return the middle of the images, of which half as much is cut off on each side."""
    rows, columns = (slice(size // 2, -size // 2 or None) for size in by)
    return IMAGES[:, rows, columns]


def edged(by: tuple[int, int]) -> np.ndarray:
    """Return the images in the middle of larger ones."""
    sides = [(size // 2, -(-size // 2)) for size in by]
    return np.pad(IMAGES, [(0, 0), *sides, (0, 0)], constant_values=0.75)


ROWS: Rows = {
    **both("rgb_to_grayscale", (IMAGES @ GREY)[..., None]),
    **both("rgb_to_hsv", rgb_to_hsv(IMAGES)),
    **both("hsv_to_rgb", hsv_to_rgb(IMAGES)),
    "rgb_to_grayscale_bytes": (
        lambda: ops.image.rgb_to_grayscale(BYTES),
        np.trunc(BYTES @ GREY)[..., None],
    ),
    "rgb_to_grayscale_grey": (lambda: ops.image.rgb_to_grayscale(SINGLE[..., :1]), IMAGES[..., :1]),
    **{
        name: row
        for interpolation in ("bilinear", "bicubic", "lanczos3", "lanczos5")
        for name, row in both(
            "resize",
            resized(IMAGES, (4, 7), KERNELS[interpolation], smooth=True),
            (4, 7),
            interpolation=interpolation,
            antialias=True,
        ).items()
    },
    **both("resize", resized(IMAGES, (4, 7), KERNELS["bilinear"], smooth=False), (4, 7)),
    **both(
        "resize",
        IMAGES[:, [0, 2, 3, 5]][:, :, [0, 1, 1, 2, 3, 3, 4]],
        (4, 7),
        interpolation="nearest",
    ),
    **{
        name: row
        for sizes, option, of in (
            *((size, "crop_to_aspect_ratio", cut(by)) for size, by in WITHIN.items()),
            *((size, "pad_to_aspect_ratio", edged(by)) for size, by in AROUND.items()),
        )
        for name, row in both(
            "resize",
            of,
            sizes,
            interpolation="nearest",
            fill_value=0.75,
            **{option: sizes},
        ).items()
    },
    "resize_bytes": (
        lambda: ops.image.resize(BYTES, (4, 7), "lanczos3", antialias=True),
        np.clip(np.round(resized(BYTES, (4, 7), KERNELS["lanczos3"], smooth=True)), 0, 255),
    ),
    **both("gaussian_blur", blurred(IMAGES, (3, 3), (1.5, 0.5)), (3, 3), (1.5, 0.5)),
    "gaussian_blur_wide": (
        lambda: ops.image.gaussian_blur(SINGLE, (3, 5), (1.5, 0.5)),
        blurred(IMAGES, (3, 5), (1.5, 0.5)),
    ),
    "sobel_edges": (lambda: ops.image.sobel_edges(SINGLE), sobel(IMAGES)),
    "sobel_edges_first": (
        lambda: ops.image.sobel_edges(first(SINGLE), **FIRST),
        np.moveaxis(sobel(IMAGES), 3, 1),
    ),
    **{
        f"ssim_{name}": (
            lambda options=options, x=x, y=y: ops.image.ssim(x, y, **options),
            similarity(LARGE, NOISY),
        )
        for name, x, y, options in (
            ("plain", LARGE, NOISY, {}),
            # Of numbers twice as large, by constants that are half as large.
            ("scaled", 2 * LARGE, 2 * NOISY, {"max_val": 4.0, "k1": 0.005, "k2": 0.015}),
            ("first", first(LARGE), first(NOISY), FIRST),
        )
    },
    "ssim_small": (
        lambda: ops.image.ssim(LARGE[0], NOISY[0], filter_size=5, filter_sigma=0.75),
        similarity(LARGE[:1], NOISY[:1], size=5, sigma=0.75)[0],
    ),
    "extract_patches": (
        lambda: ops.image.extract_patches(IMAGES, (3, 2), strides=(2, 1)),
        patches(IMAGES, (3, 2), (2, 1)),
    ),
    "extract_patches_apart": (
        lambda: ops.image.extract_patches(IMAGES[0], 2),
        patches(IMAGES, (2, 2), (2, 2))[0],
    ),
    "extract_patches_first": (
        lambda: ops.image.extract_patches(first(SINGLE), (3, 2), strides=1, **FIRST),
        first(patches(IMAGES, (3, 2), (1, 1))),
    ),
    "extract_patches_3d": (
        lambda: ops.image.extract_patches_3d(VOLUMES.astype("float32"), (2, 1, 3), (1, 2, 1)),
        patches(VOLUMES, (2, 1, 3), (1, 2, 1)),
    ),
    **{
        f"pad_images_{name}": (
            lambda options=options: ops.image.pad_images(IMAGES, **options),
            np.pad(IMAGES, [[0, 0], [1, 2], [3, 4], [0, 0]]),
        )
        for name, options in {
            "sides": {"top_padding": 1, "left_padding": 3, "target_height": 9, "target_width": 12},
            "ends": {
                **{"bottom_padding": 2, "right_padding": 4},
                **{"target_height": 9, "target_width": 12},
            },
            "all": {
                **{"top_padding": 1, "left_padding": 3},
                **{"bottom_padding": 2, "right_padding": 4},
            },
        }.items()
    },
    "pad_images_first": (
        lambda: ops.image.pad_images(first(IMAGES)[0], 1, 3, 2, 4, **FIRST),
        first(np.pad(IMAGES[0], [[1, 2], [3, 4], [0, 0]])),
    ),
    **{
        f"crop_images_{name}": (
            lambda options=options: ops.image.crop_images(IMAGES, **options),
            IMAGES[:, 1:4, 2:4],
        )
        for name, options in {
            "sides": {"top_cropping": 1, "left_cropping": 2, "target_height": 3, "target_width": 2},
            "ends": {
                **{"bottom_cropping": 2, "right_cropping": 1},
                **{"target_height": 3, "target_width": 2},
            },
            "all": {
                **{"top_cropping": 1, "left_cropping": 2},
                **{"bottom_cropping": 2, "right_cropping": 1},
            },
        }.items()
    },
    "crop_images_first": (
        lambda: ops.image.crop_images(first(IMAGES)[0], 1, 2, 2, 1, **FIRST),
        first(IMAGES[0, 1:4, 2:4]),
    ),
}
