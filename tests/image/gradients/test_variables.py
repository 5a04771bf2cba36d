"""A gradient in a variable is the gradient in a tensor of its value: exactly, in every way.

Variables have operations of their own (`ReadVariableOp`, `ResourceGather`), which no function of
tensors meets, and which training always does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import tensorflow as tf

from gradients.tracing import traced

FUNCTIONS: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
    "read": lambda x: tf.tanh(x) ** 2,
    "gather": lambda x: tf.gather(x, [0, 3, 3, 1]) ** 3,
    "gather_nd": lambda x: tf.gather_nd(x, [[0, 1], [3, 2], [0, 1]]) ** 3,
    "gather_nd_rows": lambda x: tf.gather_nd(x, [[3], [0], [3]]) ** 3,
    "gather_nd_pairs": lambda x: tf.gather_nd(x, [[[0], [2]], [[0], [1]]]) ** 3,
    "slice": lambda x: x[1:, ::2] ** 3,
    "slice_by_size": lambda x: tf.slice(x, [1, 0], [2, 3]) ** 3,
    "matmul": lambda x: tf.matmul(x, x, transpose_b=True) ** 2,
}
WAYS = {
    "eager": lambda function: function,
    "function": traced,
    "xla": partial(traced, jit_compile=True),
}
POINT = np.random.default_rng(12).standard_normal((4, 3))


def gradient(function: Callable[[tf.Tensor], tf.Tensor], of: tf.Tensor | tf.Variable) -> tf.Tensor:
    """Return the dense gradient of the sum of a function's sines; variables are watched unasked."""
    with tf.GradientTape() as tape:
        if not isinstance(of, tf.Variable):
            tape.watch(of)
        total = tf.reduce_sum(tf.sin(function(of)))
    return tf.convert_to_tensor(tape.gradient(total, of))


#: XLA has no ResourceGatherNd.
PAIRS = [
    (name, way)
    for name in FUNCTIONS
    for way in WAYS
    if not (name.startswith("gather_nd") and way == "xla")
]


@pytest.mark.parametrize(("name", "way"), PAIRS)
def test_a_variable_has_the_gradient_of_its_value(name: str, way: str) -> None:
    """In eager execution, inside `tf.function`, compiled by XLA."""
    function, variable = FUNCTIONS[name], tf.Variable(POINT)

    def both(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return gradient(function, variable), gradient(function, x)

    ours, theirs = WAYS[way](both)(tf.constant(POINT))
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-15, atol=0)


def test_an_embedding_moves_only_the_rows_that_were_looked_up() -> None:
    """A step of descent on a sparse gradient leaves every other row as it was, bit for bit."""
    variable = tf.Variable(POINT)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.nn.embedding_lookup(variable, [2, 0, 2]) ** 2)
    sparse = tape.gradient(loss, variable)
    assert isinstance(sparse, tf.IndexedSlices)
    variable.scatter_sub(tf.IndexedSlices(0.25 * sparse.values, sparse.indices))
    expected = POINT.copy()
    expected[2] -= 2 * (0.25 * 2 * POINT[2])
    expected[0] -= 0.25 * 2 * POINT[0]
    np.testing.assert_allclose(variable.numpy(), expected, rtol=0, atol=1e-15)
    assert (variable.numpy()[[1, 3]] == POINT[[1, 3]]).all()


@pytest.mark.parametrize("way", ["eager", "function"])
def test_rows_that_are_gathered_have_a_gradient_of_rows(way: str) -> None:
    """Not of all that the variable has: of rows by one index each; of others it is dense."""
    variable = tf.Variable(POINT)

    places = [[3], [0]], [[[3], [0]]], [[3, 1], [0, 2]]

    def gradients() -> list[object]:
        with tf.GradientTape(persistent=True) as tape:
            rows = [tf.gather(variable, [3, 0]), *(tf.gather_nd(variable, at) for at in places)]
        return [tape.gradient(part, variable) for part in rows]

    found = WAYS[way](gradients)()
    assert [isinstance(one, tf.IndexedSlices) for one in found] == [True, True, False, False]
