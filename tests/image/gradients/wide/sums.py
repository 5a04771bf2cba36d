"""Sums, products and what is made of them, of many numbers, in TensorFlow's words and NumPy's."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from gradients.wide.moves import CLASSES, Row

math, nn, linalg = tf.math, tf.nn, tf.linalg
_random = np.random.default_rng(120)
#: What is shared out among many classes.
SHARES = _random.dirichlet(np.ones(1500), 3)
#: Of which rules sum where a network is large: in float32, too.
SUMMED = ("matmul_nn", "matmul_tt", "softmax", "cross", "sparse_c", "einsum", "convolution", "bias")
SUMMED += ("add_row", "mul_column", "depthwise", "segments", "scatter_add", "moments")

#: Whose gradients have rules of their own.
TWICE = ("matmul_nn", "matmul_nt", "softmax", "log_softmax", "cross_entropy_of", "einsum_heads")
TWICE += ("sparse_cross_entropy", "convolution", "transposed", "depthwise", "avg_pool", "bias")
TWICE += ("normalized", "volumes")
#: What has no kernel in float64.
SINGLE = ("avg_volumes", "max_volumes", "normalized", "neighbours")


def taken(x: np.ndarray, axis: int, *, last: bool) -> np.ndarray:
    """Return the greatest or the least along an axis."""
    of = x.real.argmax(axis) if last else x.real.argmin(axis)
    return np.take_along_axis(x, np.expand_dims(of, axis), axis).squeeze(axis)


def exponentials(x: np.ndarray) -> np.ndarray:
    """Return a softmax along the last axis."""
    powers = np.exp(x)
    return powers / powers.sum(-1, keepdims=True)


def variance(x: np.ndarray, axis: int | tuple[int, ...] | None = None) -> np.ndarray:
    """Return the mean square of what differs from the mean."""
    return ((x - x.mean(axis, keepdims=True)) ** 2).mean(axis)


def convolved(x: np.ndarray, w: np.ndarray, meaning: str, stride: int = 1) -> np.ndarray:
    """Slide a kernel over whole images."""
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape[:2], (1, 2))
    return np.einsum(meaning, windows[:, ::stride, ::stride], w)


def spread(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Let each number of images, two rows and columns apart, leave a kernel where it is."""
    _, high, wide, _ = x.shape
    whole = np.zeros((len(x), 2 * high + 1, 2 * wide, w.shape[2]), x.dtype)
    for row, column in np.ndindex(3, 2):
        part = np.einsum("bhwo,co->bhwc", x, w[row, column])
        whole[:, row : row + 2 * high : 2, column : column + 2 * wide : 2] += part
    return whole


def blocks(x: np.ndarray) -> np.ndarray:
    """Return blocks of 2 x 3 x 2 numbers of volumes, which are 1, 2 and 3 apart."""
    windows = np.lib.stride_tricks.sliding_window_view(x, (2, 3, 2), (1, 2, 3))
    return windows[:, :, ::2, ::3].reshape(*windows[:, :, ::2, ::3].shape[:5], -1)


