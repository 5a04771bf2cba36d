"""Gradients of gradients, by what an operation is told: rules of other operations, in their turn.

An operation's gradient is an operation with the same attributes: of a kernel, of strides, of a
layout. Its own rule must pass them on, once more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from gradients import gaps
from gradients.case import Generator
from gradients.inputs import distinct, normal
from gradients.sweep import sweep

Function = Callable[..., tf.Tensor]
Row = tuple[Sequence[Generator], Function]
#: Images and kernels, of which no two sizes are one.
IMAGES, KERNEL = normal(2, 5, 6, 2), normal(2, 3, 2, 3)
VOLUME, CUBE = normal(1, 3, 4, 5, 2), normal(1, 2, 2, 2, 3)
EXPLICIT = ((0, 0), (1, 2), (0, 1), (0, 0))
SIDES = ((1, 2), (2, 0))


def gradient_of(function: Function, *inputs: tf.Tensor) -> tf.Tensor:
    """Return the gradient of the sum of a function's sines, of all inputs, in one row."""
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        total = tf.reduce_sum(tf.sin(function(*inputs)))
    return tf.concat([tf.reshape(part, [-1]) for part in tape.gradient(total, inputs)], 0)


def convolved(strides: object, padding: object) -> Row:
    """Return a convolution."""
    return [IMAGES, KERNEL], lambda x, w: tf.nn.conv2d(x, w, strides, padding)


def by_channels(stride: int, padding: object) -> Row:
    """Return a convolution of every channel alone."""
    strides = [1, stride, stride, 1]
    return [IMAGES, KERNEL], lambda x, w: tf.nn.depthwise_conv2d(x, w, strides, padding)


def in_space(strides: Sequence[int], padding: str) -> Row:
    """Return a convolution of a volume."""
    return [VOLUME, CUBE], lambda x, w: tf.nn.conv3d(x, w, [1, *strides, 1], padding)


def pooled(of: Function, inputs: Generator, kernel: object, strides: object, padding: str) -> Row:
    """Return a pool whose windows overlap, or leave something out."""
    return [inputs], lambda x: of(x, kernel, strides, padding)


def biased(rank: int) -> Row:
    """Return a bias of channels that come first, and of sizes that differ."""
    shape = (2, 3, 4, 5, 6)[:rank]
    return [normal(*shape), normal(3)], lambda x, b: tf.nn.bias_add(x, b, data_format="NC..")


ROWS: dict[str, Row] = {
    "conv2d": convolved([1, 2], "SAME"),
    "conv2d_valid": convolved([2, 1], "VALID"),
    "conv2d_explicit": convolved([1, 1], EXPLICIT),
    "conv2d_transpose": (
        [normal(1, 3, 2, 3), KERNEL],
        lambda x, w: tf.nn.conv2d_transpose(x, w, [1, 5, 6, 2], [2, 3], "SAME"),
    ),
    "depthwise": by_channels(2, "SAME"),
    "depthwise_valid": by_channels(2, "VALID"),
    "depthwise_explicit": by_channels(1, EXPLICIT),
    "conv3d": in_space([2, 1, 2], "SAME"),
    "conv3d_valid": in_space([1, 2, 1], "VALID"),
    "conv3d_transpose": (
        [normal(1, 2, 2, 3, 3), CUBE],
        lambda x, w: tf.nn.conv3d_transpose(x, w, [1, 3, 4, 5, 2], 2, "SAME"),
    ),
    "avg_pool2d": pooled(tf.nn.avg_pool2d, IMAGES, [3, 2], [1, 2], "SAME"),
    "avg_pool2d_valid": pooled(tf.nn.avg_pool2d, IMAGES, [2, 3], [2, 1], "VALID"),
    "max_pool2d": pooled(tf.nn.max_pool2d, distinct(2, 5, 6, 1), [3, 2], [1, 2], "SAME"),
    "max_pool2d_valid": pooled(tf.nn.max_pool2d, distinct(2, 5, 6, 1), [2, 3], [2, 1], "VALID"),
    **{f"bias_add_{rank}": biased(rank) for rank in (3, 4, 5)},
    "mirror_pad_symmetric": ([normal(3, 4)], lambda x: tf.pad(x, SIDES, "SYMMETRIC")),
    "mirror_pad_reflect": ([normal(3, 4)], lambda x: tf.pad(x, SIDES, "REFLECT")),
    "strided": ([normal(4, 3, 4)], lambda x: x[..., 2:0:-1, tf.newaxis]),
    "strided_ends": ([normal(4, 3, 4)], lambda x: x[1:, 1, ::2]),
    "leaky_relu": ([distinct(7)], lambda x: tf.nn.leaky_relu(x, 0.375)),
    "gather": ([normal(2, 3, 4)], lambda x: tf.gather(x, [[0, 2], [1, 1]], axis=-1, batch_dims=1)),
    "cumsum": ([normal(3, 4)], lambda x: tf.cumsum(x, -1, exclusive=True, reverse=True)),
    "logsumexp_scan": ([normal(3, 4)], lambda x: tf.math.cumulative_logsumexp(x, 1, reverse=True)),
}
#: Pools of volumes, which a CPU has in float32 alone: kernel, strides, padding.
VOLUMES = (((2, 3, 2), (1, 2, 3), "SAME"), ((1, 3, 2), (2, 1, 2), "VALID"))
#: Of these the gradient's own gradient is differentiated, too: each has a rule of its own.
THRICE = ("conv2d", "max_pool2d", "bias_add_4", "mirror_pad_symmetric")


def averaged(x: tf.Tensor, kernel: Sequence[int], strides: Sequence[int], padding: str):
    """Average a volume by planes, and each pillar of what comes out."""
    planes, rows, columns, channels = x.shape[1:]
    flat = tf.nn.avg_pool2d(
        tf.reshape(x, [-1, rows, columns, channels]), kernel[1:], strides[1:], padding
    )
    pillars = tf.reshape(flat, [-1, planes, int(np.prod(flat.shape[1:3])), channels])
    found = tf.nn.avg_pool2d(pillars, [kernel[0], 1], [strides[0], 1], padding)
    return tf.reshape(found, [-1, found.shape[1], *flat.shape[1:]])


CASES = (
    *sweep(
        "slope_of",
        lambda of: ROWS[of][0],
        lambda *x, of: gradient_of(ROWS[of][1], *x),
        known=lambda of: gaps.SCAN_TWICE if of == "logsumexp_scan" else {},
        of=tuple(ROWS),
    ),
    *sweep(
        "slope_of_slope_of",
        lambda of: ROWS[of][0],
        lambda *x, of: gradient_of(lambda *x: gradient_of(ROWS[of][1], *x), *x),
        of=THRICE,
    ),
    *sweep(
        "slope_of_avg_pool3d",
        [VOLUME],
        lambda x, how: gradient_of(lambda x: tf.nn.avg_pool3d(x, *how), x),
        reference=lambda x, how: gradient_of(lambda x: averaged(x, *how), x),
        dtype="float32",
        how=VOLUMES,
    ),
)
