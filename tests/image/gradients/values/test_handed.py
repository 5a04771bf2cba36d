"""What operations are handed for which no CPU has a kernel, as far as numbers go."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

_random = np.random.default_rng(71)


#: What an inverse is multiplied by before it divides by its 24 numbers.
SCALES = {"backward": 1, "ortho": 24**0.5, "forward": 24}


@pytest.mark.parametrize("norm", SCALES)
def test_an_inverse_of_several_axes_is_handed_what_is_scaled(norm: str) -> None:
    """By all sizes of what comes out; rows that are missing are zeros."""
    numbers = _random.standard_normal((3, 4)).astype("complex64")
    whole = tf.compat.v1.wrap_function(
        lambda x: tf.signal.irfftnd(x, [4, 6], [0, 1], norm=norm),
        [tf.TensorSpec([3, 4], tf.complex64)],
    )
    (given,) = whole.prune(whole.inputs, [whole.outputs[0].op.inputs[0]])(tf.constant(numbers))
    np.testing.assert_allclose(given, np.pad(numbers, [[0, 1], [0, 0]]) * SCALES[norm], rtol=1e-6)


def test_a_pool_whose_channels_come_first_is_padded_along_its_steps() -> None:
    """Before the axis of steps stands the one that it gets."""
    with tf.Graph().as_default() as graph:
        steps = tf.zeros([2, 3, 8])
        around = [[0, 0], [0, 0], [1, 2]]
        pooled = tf.nn.max_pool1d(steps, 3, 2, around, data_format="NCW")
    (pool,) = (op for op in graph.get_operations() if op.type == "MaxPool")
    assert pool.get_attr("explicit_paddings") == [0, 0, 0, 0, 0, 0, 1, 2]
    assert (pool.get_attr("ksize"), pool.get_attr("strides")) == ([1, 1, 1, 3], [1, 1, 1, 2])
    assert pooled.shape == [2, 3, 5]
