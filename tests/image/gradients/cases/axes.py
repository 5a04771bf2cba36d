"""Reductions, scans and joins by the sign and the place of their axes, and by rank."""

from __future__ import annotations

import tensorflow as tf

from gradients.inputs import distinct, normal, off_zero
from gradients.sweep import sweep

BOTH = (False, True)
#: Axes of a tensor of three: none, one from either end, several in any order, all.
AXES = (None, 0, 1, -1, -3, (0, 2), (-1, 0), (2, 1), (0, 1, 2), ())
#: Those that lead for each reduction: which axes are meant, the same code finds out for all, but
#: for a product's own.
SHARED = (-1, (-1, 0))
#: Axes of one.
ONE = (0, 1, 2, -1, -2, -3)
#: Shapes of ranks 0 to 6.
RANKS = ((), (3,), (2, 3), (2, 1, 3), (2, 1, 2, 2), (1, 2, 1, 2, 2), (1, 2, 1, 2, 1, 2))

#: Indices of a tensor's second axis, other ones for each element of its first.
PER_BATCH = (((0,), (2,)), ((1,), (1,)))
SMOOTH = {
    "sum": tf.reduce_sum,
    "mean": tf.reduce_mean,
    "prod": tf.reduce_prod,
    "logsumexp": tf.reduce_logsumexp,
    "variance": tf.math.reduce_variance,
    "std": tf.math.reduce_std,
    "euclidean_norm": tf.math.reduce_euclidean_norm,
}
EXTREME = {"max": tf.reduce_max, "min": tf.reduce_min}
#: A deviation of one number is 0, and has no gradient.
SPREAD = ("variance", "std")

