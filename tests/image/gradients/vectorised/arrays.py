"""What moves, joins, chooses and adds up: by axes from either end, and by places."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import tensorflow as tf

from gradients.vectorised import Rows
from gradients.vectorised.inputs import (
    COMPLEX,
    CUBES,
    IDS,
    LOGICAL,
    OTHERS,
    PLACES,
    SQUARES,
    STEPS,
    TABLES,
)

_raw = tf.raw_ops


def _products(x: tf.Tensor, y: tf.Tensor) -> list[tf.Tensor]:
    """Return products by who is transposed, and which of both is another in each element."""
    found = []
    for left, right in product((False, True), repeat=2):
        a, fixed = (tf.transpose(one) if left else one for one in (x, TABLES[0]))
        b, other = (one if right else tf.transpose(one) for one in (y, OTHERS[0]))
        found += [tf.matmul(*pair, left, right) for pair in ((a, b), (a, other), (fixed, b))]
    return found


#: Functions of an axis, which is counted from either end.
_AXES: dict[str, Callable[..., Any]] = {
    "sum": tf.reduce_sum,
    "max": lambda x, axis: tf.reduce_max(x, axis, keepdims=True),
    "mean": lambda x, axis: tf.reduce_mean(x, [axis, axis + 1]),
    "any": lambda x, axis: tf.reduce_any(x > 0.5, axis),
    "argmax": tf.argmax,
    "argmin": lambda x, axis: tf.argmin(x, axis, "int32"),
    "cumsum": lambda x, axis: tf.cumsum(x, axis, True, reverse=axis < 0),
    "cumprod": lambda x, axis: tf.math.cumprod(x, axis, reverse=True),
    "gather": lambda x, axis: tf.gather(x, [1, 0, 1], axis=axis),
    "concat": lambda x, axis: tf.concat([x, 2 * x], axis),
    "expand_dims": tf.expand_dims,
    "stack": lambda x, axis: tf.stack([x, x + 1], axis),
    "unstack": lambda x, axis: tf.unstack(x, axis=axis),
    "reverse": lambda x, axis: tf.reverse(x, [axis, 0 if axis else 2]),
    "split": lambda x, axis: tf.split(x, [1, x.shape[axis] - 1], axis),
    "squeeze": lambda x, axis: tf.squeeze(tf.expand_dims(x, axis), [axis]),
}
ROWS: Rows = {
    "products": (_products, (TABLES, OTHERS)),
    **{
        f"{name} by axes": (lambda x, of=of: [of(x, axis) for axis in (0, -1, -2)], (CUBES,))
        for name, of in _AXES.items()
    },
    "gather, its ids alone": (
        lambda ids: [tf.gather(TABLES[0], ids, axis=axis) for axis in (0, 1, -1, -2)],
        (PLACES,),
    ),
    "gather, both": (lambda x, ids: tf.gather(x, ids, axis=-1), (TABLES, PLACES)),
    "gather by batches": (
        lambda x, ids: [tf.gather(x, ids[:, None], axis=1, batch_dims=1)],
        (TABLES[:, :2], PLACES),
    ),
    "gather by batches, its ids alone": (
        lambda ids: tf.gather(TABLES[0, :2], ids[:, None], axis=1, batch_dims=1),
        (PLACES,),
    ),
    "gather_nd": (lambda x, ids: tf.gather_nd(x, [ids]), (TABLES, PLACES)),
    "scatter": (
        lambda x, ids, new: [
            tf.tensor_scatter_nd_update(of, tf.cast(at, "int32")[:, None], put[:2])
            for of, at, put in (
                *((x, ids, new), (TABLES[1], ids, new)),
                *((x, PLACES[0], new), (x, ids, OTHERS[1])),
            )
        ],
        (TABLES, PLACES, OTHERS),
    ),
    "slice": (lambda x: tf.slice(x, [1, 2], [-1, 2]), (TABLES,)),
    "slice, from other places": (lambda x, at: tf.slice(x, at, [1, 2]), (TABLES, PLACES)),
    "slice, as far as it goes": (
        lambda x, at: tf.slice(x, tf.stack([1, at % 1]), [-1, -1]),
        (TABLES, STEPS),
    ),
    "strided slices": (
        lambda x: [x[..., ::-1], x[1:, None, 1::2], x[-1], x[:, -1, ..., 1:-1]],
        (CUBES,),
    ),
    "strided slices' gradients": (
        lambda x: _raw.StridedSliceGrad(
            **{"shape": [4, 9], "begin": [0, 1], "end": [0, 0], "strides": [1, 2], "dy": x[:, :4]},
            **{"begin_mask": 1, "end_mask": 3},
        ),
        (TABLES,),
    ),
    "one_hot": (
        lambda ids: [tf.one_hot(ids, 4, 2.0, -1.0, axis=axis) for axis in (0, 1, -1)],
        (PLACES,),
    ),
    "einsum": (
        lambda x, y: [
            tf.einsum("ab,ab->b", x, y),
            tf.einsum("ab,cb->ac", x, TABLES[0]),
            tf.einsum("...a,ba->...b", TABLES[1], y),
            tf.einsum("ab->ba", x),
        ],
        (TABLES, OTHERS),
    ),
    "batches of products": (
        lambda x: [
            tf.matmul(x, CUBES[0], adjoint_a=True),
            tf.matmul(CUBES[1, 0], x, transpose_b=True),
            tf.matmul(tf.cast(x, "complex128") * 1j, COMPLEX[0], adjoint_b=True),
        ],
        (CUBES,),
    ),
    # tensorflow#52148: they were conjugated as well.
    "complex products": (
        lambda z: [
            tf.matmul(z, z, transpose_a=left, transpose_b=not left) for left in (True, False)
        ],
        (COMPLEX,),
    ),
    "matvec": (lambda x, y: tf.linalg.matvec(x, y), (TABLES, OTHERS[:, 0])),
    "roll": (
        lambda x, by: [
            *(tf.roll(x, 1, 0), tf.roll(x, [1, 3], [1, 0])),
            *(tf.roll(x, by, 1), tf.roll(x, [by, 2 * by], [0, 1])),
        ],
        (TABLES, STEPS),
    ),
    "transpose": (lambda x: tf.transpose(x, [2, 0, 1]), (CUBES,)),
    "broadcast": (lambda x: tf.broadcast_to(x, [2, 4, 5]), (TABLES[:, :1],)),
    "fill": (lambda x: tf.fill([2, 3], x), (STEPS,)),
    "tile": (lambda x: tf.tile(x, [2, 3]), (TABLES,)),
    "pad": (
        lambda x: [tf.pad(x, [[1, 0], [0, 2]]), tf.pad(x, [[0, 1], [3, 0]])],
        (TABLES,),
    ),
    "where": (
        lambda x, y: [
            tf.where(x > y, x, 2.0),
            tf.where(x[0] > 0, TABLES[0], y),
            _raw.Select(condition=x > y, x=x, y=y),
            _raw.Select(condition=x[:, 0] > 0, x=x, y=y),
        ],
        (TABLES, OTHERS),
    ),
    "where, of three axes": (lambda x: tf.where(x > 0, x, 2 - x), (CUBES,)),
    "where, by one": (
        lambda x, y, one: [
            _raw.Select(condition=one, x=a, y=b)
            for a, b in ((x, y), (TABLES[1], y), (x, OTHERS[1]))
        ],
        (TABLES, OTHERS, LOGICAL),
    ),
    "top_k": (lambda x: tf.nn.top_k(x, 2), (TABLES,)),
    "searchsorted": (
        lambda x, y: [
            tf.searchsorted(tf.sort(of), at, side=side)
            for of, at, side in (
                *((x, y, "left"), (x, y, "right")),
                *((TABLES[1], y, "left"), (x, OTHERS[1], "right")),
            )
        ],
        (TABLES, OTHERS),
    ),
    "diagonals": (
        lambda x: [
            tf.linalg.diag(x, k=1, padding_value=2.0),
            tf.linalg.diag(x[:2], k=(0, 1), align="LEFT_LEFT"),
            tf.linalg.tensor_diag(x[0]),
        ],
        (TABLES,),
    ),
    "a matrix's diagonals": (
        lambda x: [
            tf.linalg.diag_part(x, k=(-1, 0)),
            tf.linalg.diag_part(x, k=(0, 2), padding_value=9.0, align="LEFT_RIGHT"),
            tf.linalg.set_diag(x, x[1:, 0], k=-1),
            tf.linalg.set_diag(x, x[:2], k=(0, 1), align="LEFT_LEFT"),
            tf.linalg.tensor_diag_part(x),
            tf.linalg.band_part(x, 1, 0),
        ],
        (SQUARES,),
    ),
    "segments": (
        lambda x, ids: [
            of(x, ids, 3)
            for of in (
                *(tf.math.unsorted_segment_sum, tf.math.unsorted_segment_max),
                *(tf.math.unsorted_segment_min, tf.math.unsorted_segment_prod),
            )
        ],
        (TABLES, IDS),
    ),
    "segments, their numbers alone": (
        lambda x: tf.math.unsorted_segment_sum(x, IDS[0], 2),
        (TABLES,),
    ),
    "segments of rows": (
        lambda x: [
            tf.sparse.segment_sum(x, [3, 0, 1], [0, 0, 1]),
            tf.sparse.segment_mean(x, [3, 0, 1], [0, 0, 2], num_segments=4),
            tf.sparse.segment_sqrt_n(x, [3, 0, 1], [0, 0, 1]),
        ],
        (TABLES,),
    ),
    "segments' gradients": (
        lambda x: [
            of(grad=x[:2], indices=[3, 0, 1], segment_ids=[0, 0, 1], output_dim0=5)
            for of in (
                *(_raw.SparseSegmentSumGrad, _raw.SparseSegmentMeanGrad),
                _raw.SparseSegmentSqrtNGrad,
            )
        ],
        (TABLES,),
    ),
    "functions of numbers": (
        lambda x, y: [
            x * TABLES[0, 0] + y[:1],
            tf.nn.leaky_relu(x, 0.375),
            tf.clip_by_value(x, -0.5, 0.25),
            tf.cast(x, "int32"),
            tf.add_n([x, y, TABLES[0]]),
            tf.raw_ops.ApproximateEqual(x=x, y=y, tolerance=0.5),
            tf.equal(tf.round(x), tf.round(y)),
            tf.not_equal(tf.round(x), tf.round(y)),
            tf.linalg.cross(x[:, :3], y[:, :3]),
            tf.nn.log_softmax(x),
            tf.zeros_like(x) + tf.ones_like(y),
        ],
        (TABLES, OTHERS),
    ),
    "sizes": (
        lambda x: [tf.shape(x), tf.size(x), tf.rank(x), *tf.shape_n([x, x[0]])],
        (CUBES,),
    ),
    "bounds and checks": (
        lambda x: [
            _raw.ClipByValue(t=x, clip_value_min=-0.5, clip_value_max=0.25),
            _raw.Bucketize(input=x, boundaries=[-1.0, 0.0, 0.5]),
            tf.debugging.check_numerics(x, "no number"),
            tf.ensure_shape(x, [4, None]),
            *(tf.split(x, 2) + tf.split(x, 5, -1)),
        ],
        (TABLES,),
    ),
    "fourier": (
        lambda x, z: [
            *(of(z) for of in (tf.signal.fft, tf.signal.fft2d, tf.signal.ifft, tf.signal.ifft2d)),
            *(tf.signal.rfft(x), tf.signal.rfft2d(x, [3, 8])),
            *(tf.signal.irfft(z, [7]), tf.signal.irfft2d(z)),
        ],
        (TABLES, COMPLEX),
    ),
    "complex numbers": (
        lambda x: [
            *(tf.math.conj(x), tf.math.real(x)),
            *(tf.abs(x), tf.complex(tf.abs(x), tf.math.imag(x))),
        ],
        (COMPLEX,),
    ),
}
