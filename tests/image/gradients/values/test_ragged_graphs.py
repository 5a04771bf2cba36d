"""Ragged tensors in graphs: what these know of shapes, and what they compute without."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.ops.ragged import dynamic_ragged_shape

from gradients.tracing import traced
from gradients.values.calls.lines import LINES, RIGHT, TALL, laid, parts, rows

ANY = tf.RaggedTensorSpec([None, None], tf.float64)
DENSE = np.zeros((4, 5))
for _place, _row in enumerate(LINES):
    DENSE[_place, : len(_row)] = _row


def test_a_dense_tensor_has_the_shape_that_is_asked_for() -> None:
    """The graph knows it, where it is told in numbers, and no more than its rank in a tensor."""

    @traced(input_signature=[ANY, tf.TensorSpec([2], tf.int64)])
    def dense(ragged: tf.RaggedTensor, shape: tf.Tensor) -> list[tf.Tensor]:
        found = [ragged.to_tensor(shape=given) for given in ([None, 5], [4, 5], shape)]
        assert [one.shape.as_list() for one in found] == [[None, 5], [4, 5], [None, None]]
        return found

    for found in dense(rows(), [4, 5]):
        np.testing.assert_array_equal(found, DENSE)


def test_numbers_of_rows_that_no_graph_knows_are_broadcast() -> None:
    """As `ragged + column` has it: one row is read again for each of the other's."""
    number = tf.TensorSpec([], tf.int64)

    @traced(input_signature=[number, number])
    def read(one: tf.Tensor, other: tf.Tensor) -> list[tf.Tensor]:
        layers = dynamic_ragged_shape._broadcast_dynamic_shape_first_layer(one, other)
        return [layer.gather_index for layer in layers]

    for one, other in ((1, 3), (3, 1), (3, 3), (1, 1)):
        found = read(tf.constant(one, tf.int64), tf.constant(other, tf.int64))
        for rows_of, indices in zip((one, other), found, strict=True):
            expected = np.broadcast_to(np.arange(rows_of), max(one, other))
            np.testing.assert_array_equal(indices, expected)


def test_a_product_of_ragged_matrices_tells_its_shape() -> None:
    product = tf.matmul(tf.ragged.stack(TALL), RIGHT)
    assert product.shape.as_list() == [2, None, 2]
    expected = np.concatenate([left @ right for left, right in zip(TALL, RIGHT, strict=True)])
    np.testing.assert_allclose(product.values, expected, rtol=1e-12)


@pytest.mark.parametrize("step", [None, 2, -1, -2])
def test_rows_are_cut_as_lists_are(step: int | None) -> None:
    """Each by itself, whatever its length: from either end, and backwards."""
    for start, stop in itertools.product((None, 0, 2, -2, 9), (None, 0, 2, -1)):
        cut = slice(start, stop, step)
        found, expected = parts(rows()[:, cut]), laid([row[cut] for row in LINES])
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one, other, err_msg=str(cut))
