"""Ties, kinks, zeros and extremes: where other rows take care not to be, and the answer that holds.

Tied elements are one number here, read several times: its gradient, the sum over the ties, is
exact whatever part each tie is given. `shares` then says which part each has: the answer that
TensorFlow defines, as a constant of the linear function that has the same gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from gradients import gaps
from gradients.inputs import constant, distinct, positive
from gradients.sweep import sweep

Unary = Callable[[tf.Tensor], tf.Tensor]
#: How three numbers are read: each twice, one four times, all alone and in another order.
READ = ((0, 0, 1, 1, 2, 2), (2, 1, 2, 2, 0, 2), (1, 1, 1, 1, 1, 1), (2, 0, 1))
#: What picks an extreme or an order, of six numbers or three.
PICKS: dict[str, Unary] = {
    "reduce_max": tf.reduce_max,
    "reduce_min": tf.reduce_min,
    "maximum": lambda x: tf.maximum(x, x[::-1]),
    "minimum": lambda x: tf.minimum(x, x[::-1]),
    "maximum_of_itself": lambda x: tf.maximum(x, x),
    "minimum_of_itself": lambda x: tf.minimum(x, tf.identity(x)),
    "sort": tf.sort,
    "sort_descending": lambda x: tf.sort(x, direction="DESCENDING"),
    "top_k": lambda x: tf.math.top_k(x, 2)[0],
    "nth_element": lambda x: tf.raw_ops.NthElement(input=x, n=1),
    "max_pool": lambda x: tf.nn.max_pool1d(x[None, :, None], 2, 1, "SAME"),
    "max_pool_whole": lambda x: tf.nn.max_pool1d(x[None, :, None], 3, 3, "VALID"),
    "segment_max": lambda x: tf.math.segment_max(x, np.arange(x.shape[0]) // 3),
    "segment_min": lambda x: tf.math.segment_min(x, np.arange(x.shape[0]) // 3),
    "unsorted_segment_max": lambda x: tf.math.unsorted_segment_max(x, np.arange(x.shape[0]) % 2, 2),
    "unsorted_segment_min": lambda x: tf.math.unsorted_segment_min(x, np.arange(x.shape[0]) % 2, 2),
    "scatter_max": lambda x: tf.tensor_scatter_nd_max(x[:2], [[0], [0]], x[1:3]),
    "scatter_min": lambda x: tf.tensor_scatter_nd_min(x[:2], [[1], [1]], x[1:3]),
    "clip_above": lambda x: tf.clip_by_value(x, -9.0, x[::-1]),
    "clip_below": lambda x: tf.clip_by_value(x, x[::-1], 9.0),
    "clip_by_norm": lambda x: tf.clip_by_norm(x, 0.5),
    "reduce_prod": tf.reduce_prod,
    "norm_inf": lambda x: tf.norm(x, ord=np.inf),
    "euclidean_norm": tf.math.reduce_euclidean_norm,
    "logsumexp": tf.reduce_logsumexp,
}

#: A function, the numbers that it is given, and its derivative at each, as TensorFlow defines it.
SHARES: dict[str, tuple[Unary, Sequence[float], Sequence[float]]] = {
    "relu at 0": (tf.nn.relu, [-1, 0, 2], [0, 0, 1]),
    "relu6 at 0 and 6": (tf.nn.relu6, [-1, 0, 3, 6, 7], [0, 0, 1, 0, 0]),
    "leaky_relu at 0": (lambda x: tf.nn.leaky_relu(x, 0.25), [-1, 0, 2], [0.25, 0.25, 1]),
    "elu at 0": (tf.nn.elu, [0, 2], [1, 1]),
    "abs at 0": (tf.abs, [-1, 0, 2], [-1, 0, 1]),
    "sign": (lambda x: tf.sign(x) + x, [-1, 0, 2], [1, 1, 1]),
    "softsign at 0": (tf.nn.softsign, [0, 1], [1, 0.25]),
    "maximum with its bound": (lambda x: tf.maximum(x, 1.0), [0, 1, 2], [0, 1, 1]),
    "bound maximum with it": (lambda x: tf.maximum(tf.ones_like(x), x), [0, 1, 2], [0, 0, 1]),
    "minimum with its bound": (lambda x: tf.minimum(x, 1.0), [0, 1, 2], [1, 1, 0]),
    "bound minimum with it": (lambda x: tf.minimum(tf.ones_like(x), x), [0, 1, 2], [1, 0, 0]),
    "clip at its bounds": (
        lambda x: tf.clip_by_value(x, 0.0, 1.0),
        [-1, 0, 0.5, 1, 2],
        [0, 1, 1, 1, 0],
    ),
    "raw clip at its bounds": (
        lambda x: tf.raw_ops.ClipByValue(
            t=x,
            clip_value_min=tf.constant(0, x.dtype),
            clip_value_max=tf.constant(1, x.dtype),
        ),
        [-1, 0, 0.5, 1, 2],
        [0, 1, 1, 1, 0],
    ),
    "reduce_max of ties": (tf.reduce_max, [2, 1, 2, 2, 0], [1 / 3, 0, 1 / 3, 1 / 3, 0]),
    "reduce_min of ties": (tf.reduce_min, [0, 1, 0, 2, 1], [1 / 2, 0, 1 / 2, 0, 0]),
    "top_k of ties": (lambda x: tf.reduce_sum(tf.math.top_k(x, 2)[0]), [1, 2, 2, 2], [0, 1, 1, 0]),
    "segment_max of ties": (
        lambda x: tf.math.segment_max(x, [0, 0, 0]),
        [2, 1, 2],
        [1 / 2, 0, 1 / 2],
    ),
    "segment_min of ties": (
        lambda x: tf.math.segment_min(x, [0, 0, 0]),
        [2, 1, 1],
        [0, 1 / 2, 1 / 2],
    ),
    "unsorted_segment_max of ties": (
        lambda x: tf.math.unsorted_segment_max(x, [0, 0, 0], 1),
        [2, 1, 2],
        [1 / 2, 0, 1 / 2],
    ),
    "unsorted_segment_min of ties": (
        lambda x: tf.math.unsorted_segment_min(x, [0, 0, 0], 1),
        [2, 1, 1],
        [0, 1 / 2, 1 / 2],
    ),
    "max_pool of ties": (
        lambda x: tf.nn.max_pool1d(x[None, :, None], 4, 4, "VALID"),
        [1, 2, 2, 0],
        [0, 1, 0, 0],
    ),
    "square at 0": (tf.square, [0, 1], [0, 2]),
    "power at 0": (lambda x: x**3.0, [0, 1], [0, 3]),
    "power 1 at 0": (lambda x: tf.pow(x, 1.0), [0, 2], [1, 1]),
    "power 0": (lambda x: tf.pow(x, 0.0) + x, [0, 2], [1, 1]),
    "exponent of 0": (lambda x: tf.pow(tf.zeros_like(x), x) + x, [1, 2], [1, 1]),
    "prod of one zero": (tf.reduce_prod, [2, 0, 3], [0, 6, 0]),
    "prod of two zeros": (lambda x: tf.reduce_prod(x) + tf.reduce_sum(x), [2, 0, 0], [1, 1, 1]),
    "xlogy of 0": (lambda x: tf.math.xlogy(tf.zeros_like(x), x) + x, [0, 2], [1, 1]),
    "xlog1py of 0": (lambda x: tf.math.xlog1py(tf.zeros_like(x), x) + x, [-1, 2], [1, 1]),
    "divide_no_nan by 0": (lambda x: tf.math.divide_no_nan(3.0, x) + x, [0, 1], [1, -2]),
    "multiply_no_nan by 0": (
        lambda x: tf.math.multiply_no_nan(x, tf.constant([0, 2], x.dtype)),
        [5, 3],
        [0, 2],
    ),
    "sinc-like at 0": (lambda x: tf.math.divide_no_nan(tf.sin(x), x) + x, [0], [1]),
    "softplus far out": (tf.nn.softplus, [-200, 0, 200], [np.exp(-200.0), 0.5, 1]),
    "sigmoid far out": (lambda x: tf.sigmoid(x) + x, [-800, 0, 800], [1, 1.25, 1]),
    "tanh far out": (lambda x: tf.tanh(x) + x, [-400, 0, 400], [1, 2, 1]),
    "log_sigmoid far out": (tf.math.log_sigmoid, [-800, 0, 800], [1, 0.5, 0]),
    "logsumexp far out": (tf.reduce_logsumexp, [-900, 900, 900], [0, 0.5, 0.5]),
    "logsumexp of -inf": (
        lambda x: tf.reduce_logsumexp(tf.concat([x, tf.constant([-np.inf], x.dtype)], 0)),
        [1, 1],
        [0.5, 0.5],
    ),
    "log1p near 0": (tf.math.log1p, [1e-12, 1], [1, 0.5]),
    "expm1 near 0": (tf.math.expm1, [1e-12, 0], [1, 1]),
    "clip_by_norm of a short": (lambda x: tf.clip_by_norm(x, 9.0), [3, 4], [1, 1]),
    "clip_by_norm of 0": (lambda x: tf.clip_by_norm(x, 9.0), [0, 0], [1, 1]),
    "sigmoid entropy far out": (
        lambda x: tf.nn.sigmoid_cross_entropy_with_logits(tf.ones_like(x) / 4, x),
        [-800, 0, 800],
        [-0.25, 0.25, 0.75],
    ),
    "weighted entropy far out": (
        lambda x: tf.nn.weighted_cross_entropy_with_logits(tf.ones_like(x) / 4, x, 3.0),
        [-800, 0, 800],
        [-0.75, 0, 0.75],
    ),
    "l2_normalize of 0": (lambda x: tf.nn.l2_normalize(x, epsilon=0.25), [0, 0], [2, 2]),
    "floor": (lambda x: tf.floor(x) + tf.math.ceil(x) + tf.round(x) + x, [1, 2.5], [1, 1]),
    "mod": (lambda x: tf.math.floormod(x, 2.0), [1, 3.5], [1, 1]),
    "stop_gradient": (lambda x: tf.stop_gradient(x) * x, [2, 3], [2, 3]),
    "sqrt of 0, masked": (
        lambda x: tf.sqrt(tf.where(x > 0, x, 1.0)) * tf.cast(x > 0, x.dtype),
        [0, 4],
        [0, 0.25],
    ),
}


def linear(x: tf.Tensor, of: str) -> tf.Tensor:
    """Return the linear function that has the derivative which `SHARES` states."""
    function, _, derivative = SHARES[of]
    products = x * tf.constant(derivative, x.dtype)
    scalar = function(tf.constant(SHARES[of][1], x.dtype)).shape.num_elements() == 1
    value = tf.reduce_sum(products) if scalar else products
    return tf.reshape(value, function(x).shape)


def paired(x: tf.Tensor) -> tf.Tensor:
    """Return complex numbers from real and imaginary parts, along the first axis."""
    return tf.complex(x[0], x[1])


def parts(z: tf.Tensor) -> tf.Tensor:
    """Return real and imaginary parts, as one real tensor."""
    return tf.stack([tf.math.real(z), tf.math.imag(z)])


COMPLEX: dict[str, Unary] = {
    "square": tf.square,
    "exp": tf.exp,
    "log": tf.math.log,
    "log1p": tf.math.log1p,
    "expm1": tf.math.expm1,
    "sqrt": tf.sqrt,
    "rsqrt": tf.math.rsqrt,
    "reciprocal": tf.math.reciprocal,
    "sin": tf.sin,
    "cos": tf.cos,
    "tan": tf.tan,
    "sinh": tf.sinh,
    "cosh": tf.cosh,
    "tanh": tf.tanh,
    "asin": tf.asin,
    "acos": tf.acos,
    "atan": tf.atan,
    "asinh": tf.asinh,
    "acosh": tf.acosh,
    "atanh": tf.atanh,
    "sigmoid": tf.sigmoid,
    "times_a_number": lambda z: z * tf.constant(0.5 + 2j, z.dtype),
    "power_of_a_number": lambda z: tf.pow(z, tf.constant(1.5 + 0.5j, z.dtype)),
    "negative": tf.negative,
    "conj": tf.math.conj,
    "abs": lambda z: tf.complex(tf.abs(z), tf.abs(z) * 0),
    "angle": lambda z: tf.complex(tf.math.angle(z), tf.abs(z)),
    "sign": tf.sign,
    "sum": tf.reduce_sum,
    "mean": tf.reduce_mean,
    "prod": tf.reduce_prod,
    "cumsum": tf.cumsum,
    "cumprod": tf.math.cumprod,
    "l2": lambda z: z * tf.math.conj(z),
    "gather": lambda z: tf.gather(z, [0, 0, 2]),
    "slice": lambda z: z[::-2],
    "transpose": lambda z: tf.transpose(tf.reshape(z, [3, 1]), conjugate=True),
    "pad": lambda z: tf.pad(z, [[1, 1]], "REFLECT"),
    "diag": tf.linalg.diag,
    "cast": lambda z: tf.cast(tf.math.real(z), z.dtype) * z,
    "where": lambda z: tf.where([True, False, True], z, 2 * z),
    "fft": tf.signal.fft,
    "einsum": lambda z: tf.einsum("i,j->ij", z, tf.math.conj(z)),
    "norm": lambda z: tf.complex(tf.math.real(tf.norm(z)), tf.zeros([], tf.math.real(z).dtype)),
}
COMPLEX_PAIRS: dict[str, Callable[[tf.Tensor, tf.Tensor], tf.Tensor]] = {
    "add": tf.add,
    "subtract": tf.subtract,
    "multiply": tf.multiply,
    "divide": tf.divide,
    "pow": tf.pow,
    "squared_difference": tf.math.squared_difference,
    "xlogy": tf.math.xlogy,
    "xdivy": tf.math.xdivy,
    "divide_no_nan": tf.math.divide_no_nan,
}

#: Whose gradients are wrong in complex numbers.
UNCONJUGATED = {
    "squared_difference": gaps.SQUARED_DIFFERENCE,
    "xlogy": gaps.XLOGY_COMPLEX,
    "xdivy": gaps.XLOGY_COMPLEX,
}

#: Whose derivative is another than is defined.
KINKED = {"power 0": gaps.POWER_0, "weighted entropy far out": gaps.WEIGHTED_ENTROPY_0}

CASES = (
    *sweep(
        "tied",
        [distinct(3, offset=0.3)],
        lambda x, of, read: PICKS[of](tf.gather(x, read)),
        only=lambda of, read: of != "clip_by_norm" or len(set(read)) > 1,
        of=tuple(PICKS),
        read=READ,
    ),
    *sweep(
        "defined",
        lambda of: [constant(SHARES[of][1])],
        lambda x, of: SHARES[of][0](x),
        reference=linear,
        known=lambda of: KINKED.get(of, {}),
        of=tuple(SHARES),
    ),
    *sweep(
        "complex",
        [positive(2, 3)],
        lambda x, of: parts(COMPLEX[of](paired(x) / 3)),
        of=tuple(COMPLEX),
        known=lambda of: {"cumprod": gaps.CUMPROD_COMPLEX, "prod": gaps.PROD_COMPLEX}.get(of, {}),
    ),
    *sweep(
        "complex_binary",
        lambda of, shapes: [positive(2, *shape) for shape in shapes],
        lambda a, b, of, shapes: parts(COMPLEX_PAIRS[of](paired(a), paired(b))),
        of=tuple(COMPLEX_PAIRS),
        known=lambda of: UNCONJUGATED.get(of, {}),
        shapes=(((3,), (3,)), ((), (3,)), ((2, 3), (3,)), ((2, 1), (1,))),
    ),
)
