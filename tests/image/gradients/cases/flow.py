"""Control flow."""

from __future__ import annotations

import tensorflow as tf

from gradients import gaps
from gradients.case import Case
from gradients.inputs import normal, positive


def while_loop(x: tf.Tensor, bound: int | None = None) -> tf.Tensor:
    """Iterate y <- sin(y) x + y five times; `bound` tells XLA how often at most."""
    _, result = tf.while_loop(
        lambda step, _: step < 5,
        lambda step, y: (step + 1, tf.sin(y) * x + y),
        (tf.constant(0), x),
        maximum_iterations=bound,
    )
    return result


def tensor_array(x: tf.Tensor) -> tf.Tensor:
    """Write powers of the rows into an array, and read them back."""
    array = tf.TensorArray(x.dtype, 3, clear_after_read=False)
    for row in range(3):
        array = array.write(row, x[row] ** (row + 1))
    return array.stack()


CASES = (
    Case(
        "while_loop",
        [normal(3, scale=0.5)],
        while_loop,
        known=gaps.UNBOUNDED_LOOP,
    ),
    Case("while_loop_bounded", [normal(3, scale=0.5)], lambda x: while_loop(x, 5)),
    Case(
        "cond",
        [normal(3)],
        lambda x: tf.cond(tf.reduce_sum(x) * 0 + 1 > 0, lambda: x**3, lambda: x**2),
    ),
    Case(
        "switch_case",
        [normal(3)],
        lambda x: tf.switch_case(tf.constant(1), [lambda: x, lambda: x**3, lambda: x**2]),
    ),
    Case(
        "map_fn",
        [normal(4, 3)],
        lambda x: tf.map_fn(lambda row: tf.tanh(row) * tf.reduce_sum(row), x),
    ),
    Case("scan", [normal(4, 3)], lambda x: tf.scan(lambda total, row: tf.tanh(total) + row**2, x)),
    Case(
        "vectorized_map",
        [normal(4, 3)],
        lambda x: tf.vectorized_map(lambda row: tf.tanh(row) * tf.reduce_sum(row), x),
    ),
    Case("tensor_array", [positive(3, 2)], tensor_array),
)
