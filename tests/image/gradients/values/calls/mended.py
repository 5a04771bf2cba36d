"""What releases had wrong in functions, loops and tables of rows, by the number reported.

Each row is a call that failed, or whose number or gradient was another one, until its fix.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from gradients.tracing import traced
from gradients.values.calls import Rows
from gradients.values.calls.inputs import TABLE, X

SHARES = np.array([[1.0], [2.0], [4.0]])
#: Of which the square's square is the first that is not below 3.
STEPS = np.array([1.2, 1.5])


def _forward() -> Any:
    """Return a derivative of forward mode, where functions run eagerly."""
    x = tf.constant(X)
    tf.config.run_functions_eagerly(True)
    try:
        with tf.autodiff.ForwardAccumulator(x, tf.ones_like(x)) as forward:
            y = tf.sin(x) * x
        return forward.jvp(y)
    finally:
        tf.config.run_functions_eagerly(False)


@tf.custom_gradient
def _taken(x: tf.Tensor) -> Any:
    """Return rows of a table, whose gradient does not tell how many there are."""
    return tf.gather(x, [0, 5, 4]), lambda rows: tf.IndexedSlices(rows, tf.constant([0, 5, 4]))


def _of_tiles() -> Any:
    """Return the gradient of rows of a table that stands twice."""
    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = _taken(tf.tile(x, [2, 1]))
    return tape.gradient(y, x, SHARES + np.zeros(4))


def _of_rows_of_rows() -> Any:
    """Return what the gradient of rows of rows, taken twice, says of its size."""
    x = tf.constant(TABLE)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y, z = (tf.gather(tf.gather_nd(x, [[2], [1], [0]]), [0, 0, 2]) for _ in range(2))
        y = y + z
    return tape.gradient(y, x).dense_shape


def _of_a_graph() -> Any:
    """Return the gradient of a graph of another program, whose branch calls a function."""
    sine = traced(tf.sin)

    @traced(input_signature=[tf.TensorSpec([3, 4], tf.float64, "x")])
    def chosen(x: tf.Tensor) -> tf.Tensor:
        return tf.cond(x[0, 0] > 9, lambda: x, lambda: sine(x) * x)

    graph = chosen.get_concrete_function()

    @traced
    def gradient(x: tf.Tensor) -> Any:
        (y,) = tf.graph_util.import_graph_def(
            graph.graph.as_graph_def(), {"x:0": x}, [graph.outputs[0].name], name=""
        )
        return tf.gradients(y, x)

    return gradient(X)


@traced
def _three_times(x: tf.Tensor) -> Any:
    """Return the first three derivatives of what a loop makes."""
    (y,) = tf.while_loop(lambda y: tf.reduce_all(y < 3), lambda y: (y * y,), (x,))
    found = [y]
    for _ in range(3):
        found += tf.gradients(found[-1], x)
    return found[1:]


ROWS: Rows = {
    # tensorflow#39075: the rule of each operation called itself.
    "forward_run_eagerly": (_forward, np.cos(X) * X + np.sin(X)),
    # tensorflow#17083: how many rows there are must have been told.
    "rows_of_tiles": (_of_tiles, np.array([[1.0], [4.0], [2.0]]) + np.zeros(4)),
    # Of a table of 3, and not of 6: see WRONG.
    "size_of_rows_of_rows": (_of_rows_of_rows, np.array([6, 3])),
    # tensorflow#22657: they were what they hold, and not where it stands.
    "sum_of_rows_alone": (
        lambda: tf.add_n([tf.IndexedSlices(tf.constant([[1.0, 2.0]]), [2], tf.constant([4, 2]))]),
        np.array([[0.0, 0], [0, 0], [1, 2], [0, 0]]),
    ),
    # tensorflow#42845: a branch was asked for a function that the graph around it has.
    "branch_of_another_graph": (_of_a_graph, [np.cos(X) * X + np.sin(X)]),
    # A loop kept numbers for its gradient, and what flows into these was forgotten.
    "loop_three_times": (
        lambda: _three_times(STEPS),
        [4 * STEPS**3, 12 * STEPS**2, 24 * STEPS],
    ),
    # tensorflow#38459: statistics were refused where a batch's own take their place.
    "statistics_replaced": (
        lambda: tf.compat.v1.nn.fused_batch_norm(
            tf.constant(4.0 * np.eye(4)[:, None, None], tf.float32),
            *(tf.ones(4), tf.zeros(4)),
            **dict.fromkeys(("mean", "variance"), tf.fill([4], 7.0)),
            epsilon=1.0,
            is_training=True,
        )[1:],
        [np.ones(4), np.full(4, 4.0)],
    ),
    # tensorflow#36616: where no window is above zero, it was divided by zero.
    "inverse_of_no_window": (
        lambda: tf.signal.inverse_stft_window_fn(4)(4, tf.float64),
        np.array([0.0, 2.0, 1.0, 2.0]),
    ),
    # What is dropped was multiplied by zero: an infinite number is none then.
    "dropped_infinity": (
        lambda: tf.unique(tf.sort(tf.nn.dropout(np.full(64, np.inf), 0.5)))[0],
        np.array([0.0, np.inf]),
    ),
}
