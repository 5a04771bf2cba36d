"""Convolutions: strides, padding, dilation, groups, one to three dimensions."""

from __future__ import annotations

import tensorflow as tf

from gradients import gaps
from gradients.case import Case
from gradients.inputs import distinct, normal


def dilated(images: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Convolve with holes, as Conv2D itself does it."""
    return tf.nn.conv2d(images, kernel, 1, "SAME", dilations=2)


def dilated_by_batches(images: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Convolve with holes, by moving space to the batch and back."""
    return tf.nn.convolution(images, kernel, padding="SAME", dilations=2)


def grouped(images: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Convolve two groups of channels, each with its own filters."""
    return tf.nn.conv2d(images, kernel, 1, "SAME")


def grouped_by_parts(images: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Convolve each group alone."""
    parts = zip(tf.split(images, 2, -1), tf.split(kernel, 2, -1), strict=True)
    return tf.concat([tf.nn.conv2d(part, filters, 1, "SAME") for part, filters in parts], -1)


CASES = (
    Case("conv1d", [normal(2, 7, 3), normal(3, 3, 4)], lambda x, w: tf.nn.conv1d(x, w, 2, "SAME")),
    Case(
        "conv2d_same_strided",
        [normal(2, 6, 6, 2), normal(3, 3, 2, 3)],
        lambda x, w: tf.nn.conv2d(x, w, 2, "SAME"),
    ),
    Case(
        "conv2d_valid",
        [normal(2, 6, 6, 2), normal(3, 3, 2, 3)],
        lambda x, w: tf.nn.conv2d(x, w, 1, "VALID"),
    ),
    Case(
        "conv2d_many_channels",
        [normal(1, 6, 6, 16), normal(3, 3, 16, 8)],
        lambda x, w: tf.nn.conv2d(x, w, 1, "SAME"),
    ),
    Case(
        "conv2d_one_by_one",
        [normal(2, 4, 5, 8), normal(1, 1, 8, 6)],
        lambda x, w: tf.nn.conv2d(x, w, 1, "VALID"),
    ),
    Case(
        "conv2d_strides_apart",
        [normal(1, 7, 6, 2), normal(2, 3, 2, 3)],
        lambda x, w: tf.nn.conv2d(x, w, [1, 2, 3, 1], "VALID"),
    ),
    Case(
        "conv2d_dilated",
        [normal(2, 7, 7, 2), normal(3, 3, 2, 3)],
        dilated,
        known=gaps.DILATED,
    ),
    Case(
        "conv2d_dilated_float32",
        [normal(2, 7, 7, 2), normal(3, 3, 2, 3)],
        dilated,
        dtype="float32",
        reference=dilated_by_batches,
        known=gaps.CONVOLUTION_HALF,
        without_onednn=gaps.DILATED,
    ),
    Case(
        "convolution_dilated",
        [normal(2, 7, 7, 2), normal(3, 3, 2, 3)],
        dilated_by_batches,
        known=gaps.STATIC_SHAPES,
    ),
    Case(
        "conv2d_grouped",
        [normal(2, 5, 5, 4), normal(3, 3, 2, 4)],
        grouped,
        known=gaps.GROUPED,
        on_gpu=gaps.GROUPED_JACOBIAN,
    ),
    Case(
        "conv2d_grouped_float32",
        [normal(2, 5, 5, 4), normal(3, 3, 2, 4)],
        grouped,
        dtype="float32",
        reference=grouped_by_parts,
        known=gaps.CONVOLUTION_HALF | gaps.GROUPED_JACOBIAN,
        without_onednn=gaps.GROUPED,
    ),
    Case(
        "conv2d_explicit_padding",
        [normal(1, 5, 5, 2), normal(3, 3, 2, 3)],
        lambda x, w: tf.nn.conv2d(x, w, 1, [[0, 0], [1, 2], [0, 1], [0, 0]]),
        known=gaps.PADDED_JACOBIAN,
    ),
    Case(
        "conv3d",
        [normal(1, 4, 4, 4, 2), normal(2, 2, 2, 2, 3)],
        lambda x, w: tf.nn.conv3d(x, w, [1, 1, 1, 1, 1], "SAME"),
    ),
    Case(
        "conv1d_transpose",
        [normal(2, 4, 3), normal(3, 2, 3)],
        lambda x, w: tf.nn.conv1d_transpose(x, w, [2, 8, 2], 2),
    ),
    Case(
        "conv2d_transpose",
        [normal(2, 3, 3, 3), normal(3, 3, 2, 3)],
        lambda x, w: tf.nn.conv2d_transpose(x, w, [2, 6, 6, 2], 2),
    ),
    Case(
        "conv3d_transpose",
        [normal(1, 2, 2, 2, 3), normal(2, 2, 2, 2, 3)],
        lambda x, w: tf.nn.conv3d_transpose(x, w, [1, 4, 4, 4, 2], 2),
    ),
    Case(
        "depthwise_conv2d",
        [normal(2, 5, 5, 3), normal(3, 3, 3, 2)],
        lambda x, w: tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "SAME"),
    ),
    Case(
        "depthwise_conv2d_dilated",
        [normal(2, 7, 7, 2), normal(3, 3, 2, 2)],
        lambda x, w: tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "SAME", dilations=[2, 2]),
        known=gaps.STATIC_SHAPES,
    ),
    Case(
        "separable_conv2d",
        [normal(1, 5, 5, 2), normal(3, 3, 2, 2), normal(1, 1, 4, 3)],
        lambda x, d, p: tf.nn.separable_conv2d(x, d, p, [1, 1, 1, 1], "SAME"),
    ),
    Case(
        "dilation2d",
        [distinct(1, 5, 5, 2), distinct(2, 2, 2, offset=0.3)],
        lambda x, f: tf.nn.dilation2d(x, f, [1, 1, 1, 1], "SAME", "NHWC", [1, 1, 1, 1]),
        known=gaps.no_second("Dilation2DBackpropFilter", "forward")
        | gaps.no_second("Dilation2DBackpropInput", "second")
        | gaps.not_compiled("Dilation2D"),
    ),
    Case(
        "bias_add",
        [normal(2, 3, 3, 4), normal(4)],
        lambda x, b: tf.nn.bias_add(x, b) ** 2,
    ),
)
