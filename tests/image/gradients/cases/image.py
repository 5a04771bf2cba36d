"""Images: resizing, cropping, patches, quantization."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from gradients import gaps
from gradients.case import Case
from gradients.inputs import normal, off_zero, uniform

#: The bounds of fake quantization, once its zero point is an integer: of 255 steps over 2.7.
LOW, HIGH = (-132 * 2.7 / 255, (255 - 132) * 2.7 / 255)


def resized(method: str):
    """Return a function that resizes to 6 x 7."""
    return lambda x: tf.cast(tf.image.resize(x, [6, 7], method), x.dtype)


def interpolation(old: int, places: np.ndarray) -> np.ndarray:
    """Return the matrix that interpolates linearly between pixels, which end at the border."""
    places = np.clip(places, 0, old - 1)
    return np.maximum(0, 1 - np.abs(places[:, None] - np.arange(old)))


def bilinear_by_matrices(x: tf.Tensor) -> tf.Tensor:
    """Resize 4 x 4 to 6 x 7, with pixels' centres at half-integers."""
    rows, columns = (interpolation(4, (np.arange(new) + 0.5) * 4 / new - 0.5) for new in (6, 7))
    return tf.einsum("bijc,hi,wj->bhwc", x, tf.constant(rows), tf.constant(columns))


def cubic(distance: np.ndarray) -> np.ndarray:
    """Return Keys's cubic convolution kernel with a = -0.5."""
    distance = np.abs(distance)
    near = 1.5 * distance**3 - 2.5 * distance**2 + 1
    far = -0.5 * distance**3 + 2.5 * distance**2 - 4 * distance + 2
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0))


def bicubic_by_matrices(x: tf.Tensor) -> tf.Tensor:
    """Resize 4 x 4 to 6 x 7; weights of pixels outside are shared out among those inside."""
    matrices = []
    for new in (6, 7):
        places = (np.arange(new) + 0.5) * 4 / new - 0.5
        # The kernel's own table has 1024 entries between pixels.
        places = np.floor(places) + np.round((places - np.floor(places)) * 1024) / 1024
        weights = cubic(places[:, None] - np.arange(4))
        matrices.append(weights / weights.sum(1, keepdims=True))
    return tf.einsum("bijc,hi,wj->bhwc", x, *map(tf.constant, matrices))


def crop_by_matrices(x: tf.Tensor) -> tf.Tensor:
    """Crop [0.1, 0.8] x [0.2, 0.9] of 5 x 5 to 3 x 3."""
    rows, columns = (
        interpolation(5, np.linspace(low * 4, high * 4, 3))
        for low, high in ((0.1, 0.8), (0.2, 0.9))
    )
    return tf.einsum("bijc,hi,wj->bhwc", x, tf.constant(rows), tf.constant(columns))


def patches_and_blocks(x: tf.Tensor) -> tf.Tensor:
    """Use patches, and blocks moved to the depth and back."""
    ones = [1, 1, 1, 1]
    patches = tf.image.extract_patches(x, [1, 2, 2, 1], ones, ones, "VALID")
    deep = tf.nn.space_to_depth(x, 2)
    return tf.reshape(patches, [-1]) * tf.reduce_sum(tf.nn.depth_to_space(deep**2, 2) ** 2)


CASES = (
    Case(
        "resize_bilinear",
        [normal(1, 4, 4, 2)],
        resized("bilinear"),
        reference=bilinear_by_matrices,
        known=gaps.RESIZED_TWICE | gaps.RESIZED_IN_XLA,
    ),
    Case(
        "resize_bicubic",
        [normal(1, 4, 4, 2)],
        resized("bicubic"),
        reference=bicubic_by_matrices,
        known=gaps.BICUBIC_HALF
        | gaps.no_second("ResizeBicubicGrad")
        | gaps.not_compiled("ResizeBicubic"),
    ),
    Case(
        "resize_nearest",
        [normal(1, 3, 4, 2)],
        resized("nearest"),
        known=gaps.no_second("ResizeNearestNeighborGrad", issue=43648)
        | gaps.not_compiled("ResizeNearestNeighborGrad"),
    ),
    Case(
        "resize_area",
        [normal(1, 4, 4, 2)],
        lambda x: tf.image.resize(x, [2, 2], "area"),
        known=gaps.no_gradient("ResizeArea"),
    ),
    Case(
        "crop_and_resize",
        [normal(1, 5, 5, 2)],
        lambda x: tf.image.crop_and_resize(x, [[0.1, 0.2, 0.8, 0.9]], [0], [3, 3]),
        dtype="float32",
        reference=crop_by_matrices,
        known=gaps.NO_BFLOAT16
        | gaps.FLOAT32_CROPS
        | gaps.no_second("CropAndResizeGradBoxes", "forward")
        | gaps.no_second("CropAndResizeGradImage", "second", issue=25050)
        | gaps.not_compiled("CropAndResize"),
    ),
    Case("extract_patches_space_to_depth", [normal(1, 4, 4, 2)], patches_and_blocks),
    Case(
        "space_to_batch",
        [normal(1, 4, 4, 2)],
        lambda x: tf.batch_to_space(
            tf.space_to_batch(x, [2, 2], [[0, 0], [0, 0]]) ** 2, [2, 2], [[0, 1], [1, 0]]
        ),
    ),
    Case(
        "adjust_contrast",
        [normal(1, 4, 4, 3)],
        lambda x: tf.image.adjust_contrast(x, 1.5),
        known=gaps.no_gradient("AdjustContrastv2") | gaps.NO_FLOAT16,
        on_gpu=gaps.no_gradient("AdjustContrastv2"),
    ),
    Case(
        "flip_and_rotate",
        [normal(1, 4, 4, 3)],
        lambda x: tf.image.rot90(tf.image.flip_left_right(x)) ** 2,
    ),
    Case("total_variation", [normal(1, 4, 4, 2)], lambda x: tf.image.total_variation(x)),
    Case(
        "fake_quant",
        [off_zero(4)],
        lambda x: tf.quantization.fake_quant_with_min_max_args(x, -1.4, 1.3),
        dtype="float32",
        reference=lambda x: tf.clip_by_value(x, LOW, HIGH),
        known=gaps.NO_HALF | gaps.FAKE_QUANT_TWICE,
    ),
    Case("rgb_to_hsv", [uniform(0.1, 0.9, 1, 2, 2, 3)], tf.image.rgb_to_hsv),
    Case(
        "extract_volume_patches",
        [normal(1, 3, 3, 3, 2)],
        lambda x: tf.extract_volume_patches(x, [1, 2, 2, 2, 1], [1, 1, 1, 1, 1], "VALID") ** 2,
        known=gaps.STATIC_SHAPES | gaps.not_compiled("ExtractVolumePatches"),
    ),
    Case(
        "fake_quant_vars",
        [off_zero(4)],
        lambda x: tf.quantization.fake_quant_with_min_max_vars(x, -1.4, 1.3),
        dtype="float32",
        reference=lambda x: tf.clip_by_value(x, LOW, HIGH),
        known=gaps.NO_HALF | gaps.FAKE_QUANT_TWICE,
    ),
    Case(
        "fake_quant_vars_per_channel",
        [off_zero(3, 2)],
        lambda x: tf.quantization.fake_quant_with_min_max_vars_per_channel(
            x, [-1.4, -1.4], [1.3, 1.3]
        ),
        dtype="float32",
        reference=lambda x: tf.clip_by_value(x, LOW, HIGH),
        known=gaps.NO_HALF | gaps.FAKE_QUANT_TWICE,
    ),
)
