"""Derivatives that are known in closed form, where the table has no row."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

#: A function, where its slope has a case of its own, and the slope there: Bessel functions of the
#: first order rise from 0 by a half (DLMF 10.2.2, 10.25.2), the dilogarithm falls by 1, and the
#: incomplete gamma function of order 1 is 1 - exp(-x).
SLOPES: dict[str, tuple[Callable[[tf.Tensor], tf.Tensor], float, float]] = {
    "bessel_i1": (tf.math.bessel_i1, 0.0, 0.5),
    "bessel_i1e": (tf.math.bessel_i1e, 0.0, 0.5),
    "bessel_j1": (tf.math.special.bessel_j1, 0.0, 0.5),
    "igamma": (lambda x: tf.math.igamma(tf.ones_like(x), x), 0.0, 1.0),
    "spence": (tf.math.special.spence, 1.0, -1.0),
}
#: What TensorFlow answers wrongly, and the issue that says so.
WRONG = {"bessel_i1": (1.0, 120578), "igamma": (np.nan, 123578)}


@pytest.mark.parametrize("name", SLOPES)
def test_a_slope_is_that_beside_it(name: str) -> None:
    function, at, slope = SLOPES[name]
    x = tf.constant([at, at + 1e-9], tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    found = tape.gradient(y, x).numpy()
    # Beside it two numbers are subtracted that are nearly one.
    np.testing.assert_allclose(found[1], slope, rtol=1e-6)
    if name in WRONG:
        answer, issue = WRONG[name]
        np.testing.assert_equal(found[0], answer, "no longer so wrong: remove the record")
        pytest.xfail(
            f"the gradient of tf.math.{name} at 0 is {answer}, and {slope} beside it: #{issue}"
        )
    np.testing.assert_allclose(found[0], slope, rtol=1e-12)


@pytest.mark.parametrize("rank", [1, 2, 3, 4])
def test_a_mean_of_segments_is_shared_out_whatever_their_rank(rank: int) -> None:
    ids = np.array([0, 0, 2, 2, 2])
    counts = np.array([2, 1, 3])
    random = np.random.default_rng(91)
    # No two sizes are one: no axis stands for another.
    shape = (2, 4, 6)[: rank - 1]
    x = tf.constant(random.standard_normal((5, *shape)))
    weights = random.standard_normal((3, *shape))
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(tf.math.segment_mean(x, ids) * weights)
    shares = (weights.T / counts).T
    np.testing.assert_allclose(tape.gradient(total, x), shares[ids], rtol=1e-12)


def test_what_meets_nothing_has_a_gradient_of_0() -> None:
    """Of its own shape, in a graph that knows all sizes, too."""

    @tf.function
    def gradients(x: tf.Tensor, y: tf.Tensor) -> list[tf.Tensor]:
        return list(tf.gradients(tf.reduce_sum(x * y), [x, y]))

    for shapes in (((0, 3), (1, 3)), ((1, 3), (0, 3)), ((0, 3), (3,)), ((2, 1), (1, 0))):
        given = [tf.ones(shape, tf.float64) for shape in shapes]
        for one, shape in zip(gradients(*given), shapes, strict=True):
            np.testing.assert_array_equal(one, np.zeros(shape))


def test_a_tape_tells_what_it_watches_while_it_records() -> None:
    """All variables that were read so far, in their order; afterwards, too."""
    one, other = tf.Variable(2.0, name="z"), tf.Variable(3.0, name="a")
    with tf.GradientTape() as tape:
        y = one * other
        assert [variable is one for variable in tape.watched_variables()] == [True, False]
    tape.gradient(y, [one, other])
    assert [variable is other for variable in tape.watched_variables()] == [False, True]
