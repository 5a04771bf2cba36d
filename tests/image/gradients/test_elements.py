"""Lists and tables of tensors, as loops keep them: what is set, cut off, scattered and erased.

What is written over has a gradient of 0 before, and what is read twice has both.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.ops import list_ops, map_ops

from gradients.tracing import traced

#: Four elements of two numbers, two more, and what flows into what is read.
_random = np.random.default_rng(98)
X, U = _random.standard_normal((4, 2)), _random.standard_normal((2, 2))
Function = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
Plain = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
KIND = {"element_dtype": tf.float64}


def listed(x: tf.Tensor) -> tf.Tensor:
    """Return a list of a tensor's rows."""
    return list_ops.tensor_list_from_tensor(x, element_shape=[2])


def stacked(held: tf.Tensor) -> tf.Tensor:
    """Return the rows of a list."""
    return list_ops.tensor_list_stack(held, element_shape=[2], **KIND)


def item(held: tf.Tensor, index: int) -> tf.Tensor:
    """Return one element."""
    return list_ops.tensor_list_get_item(held, index, element_shape=[2], **KIND)


def both(x: tf.Tensor, held: tf.Tensor) -> tf.Tensor:
    """Return what a list holds after it was changed, and the square of what it held before."""
    return tf.concat([stacked(held), x**2], 0)


def popped(x: tf.Tensor, _u: tf.Tensor) -> tf.Tensor:
    """Return the last of a list, and what is left of it."""
    left, last = list_ops.tensor_list_pop_back(listed(x), **KIND)
    return tf.concat([last[None], stacked(left) ** 2], 0)


def erased(x: tf.Tensor, u: tf.Tensor) -> tf.Tensor:
    """Return what a table holds for two words, one of which was overwritten, one erased besides."""
    table = map_ops.empty_tensor_map()
    for key, value in (("a", x[0]), ("b", x[1]), ("a", u[0]), ("c", x[2] ** 2)):
        table = map_ops.tensor_map_insert(table, key, value)
    table = map_ops.tensor_map_erase(table, "b", tf.float64)
    return tf.stack([map_ops.tensor_map_lookup(table, key, tf.float64) for key in ("a", "c")])


#: What is done with a list, and the same without one.
ROWS: dict[str, tuple[Function, Plain]] = {
    "set": (
        lambda x, u: both(x, list_ops.tensor_list_set_item(listed(x), 1, u[0])),
        lambda x, u: tf.concat([x[:1], u[:1], x[2:], x**2], 0),
    ),
    "set beyond the end": (
        lambda x, u: (
            item(
                list_ops.tensor_list_set_item(
                    listed(x), 5, u[1], resize_if_index_out_of_bounds=True
                ),
                2,
            )
            * u[1]
        ),
        lambda x, u: x[2] * u[1],
    ),
    "got": (
        lambda x, u: tf.stack([item(listed(x), 2), item(listed(x), 0) * u[0], item(listed(x), 2)]),
        lambda x, u: tf.stack([x[2], x[0] * u[0], x[2]]),
    ),
    "cut off": (
        lambda x, _u: stacked(tf.raw_ops.TensorListResize(input_handle=listed(x), size=3)) ** 2,
        lambda x, _u: x[:3] ** 2,
    ),
    "made longer": (
        lambda x, _u: item(tf.raw_ops.TensorListResize(input_handle=listed(x), size=6), 1) ** 2,
        lambda x, _u: x[1] ** 2,
    ),
    "gathered": (
        lambda x, _u: list_ops.tensor_list_gather(listed(x), [3, 0, 2], element_shape=[2], **KIND),
        lambda x, _u: tf.gather(x, [3, 0, 2]),
    ),
    "scattered": (
        lambda x, u: stacked(list_ops.tensor_list_scatter(u, [1, 0], element_shape=[2])) * x[:2],
        lambda x, u: u[::-1] * x[:2],
    ),
    "scattered into another": (
        lambda x, u: both(x, list_ops.tensor_list_scatter(u, [3, 1], input_handle=listed(x))),
        lambda x, u: tf.concat([x[:1], u[1:], x[2:3], u[:1], x**2], 0),
    ),
    "joined": (
        lambda x, u: tf.concat([list_ops.tensor_list_concat(split(x), **KIND), u], 0) ** 2,
        lambda x, u: tf.concat([x, u], 0) ** 2,
    ),
    "split": (
        lambda x, u: (
            list_ops.tensor_list_get_item(split(x), 1, element_shape=[3, 2], **KIND) * u[0]
        ),
        lambda x, u: x[1:] * u[0],
    ),
    "pushed": (
        lambda x, u: both(x, list_ops.tensor_list_push_back(listed(x), u[1] ** 2)),
        lambda x, u: tf.concat([x, u[1:] ** 2, x**2], 0),
    ),
    "popped": (popped, lambda x, _u: tf.concat([x[3:], x[:3] ** 2], 0)),
    "erased": (erased, lambda x, u: tf.stack([u[0], x[2] ** 2])),
}


def split(x: tf.Tensor) -> tf.Tensor:
    """Return a list of one row, and of three."""
    return list_ops.tensor_list_split(x, element_shape=[None, 2], lengths=[1, 3])


def slopes(function: Function, x: tf.Tensor, u: tf.Tensor) -> list[tf.Tensor]:
    """Return a function's value, and its gradients in both."""
    with tf.GradientTape() as tape:
        tape.watch([x, u])
        y = function(x, u)
        total = tf.reduce_sum(tf.sin(3 * y))
    found = tape.gradient(total, [x, u], unconnected_gradients="zero")
    return [y, *map(tf.convert_to_tensor, found)]


@pytest.mark.parametrize("name", ROWS)
def test_what_a_list_holds_has_the_gradient_of_what_went_in(name: str) -> None:
    x, u = tf.constant(X), tf.constant(U)
    held, plain = ROWS[name]
    found = traced(lambda x, u: slopes(held, x, u))(x, u)
    for one, other in zip(found, slopes(plain, x, u), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)


def test_matrices_are_scattered_into_a_list_of_matrices() -> None:
    """Each keeps both of its sizes on its way back."""
    random = np.random.default_rng(8)
    x, u = (tf.constant(random.standard_normal((size, 2, 3))) for size in (4, 2))

    def held(x: tf.Tensor, u: tf.Tensor) -> tf.Tensor:
        first = list_ops.tensor_list_from_tensor(x, element_shape=[2, 3])
        both = list_ops.tensor_list_scatter(u, [3, 1], input_handle=first)
        return list_ops.tensor_list_stack(both, tf.float64, num_elements=4)

    found = traced(lambda x, u: slopes(held, x, u))(x, u)
    plain = slopes(lambda x, u: tf.stack([x[0], u[1], x[2], u[0]]), x, u)
    for one, other in zip(found, plain, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)
