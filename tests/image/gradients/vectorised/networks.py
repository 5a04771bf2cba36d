"""What networks are made of, and decompositions."""

from __future__ import annotations

import tensorflow as tf

from gradients.vectorised import Rows
from gradients.vectorised.inputs import (
    IMAGES,
    KERNEL,
    MOVED,
    OTHERS,
    SINGLE,
    SQUARES,
    SYMMETRIC,
    TABLES,
)

_raw = tf.raw_ops

ROWS: Rows = {
    "bias": (
        lambda x, y: [
            tf.nn.bias_add(x, TABLES[0, 0]),
            tf.nn.bias_add(TABLES[0], y[0]),
            tf.nn.bias_add(x, y[0]),
        ],
        (TABLES, OTHERS),
    ),
    "bias of channels that come first": (
        lambda x, y: [
            tf.nn.bias_add(x, TABLES[0, :3, 0].astype("float32"), "NCHW"),
            tf.nn.bias_add(x, y[0, :3], "NCHW"),
            tf.raw_ops.BiasAddGrad(out_backprop=x, data_format="NCHW"),
            tf.raw_ops.BiasAddGrad(out_backprop=tf.repeat(x, 30, 0)),
        ],
        (IMAGES.transpose(0, 1, 4, 2, 3), SINGLE),
    ),
    "solutions": (
        lambda a, b: [
            tf.linalg.solve(a, b, adjoint=True),
            tf.linalg.solve(SQUARES[0], b),
            tf.linalg.solve(a, SQUARES[1]),
            tf.linalg.triangular_solve(a, SQUARES[1]),
            tf.linalg.triangular_solve(a, b, lower=False, adjoint=True),
            tf.linalg.triangular_solve(SQUARES[0], b),
            tf.linalg.inv(a),
            tf.linalg.inv(a, adjoint=True),
            tf.linalg.logdet(a @ tf.transpose(a)),
        ],
        (SQUARES, TABLES),
    ),
    "decompositions": (lambda a: [tf.linalg.cholesky(a), tf.linalg.eigvalsh(a)], (SYMMETRIC,)),
    "convolution": (
        lambda x: tf.nn.conv2d(x, KERNEL, [1, 2, 1, 1], "SAME"),
        (IMAGES,),
    ),
    "convolution's gradients": (
        lambda x, dy: [
            tf.compat.v1.nn.conv2d_backprop_input([2, 6, 5, 3], KERNEL, dy, [1, 1, 1, 1], "VALID"),
            tf.compat.v1.nn.conv2d_backprop_filter(
                IMAGES[0], [3, 2, 3, 4], dy, [1, 1, 1, 1], "VALID"
            ),
            tf.compat.v1.nn.conv2d_backprop_filter(x, [3, 2, 3, 4], dy, [1, 1, 1, 1], "VALID"),
        ],
        (IMAGES, MOVED),
    ),
    "pools": (
        lambda x: [
            tf.nn.max_pool2d(x, [3, 2], [2, 1], "SAME"),
            tf.nn.avg_pool2d(x, [2, 3], [1, 2], "VALID"),
        ],
        (IMAGES,),
    ),
    "colours": (
        lambda x: [
            tf.image.adjust_contrast(x, 1.5),
            tf.image.adjust_hue(x, 0.2),
            tf.image.adjust_saturation(x, 0.5),
        ],
        (IMAGES,),
    ),
    "normalization": (
        lambda x: [
            tf.compat.v1.nn.fused_batch_norm(x, SINGLE[0, 0, :3], SINGLE[0, 1, :3])[0],
            tf.compat.v1.nn.fused_batch_norm(
                *(x, SINGLE[0, 0, :3], SINGLE[0, 1, :3]),
                *(SINGLE[1, 0, :3], SINGLE[2, 0, :3] ** 2),
                is_training=False,
            )[0],
        ],
        (IMAGES,),
    ),
    "normalization's gradients": (
        lambda x, dy: _raw.FusedBatchNormGradV3(
            **{"y_backprop": dy, "x": x, "scale": SINGLE[0, 0, :3]},
            **{f"reserve_space_{i}": SINGLE[i % 3, i, :3] ** 2 for i in (1, 2, 3)},
        )[:3],
        (IMAGES, IMAGES[::-1] ** 2),
    ),
    "convolutions of each channel": (
        lambda x, kernel, dy: [
            tf.nn.depthwise_conv2d(x, kernel, [1, 1, 1, 1], "VALID"),
            tf.nn.depthwise_conv2d_backprop_input(x.shape, kernel, dy, [1, 1, 1, 1], "VALID"),
            tf.nn.depthwise_conv2d_backprop_filter(x, kernel.shape, dy, [1, 1, 1, 1], "VALID"),
        ],
        (IMAGES[..., :2], MOVED[:, :, :3, :2, :2], IMAGES.transpose(0, 1, 3, 4, 2)[..., :4]),
    ),
    "blocks": (
        lambda x: [
            tf.space_to_batch(x, [2, 1], [[0, 0], [0, 0]]),
            tf.batch_to_space(tf.concat([x, x], 0), [2, 2], [[1, 0], [0, 0]]),
        ],
        (IMAGES,),
    ),
}
