"""What graphs of TensorFlow 1 collect, from inside of conditions and loops."""

from __future__ import annotations

import pytest
import tensorflow as tf

v1 = tf.compat.v1


@pytest.mark.parametrize("way", ["cond", "while_loop"])
def test_what_is_inside_reads_the_collections_of_what_is_around(way: str) -> None:
    """What a graph has collected, and what is added to it."""
    with tf.Graph().as_default(), v1.Session() as session:
        v1.add_to_collection("limits", 3.0)

        def limit() -> float:
            v1.add_to_collection("asked", way)
            return v1.get_collection("limits")[0]

        if way == "cond":
            y = tf.cond(tf.constant(True), lambda: tf.constant(limit()), lambda: -limit())
        else:
            y = tf.while_loop(lambda x: x < limit(), lambda x: [x + limit() / 3], [0.0])[0]
        assert session.run(y) == 3.0
        # Each branch has added one, or the condition and the step.
        assert v1.get_collection("asked") == [way, way]


@pytest.mark.parametrize("taken", [True, False])
def test_a_gradient_inside_adds_to_the_collections_of_what_is_around(*, taken: bool) -> None:
    @tf.custom_gradient
    def noted(x: tf.Tensor):
        def gradient(upstream: tf.Tensor) -> tf.Tensor:
            v1.add_to_collection("back", "noted")
            return 2 * upstream

        return x, gradient

    with tf.Graph().as_default(), v1.Session() as session:
        x, flag = tf.constant(3.0), v1.placeholder(tf.bool, [])
        y = tf.cond(flag, lambda: noted(x), lambda: noted(5 * x))
        (found,) = v1.gradients(y, x)
        assert session.run(found, {flag: taken}) == (2 if taken else 10)
        assert v1.get_collection("back") == ["noted", "noted"]
