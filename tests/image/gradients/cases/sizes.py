"""Sizes at which kernels, and rules, change their ways: large, odd, one, none; `wide` has more."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from gradients.inputs import distinct, normal, positive
from gradients.sweep import sweep

#: Around the blocks of kernels: 1024 elements, 512 of a sum, 64 channels.
LONG = (1, 513, 4099)
BOTH = (False, True)
ELEMENTWISE = {
    "tanh": tf.tanh,
    "sigmoid": tf.sigmoid,
    "exp": tf.exp,
    "relu": tf.nn.relu,
    "gelu": tf.nn.gelu,
    "softplus": tf.nn.softplus,
    "square": tf.square,
    "multiply": lambda x: x * x[::-1],
    "softmax": tf.nn.softmax,
    "logsumexp": tf.reduce_logsumexp,
    "sum": lambda x: tf.reduce_sum(x**2),
    "mean": lambda x: tf.reduce_mean(x**2),
    "max": tf.reduce_max,
    "cumsum": tf.cumsum,
    "sort": tf.sort,
    "gather": lambda x: tf.gather(x, tf.range(130) % tf.size(x)),
    "norm": tf.norm,
    "l2_loss": tf.nn.l2_loss,
    "reverse": lambda x: x[::-1] * x,
}

CASES = (
    *sweep(
        "vector",
        lambda of, size: [distinct(size, offset=0.3)],
        lambda x, of, size: ELEMENTWISE[of](x) * x[0],
        only=lambda of, size: (of, size) not in (("sort", 4099), ("relu", 1)),
        of=tuple(ELEMENTWISE),
        size=LONG,
    ),
    *sweep(
        "product",
        lambda inner, turn: [normal(2, inner), normal(3, inner) if turn else normal(inner, 3)],
        lambda a, b, inner, turn: tf.matmul(a, b, transpose_b=turn),
        inner=(1, 257, 1025),
        turn=BOTH,
    ),
    *sweep(
        "product_wide",
        lambda rows, columns: [normal(rows, 8), normal(8, columns)],
        lambda a, b, rows, columns: tf.matmul(a, b),
        rows=(1, 65),
        columns=(1, 65),
    ),
    *sweep(
        "repeated_ids",
        lambda ids, distinct_ids: [normal(7, 3)],
        lambda x, ids, distinct_ids: (
            tf.gather(x, np.arange(ids) * 5 % distinct_ids) * np.arange(1.0, ids + 1)[:, None]
        ),
        ids=(1, 65, 300),
        distinct_ids=(1, 7),
    ),
    *sweep(
        "repeated_ids_embedding",
        lambda ids: [normal(5, 2)],
        lambda x, ids: tf.nn.embedding_lookup(x, np.arange(ids) % 3) ** 2,
        ids=(64, 65, 129),
    ),
    *sweep(
        "segments",
        lambda of, rows: [distinct(rows, 2, offset=0.3)],
        lambda x, of, rows: getattr(tf.math, of)(x, np.arange(rows) * 3 // rows, 3),
        of=(
            "unsorted_segment_sum",
            "unsorted_segment_mean",
            "unsorted_segment_max",
            "unsorted_segment_min",
            "unsorted_segment_prod",
            "unsorted_segment_sqrt_n",
        ),
        rows=(4, 65),
    ),
    *sweep(
        "channels",
        lambda channels, filters: [normal(1, 4, 4, channels), normal(2, 2, channels, filters)],
        lambda x, w, channels, filters: tf.nn.conv2d(x, w, 1, "SAME"),
        channels=(1, 64),
        filters=(1, 64),
    ),
    *sweep(
        "depthwise_channels",
        lambda channels: [normal(1, 4, 4, channels), normal(2, 2, channels, 1)],
        lambda x, w, channels: tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "SAME"),
        channels=(1, 65),
    ),
    *sweep(
        "pool_channels",
        lambda of, channels: [distinct(1, 4, 4, channels)],
        lambda x, of, channels: getattr(tf.nn, of)(x, 2, 2, "VALID"),
        of=("max_pool2d", "avg_pool2d"),
        channels=(1, 65),
    ),
    *sweep(
        "bias_channels",
        lambda channels: [normal(513, channels), normal(channels)],
        lambda x, b, channels: tf.nn.bias_add(x, b),
        channels=(1, 64),
    ),
    *sweep(
        "broadcast_sum",
        lambda rows: [normal(rows, 2), positive(2)],
        lambda a, b, rows: a * b + b,
        rows=(513,),
    ),
    *sweep(
        "classes",
        lambda classes, labels: [normal(3, classes)],
        lambda x, classes, labels: (
            tf.nn.sparse_softmax_cross_entropy_with_logits([0, classes - 1, classes // 2], x)
            if labels == "sparse"
            else tf.nn.softmax_cross_entropy_with_logits(
                tf.one_hot([0, classes - 1, classes // 2], classes, dtype=x.dtype), x
            )
        ),
        classes=(2, 65, 1025),
        labels=("sparse", "dense"),
    ),
    *sweep(
        "empty_part",
        [normal(3, 2)],
        lambda x, of: (
            tf.concat(
                [
                    x,
                    {
                        "slice": lambda: x[:0],
                        "gather": lambda: tf.gather(x, np.zeros([0], np.int32)),
                        "matmul": lambda: tf.matmul(tf.zeros([0, 3], x.dtype), x),
                        "product": lambda: tf.matmul(x[:, :0], tf.zeros([0, 2], x.dtype)),
                        "mask": lambda: tf.boolean_mask(x, [False] * 3),
                        "split": lambda: tf.split(x, [0, 3])[0],
                        "pad": lambda: tf.pad(x[:0], [[1, 0], [0, 0]]),
                        "sum": lambda: tf.reduce_sum(x[:0], 0, keepdims=True),
                        "mean": lambda: (
                            tf.reduce_mean(x[:, :0][:0], 1, keepdims=True)
                            * tf.ones([1, 2], x.dtype)
                        ),
                        "prod": lambda: tf.reduce_prod(x[:0], 0, keepdims=True) * x[:1],
                        "max": lambda: tf.maximum(tf.reduce_max(x[:0], 0, keepdims=True), x[:1]),
                        "broadcast": lambda: x[:0] * x[:1],
                        "reshape": lambda: tf.reshape(x[:, :0], [0, 2]),
                        "tile": lambda: tf.tile(x, [0, 1]),
                        "repeat": lambda: tf.repeat(x, 0, axis=0),
                        "segment": lambda: tf.math.unsorted_segment_sum(
                            x[:0], np.zeros([0], np.int32), 2
                        ),
                        "cumsum": lambda: tf.cumsum(x[:0]),
                        "softmax": lambda: tf.nn.softmax(x[:0]),
                    }[of](),
                ],
                0,
            )
            * x[0]
        ),
        of=(
            "slice",
            "gather",
            "matmul",
            "product",
            "mask",
            "split",
            "pad",
            "sum",
            "mean",
            "prod",
            "max",
            "broadcast",
            "reshape",
            "tile",
            "repeat",
            "segment",
            "cumsum",
            "softmax",
        ),
    ),
)