CASES = (
    *sweep(
        "reduce",
        [off_zero(2, 3, 4)],
        lambda x, of, axis, keepdims: SMOOTH[of](x, axis, keepdims),
        only=lambda of, axis, keepdims: not (of in SPREAD and axis == ()),
        leads=lambda of, axis: of == "prod" or axis in SHARED,
        of=tuple(SMOOTH),
        axis=AXES,
        keepdims=BOTH,
    ),
    *sweep(
        "reduce",
        [distinct(2, 3, 4)],
        lambda x, of, axis, keepdims: EXTREME[of](x, axis, keepdims),
        leads=lambda axis: axis in SHARED,
        of=tuple(EXTREME),
        axis=AXES,
        keepdims=BOTH,
    ),
    *sweep(
        "reduce_rank",
        lambda of, shape: [distinct(*shape, offset=0.3)],
        lambda x, of, shape: (SMOOTH | EXTREME)[of](x) * tf.reduce_sum(x),
        only=lambda of, shape: not (of in SPREAD and shape == ()),
        leads=lambda shape: shape in ((), (2, 1, 3)),
        of=(*SMOOTH, *EXTREME),
        shape=RANKS,
    ),
    *sweep(
        "cumsum",
        [normal(2, 3, 4)],
        lambda x, axis, exclusive, reverse: tf.cumsum(x, axis, exclusive, reverse),
        axis=ONE,
        exclusive=BOTH,
        reverse=BOTH,
    ),
    *sweep(
        "cumprod",
        [off_zero(2, 3, 4)],
        lambda x, axis, exclusive, reverse: tf.math.cumprod(x, axis, exclusive, reverse),
        axis=ONE,
        exclusive=BOTH,
        reverse=BOTH,
    ),
    *sweep(
        "cumulative_logsumexp",
        [normal(2, 3, 4)],
        lambda x, axis, exclusive, reverse: tf.math.cumulative_logsumexp(
            x, axis, exclusive, reverse
        ),
        axis=(0, -1),
        exclusive=(False,),
        reverse=BOTH,
    ),
    *sweep("softmax", [normal(2, 3, 4, 2)], lambda x, axis: tf.nn.softmax(x, axis), axis=ONE),
    *sweep(
        "log_softmax", [normal(2, 3, 4, 2)], lambda x, axis: tf.nn.log_softmax(x, axis), axis=ONE
    ),
    *sweep(
        "l2_normalize",
        # Of two numbers near 0 the differences' own error is large.
        [off_zero(2, 3, 4)],
        lambda x, axis: tf.nn.l2_normalize(x, axis),
        axis=(0, -1, (1, 2)),
    ),
    *sweep(
        "concat",
        lambda axis, parts: (
            [normal(*(2 if place == axis % 3 else 3 for place in range(3)))] * parts
        ),
        lambda *parts_, axis, parts: tf.concat(parts_, axis),
        axis=ONE,
        parts=(1, 2, 3),
    ),
    *sweep(
        "stack",
        [normal(2, 3), normal(2, 3)],
        lambda a, b, axis: tf.stack([a, b, a * b], axis),
        axis=ONE,
    ),
    *sweep(
        "unstack",
        [normal(2, 2, 2)],
        lambda x, axis: tf.multiply(*tf.unstack(x, 2, axis)),
        axis=ONE,
    ),
    *sweep(
        "split",
        [normal(4, 4, 4)],
        lambda x, axis, sizes: tf.concat(tf.split(x, sizes, axis)[::-1], axis) * x,
        axis=ONE,
        sizes=(2, (1, 3), (1, 0, 3)),
    ),
    *sweep(
        "roll",
        [normal(2, 3, 4)],
        lambda x, axis, shift: tf.roll(x, shift, axis),
        axis=ONE,
        shift=(1, -2),
    ),
    *sweep(
        "roll_axes",
        [normal(2, 3, 4)],
        lambda x, axis: tf.roll(x, [1, 2], axis),
        axis=((0, 2), (1, -1)),
    ),
    *sweep(
        "reverse",
        [normal(2, 3, 4)],
        lambda x, axis: tf.reverse(x, axis),
        axis=((0,), (-1,), (1, 2), (0, -2)),
    ),
    *sweep("expand_dims", [normal(2, 3)], lambda x, axis: tf.expand_dims(x, axis), axis=ONE),
    *sweep(
        "squeeze",
        [normal(1, 3, 1, 2)],
        lambda x, axis: tf.squeeze(x, axis),
        axis=(None, 0, 2, (0, -2)),
    ),
    *sweep(
        "transpose",
        [normal(2, 3, 4)],
        lambda x, perm: tf.transpose(x, perm),
        perm=(None, (0, 1, 2), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0), (0, 2, 1)),
    ),
    *sweep("repeat", [normal(2, 3, 2)], lambda x, axis: tf.repeat(x, 3, axis), axis=(None, *ONE)),
    *sweep(
        "tile",
        lambda multiples: [normal(2, 3)],
        lambda x, multiples: tf.tile(x, multiples),
        multiples=((1, 1), (2, 1), (1, 3), (3, 2)),
    ),
    *sweep(
        "sort",
        [distinct(2, 3, 4)],
        lambda x, axis, direction: tf.sort(x, axis, direction) ** 2,
        axis=(0, 1, -1),
        direction=("ASCENDING", "DESCENDING"),
    ),
    *sweep(
        "top_k",
        [distinct(2, 3, 5)],
        lambda x, k, ordered: tf.math.top_k(x, k, ordered)[0] ** 2,
        k=(1, 3, 5),
        ordered=BOTH,
    ),
    *sweep(
        "gather",
        [normal(4, 4, 4)],
        lambda x, axis, indices: tf.gather(x, indices, axis=axis),
        axis=ONE,
        indices=(2, (3, 0, 0), ((1, 1), (3, 2))),
    ),
    *sweep(
        "gather_batched",
        [normal(2, 3, 4, 2)],
        lambda x, axis, batch_dims: tf.gather(
            x,
            [[[0, 1, 1]] * 3] * 2 if batch_dims == 2 else [[0, 1, 1]] * 2,
            axis=axis,
            batch_dims=batch_dims,
        ),
        only=lambda axis, batch_dims: axis % 4 >= batch_dims,
        axis=(1, 2, 3, -1, -2),
        batch_dims=(1, 2),
    ),
    *sweep(
        "gather_nd",
        [normal(2, 3, 4)],
        lambda x, indices, batch_dims: tf.gather_nd(x, indices, batch_dims=batch_dims),
        only=lambda indices, batch_dims: (batch_dims == 1) == (indices == PER_BATCH),
        indices=(
            ((0,), (1,), (1,)),
            ((0, 2), (1, 0), (0, 2)),
            ((1, 2, 3), (1, 2, 3)),
            (((0,), (1,)), ((1,), (1,))),
            PER_BATCH,
        ),
        batch_dims=(0, 1),
    ),
)
