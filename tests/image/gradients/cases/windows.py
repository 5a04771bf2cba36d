"""Convolutions and pools: padding by stride by dilation by odd and even sizes."""

from __future__ import annotations

import tensorflow as tf

from gradients import gaps
from gradients.inputs import distinct, normal
from gradients.sweep import sweep

PADDINGS = ("SAME", "VALID")
EXPLICIT = ((0, 0), (1, 2), (0, 1), (0, 0))
STRIDES = (1, 2, (2, 1), (1, 3))
#: Of images and kernels, odd and even: a window may fit, overhang, or leave a rest.
IMAGES, KERNELS = ((5, 6), (7, 4)), ((1, 1), (2, 3), (3, 3))


def planes(image, kernel, channels=(2, 3)):
    """Draw two images and a kernel."""
    return [normal(2, *image, channels[0]), normal(*kernel, *channels)]


CASES = (
    *sweep(
        "conv2d",
        lambda image, kernel, stride, padding: planes(image, kernel),
        lambda x, w, image, kernel, stride, padding: tf.nn.conv2d(x, w, stride, padding),
        image=IMAGES,
        kernel=KERNELS,
        stride=STRIDES,
        padding=(*PADDINGS, EXPLICIT),
    ),
    *sweep(
        "convolution_dilated",
        lambda dilation, padding: planes((7, 8), (2, 3)),
        lambda x, w, dilation, padding: tf.nn.convolution(
            x, w, padding=padding, dilations=dilation
        ),
        known=lambda padding: gaps.STATIC_SHAPES if padding == "SAME" else {},
        dilation=(2, (1, 2), (2, 3)),
        padding=PADDINGS,
    ),
    *sweep(
        "conv1d",
        lambda stride, padding, kernel: [normal(2, 7, 2), normal(kernel, 2, 3)],
        lambda x, w, stride, padding, kernel: tf.nn.conv1d(x, w, stride, padding),
        stride=(1, 2, 3),
        padding=PADDINGS,
        kernel=(1, 2, 3),
    ),
    *sweep(
        "conv3d",
        lambda stride, padding, kernel: [normal(1, 4, 3, 5, 2), normal(*kernel, 2, 2)],
        lambda x, w, stride, padding, kernel: tf.nn.conv3d(x, w, [1, *stride, 1], padding),
        stride=((1, 1, 1), (2, 1, 2)),
        padding=PADDINGS,
        kernel=((1, 1, 1), (2, 3, 2)),
    ),
    *sweep(
        "conv2d_transpose",
        lambda stride, padding: [
            normal(
                1,
                *((6 + stride - 1) // stride if padding == "SAME" else (6 - 3) // stride + 1,) * 2,
                3,
            ),
            normal(3, 3, 2, 3),
        ],
        lambda x, w, stride, padding: tf.nn.conv2d_transpose(x, w, [1, 6, 6, 2], stride, padding),
        stride=(1, 2, 3),
        padding=PADDINGS,
    ),
    *sweep(
        "depthwise",
        lambda stride, padding, multiplier: [normal(2, 5, 6, 2), normal(2, 3, 2, multiplier)],
        lambda x, w, stride, padding, multiplier: tf.nn.depthwise_conv2d(
            x, w, [1, stride, stride, 1], padding
        ),
        stride=(1, 2),
        padding=(*PADDINGS, EXPLICIT),
        multiplier=(1, 3),
    ),
    *sweep(
        "depthwise_dilated",
        lambda padding, dilation: [normal(1, 7, 8, 2), normal(2, 3, 2, 2)],
        lambda x, w, padding, dilation: tf.nn.depthwise_conv2d(
            x, w, [1, 1, 1, 1], padding, dilations=[dilation] * 2
        ),
        known=lambda padding: gaps.STATIC_SHAPES if padding == "SAME" else {},
        padding=PADDINGS,
        dilation=(2,),
    ),
    *sweep(
        "max_pool",
        lambda image, kernel, stride, padding: [distinct(2, *image, 2)],
        lambda x, image, kernel, stride, padding: tf.nn.max_pool2d(x, kernel, stride, padding),
        only=lambda kernel, stride, padding: (
            padding != EXPLICIT or (kernel, stride) == ((3, 2), (2, 1))
        ),
        known=lambda padding: gaps.PADDED_TWICE if padding == EXPLICIT else {},
        image=IMAGES,
        kernel=(2, (3, 2)),
        stride=STRIDES,
        padding=(*PADDINGS, EXPLICIT),
    ),
    *sweep(
        "avg_pool",
        lambda image, kernel, stride, padding: [normal(2, *image, 2)],
        lambda x, image, kernel, stride, padding: tf.nn.avg_pool2d(x, kernel, stride, padding),
        image=IMAGES,
        kernel=(2, (3, 2)),
        stride=STRIDES,
        padding=PADDINGS,
    ),
    *sweep(
        "pool1d",
        lambda of, kernel, stride, padding: [distinct(2, 7, 2)],
        lambda x, of, kernel, stride, padding: getattr(tf.nn, of)(x, kernel, stride, padding),
        of=("max_pool1d", "avg_pool1d"),
        kernel=(2, 3),
        stride=(1, 2),
        padding=PADDINGS,
    ),
    *sweep(
        "pool_dilated",
        [distinct(1, 7, 8, 2)],
        lambda x, of, padding: tf.nn.pool(x, [2, 2], of, padding=padding, dilations=[2, 2]),
        of=("MAX", "AVG"),
        padding=("VALID",),
    ),
    *sweep(
        "extract_patches",
        [normal(2, 6, 7, 2)],
        lambda x, stride, rate, padding: tf.image.extract_patches(
            x, [1, 2, 3, 1], [1, stride, stride, 1], [1, rate, rate, 1], padding
        ),
        stride=(1, 2),
        rate=(1, 2),
        padding=PADDINGS,
    ),
)
