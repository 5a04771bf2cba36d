"""Binary operations by the shapes of their operands, and by which of them is a constant."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from gradients import gaps
from gradients.inputs import distinct, positive
from gradients.sweep import sweep

#: Shapes that broadcast, in both directions and in both operands, from rank 0 to 6.
SHAPES = (
    ((2, 3), (2, 3)),
    ((), (2, 3)),
    ((2, 3), ()),
    ((3,), (2, 3)),
    ((2, 3), (3,)),
    ((1, 3), (2, 1)),
    ((2, 1), (1, 3)),
    ((2, 1, 3), (4, 1)),
    ((1,), (2, 3)),
    ((1, 1, 1), (2,)),
    ((2, 1, 2, 1), (1, 3, 1, 2)),
    ((2, 1, 2, 2, 1, 3), (1, 1, 1, 1, 3, 1)),
    ((), ()),
)
#: A few of them, for what is rarer.
FEW = (((2, 3), ()), ((3,), (2, 3)), ((2, 1), (1, 3)))
Binary = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
COMMON: dict[str, Binary] = {
    "add": tf.add,
    "subtract": tf.subtract,
    "multiply": tf.multiply,
    "divide": tf.divide,
    "pow": tf.pow,
    "maximum": tf.maximum,
    "minimum": tf.minimum,
    "squared_difference": tf.math.squared_difference,
}
RARE: dict[str, Binary] = {
    "divide_no_nan": tf.math.divide_no_nan,
    "multiply_no_nan": tf.math.multiply_no_nan,
    "xlogy": tf.math.xlogy,
    "xlog1py": tf.math.xlog1py,
    "xdivy": tf.math.xdivy,
    "atan2": tf.math.atan2,
    "floormod": tf.math.floormod,
    "igamma": tf.math.igamma,
    "igammac": tf.math.igammac,
    "zeta": lambda a, b: tf.math.zeta(tf.stop_gradient(a) * 0 + 3, b + 1),
    "polygamma": lambda a, b: tf.math.polygamma(tf.stop_gradient(a) * 0 + 2, b),
    "nextafter": tf.math.nextafter,
    "where": lambda a, b: (
        tf.where(tf.reduce_sum(a) > 0, a, b) + tf.where([True, False, True], b, a)
    ),
}
ALL = COMMON | RARE


def apart(a: tuple[int, ...], b: tuple[int, ...]):
    """Draw positive numbers of which no two are near each other."""
    first, second = distinct(*a, offset=0.0), distinct(*b, offset=0.37)
    return [lambda random: 1.6 + first(random) / 2, lambda random: 1.6 + second(random) / 2]


#: What igamma's gradient in its first argument lacks.
IGAMMA = gaps.no_second("IgammaGradA", "second")

CASES = (
    *sweep(
        "binary",
        lambda of, shapes: apart(*shapes),
        lambda a, b, of, shapes: COMMON[of](a, b),
        # One kernel finds out for all functions which sizes broadcast to which; a rule adds up the
        # gradients of both operands.
        leads=lambda of, shapes: shapes == FEW[-1],
        of=tuple(COMMON),
        shapes=SHAPES,
    ),
    *sweep(
        "binary",
        lambda of, shapes: apart(*shapes),
        lambda a, b, of, shapes: RARE[of](a, b),
        known=lambda of: IGAMMA if of in ("igamma", "igammac") else {},
        leads=lambda of, shapes: shapes == FEW[-1],
        of=tuple(RARE),
        shapes=FEW,
    ),
    *sweep(
        "constant_left",
        lambda of: [positive(2, 3)],
        lambda x, of: ALL[of](tf.constant([[0.7], [1.3]], x.dtype), x) * x**2,
        of=tuple(ALL),
    ),
    *sweep(
        "constant_right",
        lambda of: [positive(2, 3)],
        lambda x, of: ALL[of](x, tf.constant([[0.7], [1.3]], x.dtype)) * x**2,
        known=lambda of: IGAMMA if of in ("igamma", "igammac") else {},
        of=tuple(ALL),
    ),
    *sweep(
        "same_operand",
        [positive(2, 3)],
        lambda x, of: ALL[of](x, x) + x**2,
        of=("add", "subtract", "multiply", "divide", "pow", "squared_difference", "atan2", "xlogy"),
    ),
    *sweep(
        "select",
        lambda condition, shapes: apart(*shapes),
        lambda a, b, condition, shapes: tf.where(condition, a, b),
        condition=(True, False, (True, False, True), ((True,), (False,))),
        shapes=(((2, 3), (2, 3)), ((), (2, 3)), ((2, 3), (3,)), ((2, 1), (1, 3))),
    ),
    *sweep(
        "clip",
        lambda shapes: [distinct(2, 3), *apart(*shapes)],
        lambda x, low, high, shapes: tf.clip_by_value(x, low - 3, high - 1),
        shapes=(((), ()), ((3,), ()), ((2, 1), (2, 3)), ((), (2, 3))),
    ),
    *sweep(
        "broadcast_to",
        lambda shape, to: [positive(*shape)],
        lambda x, shape, to: tf.broadcast_to(x, to),
        shape=((), (1,), (3,), (1, 3), (2, 1), (2, 3)),
        to=((2, 3), (4, 2, 3)),
    ),
    *sweep(
        "bias_add",
        lambda shape, layout: [
            positive(*shape),
            positive(shape[-1] if layout == "N..C" else shape[1]),
        ],
        lambda x, b, shape, layout: tf.nn.bias_add(x, b, data_format=layout),
        shape=((2, 3, 4), (2, 3, 2, 4), (2, 3, 2, 2, 4)),
        layout=("N..C", "NC.."),
    ),
)
