"""Images: by where their pixels are taken to be, what lies between them, and colours that tie."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from gradients.inputs import normal, uniform
from gradients.sweep import sweep

raw = tf.raw_ops
Function = Callable[..., tf.Tensor]
BOTH = (False, True)


def by_matrix(function: Function, x: tf.Tensor) -> tf.Tensor:
    """Return a linear function's value by its matrix: its values are those of the unit vectors."""
    columns = [tf.reshape(function(tf.reshape(row, x.shape)), [-1]) for row in tf.eye(tf.size(x))]
    matrix = tf.cast(tf.stack(columns, 1), x.dtype)
    return tf.linalg.matvec(matrix, tf.reshape(x, [-1]))


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
        reference=lambda x, method: by_matrix(lambda x: cropped(x, method), x),
        dtype="float32",
        method=("bilinear", "nearest"),
    ),
    *sweep(
        "translate",
        [normal(1, 4, 3, 1)],
        translated,
        reference=lambda x, **told: by_matrix(lambda x: translated(x, **told), x),
        dtype="float32",
        kernel=KERNELS,
        antialias=BOTH,
    ),
    *sweep(
        "resize",
        [normal(1, 3, 4, 1)],
        sized,
        reference=lambda x, **told: by_matrix(lambda x: sized(x, **told), x),
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
