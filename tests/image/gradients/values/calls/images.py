"""tf.image, which computes much of it in float32."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from matplotlib.colors import hsv_to_rgb, rgb_to_hsv

from gradients.values.calls import Rows
from gradients.values.calls.inputs import IMAGES
from gradients.values.calls.resampling import KERNELS, resized

SINGLE = IMAGES.astype("float32")
PIXELS = np.arange(0, 250, 9).reshape(1, 4, 7, 1).astype("uint8")
BYTES = np.arange(0, 256, 17).reshape(1, 4, 4, 1).astype("uint8")
_random = np.random.default_rng(23)
LARGE = _random.uniform(0, 1, (2, 14, 13, 1))
#: Types of images, and their greatest number; and shares of it, some of which are out of range.
KINDS = {"uint8": 2**8 - 1, "uint16": 2**16 - 1, "int16": 2**15 - 1, "int32": 2**31 - 1}
SHARES = np.array([0.0, 0.25, 0.5, 0.75, 1])
NOISY = np.clip(LARGE + 0.1 * _random.standard_normal(LARGE.shape), 0, 1)
GREY = [0.2989, 0.587, 0.114]


def hsv(shift: float = 0.0, scale: float = 1.0) -> np.ndarray:
    """Return the images in other colours."""
    turned = rgb_to_hsv(IMAGES)
    turned[..., 0] = (turned[..., 0] + shift) % 1
    turned[..., 1] = np.clip(turned[..., 1] * scale, 0, 1)
    return hsv_to_rgb(turned)


def sobel(x: np.ndarray) -> np.ndarray:
    """Return the edges along rows and along columns."""
    padded = np.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], "reflect")
    smooth, step = np.array([1, 2, 1]), np.array([-1, 0, 1])

    def filtered(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        high, wide = x.shape[1:3]
        return sum(
            rows[i] * columns[j] * padded[:, i : i + high, j : j + wide]
            for i in range(3)
            for j in range(3)
        )

    return np.stack([filtered(step, smooth), filtered(smooth, step)], axis=-1)


def standardized(x: np.ndarray) -> np.ndarray:
    """Return images with the mean 0 and the deviation 1."""
    axes = (1, 2, 3)
    return (x - x.mean(axes, keepdims=True)) / x.std(axes, keepdims=True)


def variation(x: np.ndarray) -> np.ndarray:
    """Return what neighbours differ by, in all."""
    down, across = np.abs(np.diff(x, axis=-3)), np.abs(np.diff(x, axis=-2))
    return down.sum((-3, -2, -1)) + across.sum((-3, -2, -1))


def windowed(x: np.ndarray, size: int, sigma: float) -> np.ndarray:
    """Return a grey image's means below a bell of so many pixels, of a deviation."""
    bell = np.exp(-((np.arange(size) - size // 2) ** 2) / (2 * sigma**2))
    kernel = np.outer(bell, bell) / bell.sum() ** 2
    windows = np.lib.stride_tricks.sliding_window_view(x[..., 0], (size, size), axis=(1, 2))
    return (windows * kernel).sum((-2, -1))


def similarity(
    x: np.ndarray,
    y: np.ndarray,
    limit: float = 1.0,
    *,
    size: int = 11,
    sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
) -> np.ndarray:
    """Return each pair's structural similarity (Wang and others, 2004), below a limit."""
    one, other, both, each = (windowed(z, size, sigma) for z in (x, y, x * y, x**2 + y**2))
    first, second = (k1 * limit) ** 2, (k2 * limit) ** 2
    luma = (2 * one * other + first) / (one**2 + other**2 + first)
    rest = (2 * (both - one * other) + second) / (each - one**2 - other**2 + second)
    return (luma * rest).mean((1, 2))


ROWS: Rows = {
    "brightness": (lambda: tf.image.adjust_brightness(SINGLE, 0.2), IMAGES + 0.2),
    "contrast": (
        lambda: tf.image.adjust_contrast(SINGLE, 1.5),
        (IMAGES - (mean := IMAGES.mean((1, 2), keepdims=True))) * 1.5 + mean,
    ),
    "gamma": (lambda: tf.image.adjust_gamma(SINGLE, 1.5, 2.0), 2 * IMAGES**1.5),
    "hue": (lambda: tf.image.adjust_hue(SINGLE, 0.3), hsv(shift=0.3)),
    "saturation": (lambda: tf.image.adjust_saturation(SINGLE, 0.5), hsv(scale=0.5)),
    "standardized": (lambda: tf.image.per_image_standardization(SINGLE), standardized(IMAGES)),
    "standardized_flat": (lambda: tf.image.per_image_standardization(0 * SINGLE + 0.5), 0 * IMAGES),
    "standardized_faint": (
        lambda: tf.image.per_image_standardization(SINGLE[0] / 100),
        (IMAGES[0] - IMAGES[0].mean()) / 100 * np.sqrt(90),
    ),
    "grey": (lambda: tf.image.rgb_to_grayscale(SINGLE), IMAGES @ np.array(GREY)[:, None]),
    "from_grey": (
        lambda: tf.image.grayscale_to_rgb(tf.constant(IMAGES[..., :1])),
        np.repeat(IMAGES[..., :1], 3, -1),
    ),
    "hsv": (lambda: tf.image.rgb_to_hsv(IMAGES), rgb_to_hsv(IMAGES)),
    "from_hsv": (lambda: tf.image.hsv_to_rgb(IMAGES), hsv_to_rgb(IMAGES)),
    "yiq_and_back": (lambda: tf.image.yiq_to_rgb(tf.image.rgb_to_yiq(IMAGES)), IMAGES),
    "yuv_and_back": (lambda: tf.image.yuv_to_rgb(tf.image.rgb_to_yuv(IMAGES)), IMAGES),
    "luma": (
        lambda: [tf.image.rgb_to_yiq(IMAGES)[..., 0], tf.image.rgb_to_yuv(IMAGES)[..., 0]],
        [IMAGES @ [0.299, 0.587, 0.114]] * 2,
    ),
    "to_bytes": (
        lambda: tf.image.convert_image_dtype(np.float32([0, 0.25, 0.75, 1]), "uint8"),
        np.array([0, 63, 191, 255]),
    ),
    "from_bytes": (lambda: tf.image.convert_image_dtype(BYTES, "float64"), BYTES / 255),
    "bytes_to_words": (lambda: tf.image.convert_image_dtype(BYTES, "int32"), BYTES * 2**23.0),
    "words_to_bytes": (
        lambda: tf.image.convert_image_dtype([2**24 * 5, 2**30], "uint8"),
        np.array([10, 128]),
    ),
    "flip_left_right": (lambda: tf.image.flip_left_right(IMAGES), IMAGES[:, :, ::-1]),
    "flip_up_down": (lambda: tf.image.flip_up_down(IMAGES[0]), IMAGES[0, ::-1]),
    **{
        f"rot90_{k}": (
            lambda k=k: tf.image.rot90(IMAGES, k),
            np.rot90(IMAGES, k, axes=(1, 2)),
        )
        for k in (1, 2, 3)
    },
    "rot90_one": (lambda: tf.image.rot90(IMAGES[0], 3), np.rot90(IMAGES[0], 3)),
    "transpose": (lambda: tf.image.transpose(IMAGES), IMAGES.swapaxes(1, 2)),
    "central_crop": (lambda: tf.image.central_crop(IMAGES, 0.5), IMAGES[:, 1:-1, 1:-1]),
    "pad": (
        lambda: tf.image.pad_to_bounding_box(IMAGES, 1, 3, 9, 10),
        np.pad(IMAGES, [[0, 0], [1, 2], [3, 2], [0, 0]]),
    ),
    "crop": (lambda: tf.image.crop_to_bounding_box(IMAGES, 1, 2, 4, 3), IMAGES[:, 1:5, 2:]),
    "crop_and_pad": (
        lambda: tf.image.resize_with_crop_or_pad(IMAGES, 3, 8),
        np.pad(IMAGES[:, 1:4], [[0, 0], [0, 0], [1, 2], [0, 0]]),
    ),
    "pad_and_crop": (
        lambda: tf.image.resize_with_crop_or_pad(IMAGES[0], 9, 2),
        np.pad(IMAGES[0, :, 1:3], [[1, 2], [0, 0], [0, 0]]),
    ),
    "resize_nearest": (
        lambda: tf.image.resize(IMAGES, [12, 15], "nearest"),
        IMAGES.repeat(2, 1).repeat(3, 2),
    ),
    "resize_area": (
        lambda: tf.image.resize(SINGLE[:, :, :4], [3, 2], "area"),
        IMAGES[:, :, :4].reshape(2, 3, 2, 2, 2, 3).mean((2, 4)),
    ),
    "resize_bilinear": (
        lambda: tf.image.resize(SINGLE, [3, 5]),
        IMAGES.reshape(2, 3, 2, 5, 3).mean(2),
    ),
    "resize_antialiased": (
        lambda: tf.image.resize(SINGLE[:, :4], [2, 5], antialias=True),
        np.einsum("oi,niwc->nowc", np.array([[3, 3, 1, 0], [0, 1, 3, 3]]) / 7, IMAGES[:, :4]),
    ),
    "resize_with_ratio": (
        lambda: tf.image.resize(IMAGES, [12, 99], "nearest", preserve_aspect_ratio=True),
        IMAGES.repeat(2, 1).repeat(2, 2),
    ),
    "resize_with_pad": (
        lambda: tf.image.resize_with_pad(IMAGES, 12, 13, "nearest"),
        np.pad(IMAGES.repeat(2, 1).repeat(2, 2), [[0, 0], [0, 0], [1, 2], [0, 0]]),
    ),
    "variation": (lambda: tf.image.total_variation(tf.constant(IMAGES)), variation(IMAGES)),
    "variation_one": (
        lambda: tf.image.total_variation(tf.constant(IMAGES[0])),
        variation(IMAGES[0]),
    ),
    "gradients": (
        lambda: tf.image.image_gradients(tf.constant(IMAGES)),
        [
            np.diff(IMAGES, axis=1, append=IMAGES[:, -1:]),
            np.diff(IMAGES, axis=2, append=IMAGES[:, :, -1:]),
        ],
    ),
    "sobel": (lambda: tf.image.sobel_edges(tf.constant(SINGLE)), sobel(IMAGES)),
    "psnr": (
        lambda: tf.image.psnr(LARGE, NOISY, 2.0),
        10 * np.log10(4 / ((LARGE - NOISY) ** 2).mean((1, 2, 3))),
    ),
    "ssim": (lambda: tf.image.ssim(LARGE, NOISY, 1.0), similarity(LARGE, NOISY)),
    "resize_with_less_width": (
        lambda: tf.image.resize(IMAGES, [99, 10], "nearest", preserve_aspect_ratio=True),
        IMAGES.repeat(2, 1).repeat(2, 2),
    ),
    **{
        f"rot90_{k}_of_one": (lambda k=k: tf.image.rot90(IMAGES[0], k), np.rot90(IMAGES[0], k))
        for k in (1, 2, 5)
    },
    "central_crop_one": (
        lambda: tf.image.central_crop(IMAGES[0], 0.5),
        IMAGES[0, 1:-1, 1:-1],
    ),
    "ssim_options": (
        lambda: tf.image.ssim(
            2 * LARGE, 2 * NOISY, 2.0, filter_size=5, filter_sigma=2.0, k1=0.05, k2=0.1
        ),
        similarity(2 * LARGE, 2 * NOISY, 2.0, size=5, sigma=2.0, k1=0.05, k2=0.1),
    ),
    "ssim_map": (
        lambda: tf.reduce_mean(tf.image.ssim(LARGE, NOISY, 1.0, return_index_map=True), [1, 2]),
        similarity(LARGE, NOISY),
    ),
    "ssim_bytes": (
        lambda: tf.image.ssim(np.uint8(255 * LARGE), np.uint8(255 * NOISY), 255),
        similarity(np.uint8(255 * LARGE) / 255, np.uint8(255 * NOISY) / 255),
    ),
    "psnr_bytes": (
        lambda: tf.image.psnr(np.uint8(255 * LARGE), np.uint8(255 * NOISY), 255),
        -10
        * np.log10(
            ((np.uint8(255 * LARGE) / 255 - np.uint8(255 * NOISY) / 255) ** 2).mean((1, 2, 3))
        ),
    ),
    "central_crop_by_tensor": (
        lambda: tf.function(lambda share: tf.image.central_crop(LARGE, share))(tf.constant(0.8)),
        LARGE[:, 1:-1, 1:-1],
    ),
    **{
        f"resize_by_{method}": (
            lambda method=method, antialias=antialias: tf.image.resize(
                SINGLE, [4, 9], method, antialias=antialias
            ),
            resized(IMAGES, (4, 9), KERNELS[method], smooth=antialias),
        )
        for method, antialias in (
            *(("bilinear", True), ("bicubic", True), ("gaussian", True), ("mitchellcubic", True)),
            *(("lanczos3", True), ("lanczos5", False)),
        )
    },
    **{
        f"converted_{kind}": (
            lambda numbers=numbers, kind=kind: [
                *(tf.image.convert_image_dtype(numbers, of) for of in ("float32", "float64")),
                *(tf.image.convert_image_dtype(numbers, other) for other in KINDS),
                *(tf.image.convert_image_dtype(SHARES[:4], kind), _bounded(kind)),
            ],
            [
                *[numbers / greatest] * 2,
                *(numbers.astype(int) * (other + 1) // (greatest + 1) for other in KINDS.values()),
                np.trunc(SHARES[:4] * (greatest + 0.5)),
                np.clip([-greatest, greatest], np.iinfo(kind).min, 2.0**31 - 128),
            ],
        )
        for kind, greatest in KINDS.items()
        for numbers in [(SHARES * greatest).astype(kind)]
    },
    **{
        f"ratio_{high}_{wide}": (
            lambda high=high, wide=wide: tf.shape(
                tf.image.resize(IMAGES, [high, wide], preserve_aspect_ratio=True)
            )[1:3],
            # Of six by five: half a pixel is rounded to the even one.
            np.round(min(np.float32(high) / 6, np.float32(wide) / 5) * np.array([6, 5])),
        )
        for high, wide in ((4, 99), (99, 4), (9, 9), (13, 8))
    },
    "standardized_faint_batch": (
        lambda: tf.image.per_image_standardization(SINGLE / 100),
        (IMAGES - IMAGES.mean((1, 2, 3), keepdims=True)) / 100 * np.sqrt(90),
    ),
    "adjusted_bytes": (
        lambda: [
            tf.image.adjust_brightness(PIXELS, 0.25),
            *(tf.image.adjust_gamma(PIXELS, 0.5), tf.image.adjust_brightness(PIXELS, -2.0)),
        ],
        [
            np.minimum(np.trunc((PIXELS / 255 + 0.25) * 255.5), 255),
            *(np.trunc(np.sqrt(PIXELS / 255) * 255.5), 0 * PIXELS),
        ],
    ),
}


def _bounded(kind: str) -> tf.Tensor:
    """Return what stands for less than nothing, and for more than all."""
    return tf.image.convert_image_dtype(np.float32([-1, 3]), kind, saturate=True)