def normalized(x: np.ndarray, scale: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Return a batch by its own statistics."""
    deviation = np.sqrt(variance(x, (0, 1, 2)) + 0.25)
    return (x - x.mean((0, 1, 2))) / deviation * scale + offset


def by_neighbours(x: np.ndarray) -> np.ndarray:
    """Divide by what five channels around each have together."""
    squares = np.pad(x * x, [(0, 0)] * 3 + [(2, 2)])
    windows = np.lib.stride_tricks.sliding_window_view(squares, 5, 3)
    return x / (1.5 + 0.25 * windows.sum(-1)) ** 0.75


def turned(x: Any, turn: bool) -> Any:
    """Return matrices as they are, or transposed."""
    return x.swapaxes(-1, -2) if turn else x


def products() -> dict[str, Row]:
    """Return products of matrices by their flags, with one constant, or none."""
    rows: dict[str, Row] = {}
    a, b = _random.standard_normal((65, 129)), _random.standard_normal((129, 66))
    for flags in ((False, False), (True, False), (False, True), (True, True)):
        left, right = (turned(x, turn) for x, turn in zip((a, b), flags, strict=True))
        name = "".join("t" if turn else "n" for turn in flags)

        def plain(x: Any, y: Any, flags: tuple[bool, bool] = flags) -> Any:
            return turned(x, flags[0]) @ turned(y, flags[1])

        call = partial(tf.matmul, transpose_a=flags[0], transpose_b=flags[1])
        rows[f"matmul_{name}"] = (call, plain, (left.shape, right.shape))
        rows[f"matmul_{name}_by"] = (
            partial(lambda x, call, y: call(x, tf.constant(y, x.dtype)), call=call, y=right),
            partial(lambda x, plain, y: plain(x, y), plain=plain, y=right),
            (left.shape,),
        )
        rows[f"matmul_{name}_of"] = (
            partial(lambda y, call, x: call(tf.constant(x, y.dtype), y), call=call, x=left),
            partial(lambda y, plain, x: plain(x, y), plain=plain, x=left),
            (right.shape,),
        )
        few = [turned(x, turn).shape for x, turn in zip((a[:3], b[:, :5]), flags, strict=True)]
        rows[f"matmul_{name}_batches"] = (call, plain, ((2, 1, *few[0]), (1, 2, *few[1])))
    return rows


def pairs() -> dict[str, Row]:
    """Return arithmetic of operands that are stretched, either way round."""
    both: dict[str, Callable[[Any, Any], Any]] = {
        "add": lambda x, y: x + y,
        "sub": lambda x, y: x - y,
        "mul": lambda x, y: x * y,
        "div": lambda x, y: x / (y * y + 1),
    }
    shapes = {"row": (5,), "column": (520, 1)}
    return {
        f"{name}_{which}{'_first' * first}": (call, call, ((520, 5), shape)[:: -1 if first else 1])
        for name, call in both.items()
        for which, shape in shapes.items()
        for first in (False, True)
    }


ROWS: dict[str, Row] = {
    **products(),
    **pairs(),
    "power": (
        lambda x, y: (x * x + 1) ** y,
        lambda x, y: (x * x + 1) ** y,
        ((520, 5), ()),
    ),
    "mean": (tf.reduce_mean, np.mean, ((200, 165),)),
    "mean_of_columns": (lambda x: tf.reduce_mean(x, 0), lambda x: x.mean(0), ((33_000, 1),)),
    "sum": (tf.reduce_sum, np.sum, ((200, 165),)),
    "sum_ends": (lambda x: tf.reduce_sum(x, [0, 2]), lambda x: x.sum((0, 2)), ((7, 5, 130),)),
    "max": (lambda x: tf.reduce_max(x, 1), partial(taken, axis=1, last=True), ((3, 600, 2),)),
    "min": (lambda x: tf.reduce_min(x, 0), partial(taken, axis=0, last=False), ((600, 3),)),
    "prod": (lambda x: tf.reduce_prod(x, 0), lambda x: x.prod(0), ((70, 2),)),
    "variance": (math.reduce_variance, variance, ((200, 165),)),
    "deviation": (
        lambda x: math.reduce_std(x, 1),
        lambda x: np.sqrt(variance(x, 1)),
        ((3, 600, 2),),
    ),
    "moments": (
        lambda x: tf.stack(nn.moments(x, [0, 1, 2])),
        lambda x: np.stack([x.mean((0, 1, 2)), variance(x, (0, 1, 2))]),
        ((2, 13, 20, 3),),
    ),
    "norm": (lambda x: tf.norm(x, axis=1), lambda x: np.sqrt((x * x).sum(1)), ((3, 600, 2),)),
    "logsumexp": (
        lambda x: tf.reduce_logsumexp(x, 1),
        lambda x: np.log(np.exp(x).sum(1)),
        ((3, 600, 2),),
    ),
    "cumsum": (lambda x: tf.cumsum(x, 1), lambda x: x.cumsum(1), ((3, 600, 2),)),
    "cumprod": (lambda x: math.cumprod(x, 0), lambda x: x.cumprod(0), ((70, 3),)),
    "sort": (lambda x: tf.sort(x, 1), lambda x: np.sort(x, 1), ((2, 600, 1),)),
    "top_k": (
        lambda x: math.top_k(x, 66)[0],
        lambda x: -np.sort(-x)[..., :66],
        ((2, 3, 600),),
    ),
    "softmax": (nn.softmax, exponentials, ((3, 1500),)),
    "softmax_of_four": (nn.softmax, exponentials, ((2, 3, 4, 70),)),
    "log_softmax": (nn.log_softmax, lambda x: np.log(exponentials(x)), ((2, 3, 4, 260),)),
    "cross_entropy": (
        lambda x, y: nn.softmax_cross_entropy_with_logits(nn.softmax(y), x),
        lambda x, y: -(exponentials(y) * np.log(exponentials(x))).sum(-1),
        ((3, 1500), (3, 1500)),
    ),
    "cross_entropy_of": (
        lambda x: nn.softmax_cross_entropy_with_logits(tf.constant(SHARES, x.dtype), x),
        lambda x: -(SHARES * np.log(exponentials(x))).sum(-1),
        ((3, 1500),),
    ),
    "sparse_cross_entropy": (
        lambda x: nn.sparse_softmax_cross_entropy_with_logits(CLASSES, x),
        lambda x: -np.log(exponentials(x))[np.arange(600), CLASSES],
        ((600, 65),),
    ),
    "einsum_heads": (
        lambda q, k: tf.einsum("bqhd,bkhd->bhqk", q, k),
        lambda q, k: np.einsum("bqhd,bkhd->bhqk", q, k),
        ((1, 65, 2, 64), (1, 70, 2, 64)),
    ),
    "einsum_out": (
        lambda x, w: tf.einsum("bqhd,hdo->bqo", x, w),
        lambda x, w: np.einsum("bqhd,hdo->bqo", x, w),
        ((1, 9, 3, 64), (3, 64, 66)),
    ),
    "tensordot": (
        lambda x, w: tf.tensordot(x, w, [[2, 1], [0, 1]]),
        lambda x, w: np.tensordot(x, w, ([2, 1], [0, 1])),
        ((2, 3, 171), (171, 3, 6)),
    ),
    "convolution": (
        lambda x, w: nn.conv2d(x, w, 2, "VALID"),
        partial(convolved, meaning="bhwcij,ijco->bhwo", stride=2),
        ((1, 5, 4, 65), (3, 2, 65, 66)),
    ),
    "depthwise": (
        lambda x, w: nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "VALID"),
        lambda x, w: convolved(x, w, "bhwcij,ijcm->bhwcm").reshape(2, 3, 5, -1),
        ((2, 5, 6, 65), (3, 2, 65, 2)),
    ),
    "avg_pool": (
        lambda x: nn.avg_pool2d(x, [3, 2], 2, "VALID"),
        lambda x: convolved(x, np.ones((3, 2)) / 6, "bhwcij,ij->bhwc", 2),
        ((2, 5, 6, 65),),
    ),
    "transposed": (
        lambda x, w: nn.conv2d_transpose(x, w, [1, 9, 10, 4], 2, "VALID"),
        spread,
        ((1, 4, 5, 65), (3, 2, 4, 65)),
    ),
    "volumes": (
        lambda x, w: nn.conv3d(x, w, [1, 1, 2, 3, 1], "VALID"),
        lambda x, w: np.einsum("bdhwcs,sco->bdhwo", blocks(x), w.reshape(12, 65, 66)),
        ((1, 3, 5, 6, 65), (2, 3, 2, 65, 66)),
    ),
    "avg_volumes": (
        lambda x: nn.avg_pool3d(x, [2, 3, 2], [1, 2, 3], "VALID"),
        lambda x: blocks(x).mean(-1),
        ((1, 3, 5, 8, 65),),
    ),
    "max_volumes": (
        lambda x: nn.max_pool3d(x, [2, 3, 2], [1, 2, 3], "VALID"),
        lambda x: taken(blocks(x), -1, last=True),
        ((1, 3, 5, 8, 65),),
    ),
    "normalized": (
        lambda x, *by: tf.compat.v1.nn.fused_batch_norm(x, *by, epsilon=0.25)[0],
        normalized,
        ((2, 5, 6, 65), (65,), (65,)),
    ),
    "neighbours": (
        lambda x: nn.local_response_normalization(x, 2, 1.5, 0.25, 0.75),
        by_neighbours,
        ((2, 3, 4, 65),),
    ),
    "bias": (nn.bias_add, lambda x, b: x + b, ((1, 13, 40, 65), (65,))),
    "sum_of_many": (
        lambda x: tf.add_n([i * one for i, one in enumerate(tf.unstack(x), 1)]),
        lambda x: np.arange(1, 21) @ x,
        ((20, 70),),
    ),
    "difference": (
        math.squared_difference,
        lambda x, y: (x - y) ** 2,
        ((520, 9), (520, 9)),
    ),
    "triangular": (
        lambda x, b: linalg.triangular_solve(x + tf.constant(20 * np.eye(65), x.dtype), b),
        lambda x, b: np.linalg.solve(np.tril(x + 20 * np.eye(65)), b),
        ((65, 65), (65, 3)),
    ),
    "upper": (
        lambda x, b: linalg.triangular_solve(
            x + tf.constant(20 * np.eye(65), x.dtype), b, lower=False, adjoint=True
        ),
        lambda x, b: np.linalg.solve(np.triu(x + 20 * np.eye(65)).T, b),
        ((65, 65), (65, 3)),
    ),
    "logdet": (
        lambda x: linalg.slogdet(x + tf.constant(20 * np.eye(65), x.dtype))[1],
        lambda x: np.log(np.linalg.det(x / 20 + np.eye(65))) + 65 * np.log(20),
        ((65, 65),),
    ),
    "diagonal": (
        lambda x, d: linalg.set_diag(x, d, k=1),
        lambda x, d: np.where(np.eye(65, 70, 1) > 0, np.pad(d, (1, 4))[None], x),
        ((65, 70), (65,)),
    ),
    "inverse": (
        lambda x: linalg.inv(x + 20 * np.eye(65)),
        lambda x: np.linalg.inv(x + 20 * np.eye(65)),
        ((65, 65),),
    ),
    "solve": (
        lambda x, b: linalg.solve(x + tf.constant(20 * np.eye(65), x.dtype), b),
        lambda x, b: np.linalg.solve(x + 20 * np.eye(65), b),
        ((65, 65), (65, 3)),
    ),
}
