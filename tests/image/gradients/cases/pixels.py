"""Images: by where their pixels are taken to be, what lies between them, and colours that tie."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import tensorflow as tf

from gradients.inputs import normal, uniform
from gradients.sweep import sweep

raw = tf.raw_ops
Function = Callable[..., tf.Tensor]
BOTH = (False, True)


@cache
def matrix(linear: Function, shape: tuple[int, ...], **told: object) -> np.ndarray:
    """Return the matrix of a linear function: its columns are the values of the unit vectors."""
    pixels = np.eye(int(np.prod(shape)), dtype="float32").reshape(-1, *shape)
    return np.stack([linear(tf.constant(one), **told) for one in pixels], 1)


def by_matrix(linear: Function, x: tf.Tensor, **told: object) -> tf.Tensor:
    """Return a linear function's value by its matrix."""
    columns = tf.constant(matrix(linear, tuple(x.shape), **told), x.dtype)
    return tf.linalg.matvec(columns, tf.reshape(x, [-1]))


def cropped(x: tf.Tensor, method: str) -> tf.Tensor:
    """Cut a window out of either image, of 4 by 3 pixels."""
    boxes = [[0.1, 0.2, 0.8, 0.9], [0.3, 0.15, 0.55, 0.7]]
    crops = raw.CropAndResize(image=x, boxes=boxes, box_ind=[1, 0], crop_size=[4, 3], method=method)
    return tf.reshape(crops, [-1])


def translated(x: tf.Tensor, kernel: str, antialias: bool) -> tf.Tensor:
    """Scale and shift an image."""
    found = raw.ScaleAndTranslate(
        **{"images": x, "size": [3, 5], "scale": [0.625, 1.25], "translation": [0.25, -0.5]},
        kernel_type=kernel,
        antialias=antialias,
    )
    return tf.reshape(found, [-1])


def sized(x: tf.Tensor, of: str, corners: bool, centres: bool) -> tf.Tensor:
    """Resize 3 x 4 to 5 x 7, by where pixels are taken to be."""
    found = getattr(raw, of)(
        images=x, size=[5, 7], align_corners=corners, half_pixel_centers=centres
    )
    return tf.reshape(found, [-1])


#: Which of two numbers is each of three colours.
TIES = ((0, 0, 1), (0, 1, 0), (1, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0))
RESIZES = ("ResizeNearestNeighbor", "ResizeBilinear", "ResizeBicubic")
KERNELS = ("lanczos3", "box", "keyscubic")

CASES = (
    *sweep(
        "crop",
        [normal(2, 3, 4, 1)],
        cropped,
        reference=lambda x, **told: by_matrix(cropped, x, **told),
        dtype="float32",
        method=("bilinear", "nearest"),
    ),
    *sweep(
        "translate",
        [normal(1, 4, 3, 1)],
        translated,
        reference=lambda x, **told: by_matrix(translated, x, **told),
        dtype="float32",
        kernel=KERNELS,
        antialias=BOTH,
    ),
    *sweep(
        "resize",
        [normal(1, 3, 4, 1)],
        sized,
        reference=lambda x, **told: by_matrix(sized, x, **told),
        only=lambda corners, centres: not (corners and centres),
        dtype="float32",
        of=RESIZES,
        corners=BOTH,
        centres=BOTH,
    ),
    *sweep(
        "colours_tied",
        [uniform(0.2, 0.4, 5, 1), uniform(0.6, 0.9, 5, 1)],
        lambda a, b, ties: tf.image.rgb_to_hsv(tf.gather(tf.concat([a, b], 1), ties, axis=1)),
        ties=TIES,
    ),
)
