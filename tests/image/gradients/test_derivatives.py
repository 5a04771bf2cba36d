"""Derivatives that are known in closed form, where the table has no row."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import beta

from gradients.tracing import traced

#: A function, where its slope has a case of its own, and the slope there: Bessel functions of the
#: first order rise from 0 by a half (DLMF 10.2.2, 10.25.2), the dilogarithm falls by 1, the
#: incomplete gamma function of order 1 is 1 - exp(-x), and the incomplete beta function of 2 and 1
#: is x^2.
SLOPES: dict[str, tuple[Callable[[tf.Tensor], tf.Tensor], float, float]] = {
    "bessel_i1": (tf.math.bessel_i1, 0.0, 0.5),
    "bessel_i1e": (tf.math.bessel_i1e, 0.0, 0.5),
    "bessel_j1": (tf.math.special.bessel_j1, 0.0, 0.5),
    "igamma": (lambda x: tf.math.igamma(tf.ones_like(x), x), 0.0, 1.0),
    "spence": (tf.math.special.spence, 1.0, -1.0),
    "xlogy": (lambda x: tf.math.xlogy(x, 2.0), 0.0, np.log(2)),
    "xlog1py": (lambda x: tf.math.xlog1py(x, 2.0), 0.0, np.log(3)),
    "xdivy": (lambda x: tf.math.xdivy(x, 2.0), 0.0, 0.5),
    "betainc": (lambda x: tf.math.betainc(tf.ones_like(x) * 2, tf.ones_like(x), x), 1.0, 2.0),
}
#: What TensorFlow answers wrongly, and the issue that says so.
WRONG = {
    "bessel_i1": (1.0, 120578),
    "igamma": (np.nan, 123578),
    "xlogy": (0.0, 119476),
    "xlog1py": (0.0, 119476),
    "xdivy": (0.0, 127238),
}


@pytest.mark.parametrize("name", SLOPES)
def test_a_slope_is_that_beside_it(name: str) -> None:
    function, at, slope = SLOPES[name]
    # The incomplete beta function ends at 1.
    beside = at - 1e-9 if name == "betainc" else at + 1e-9
    x = tf.constant([at, beside], tf.float64)
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


def test_the_second_slope_of_selu_at_its_kink_is_that_above_it() -> None:
    """It is a line there."""
    x = tf.constant([0.0, 1.0], tf.float64)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = tf.nn.selu(x)
        slope = inner.gradient(y, x)
    np.testing.assert_array_equal(outer.gradient(slope, x), [0.0, 0.0])


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


#: Of a Kaiser window of five, weighed, the first two derivatives where its beta is 0: it is even
#: there, and its second one is half of what (n - 2)^2 / 4 takes away (NumPy's definition of it).
KAISER = (0.0, -sum(weight * (n - 2) ** 2 / 8 for n, weight in enumerate((1, 2, 3, 4, 5))))
#: What TensorFlow has there (#127245).
WRONG_KAISER = (-6.80384758, 2.35769515)


def test_a_kaiser_window_is_even_in_its_beta() -> None:
    weights, near = tf.range(1, 6, dtype=tf.float64), 1e-5

    def derivatives(beta: float) -> tuple[float, float]:
        with tf.GradientTape() as outer:
            outer.watch(x := tf.constant(beta, tf.float64))
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = tf.reduce_sum(tf.signal.kaiser_window(5, x, tf.float64) * weights)
            slope = tape.gradient(y, x)
        return float(slope), float(outer.gradient(slope, x))

    np.testing.assert_allclose(derivatives(near), (KAISER[1] * near, KAISER[1]), rtol=1e-5)
    found = derivatives(0.0)
    np.testing.assert_allclose(found, WRONG_KAISER, rtol=1e-6, err_msg="another error, or none")
    pytest.xfail(f"the derivatives of tf.signal.kaiser_window at 0 are {found}: #127245")


@pytest.mark.parametrize("in_a_graph", [True, False])
def test_accumulators_inside_each_other_have_the_second_derivative(*, in_a_graph: bool) -> None:
    """Of x^3, by way of a tensor that is used as it is and through a product."""

    def second(x: tf.Tensor) -> tf.Tensor:
        along = tf.ones_like(x)
        with tf.autodiff.ForwardAccumulator(x, along) as outer:
            with tf.autodiff.ForwardAccumulator(x, along) as inner:
                same = tf.identity(x)
                y = same * same * same
            slope = inner.jvp(y)
        return outer.jvp(slope)

    found = (traced(second) if in_a_graph else second)(tf.constant(0.7, tf.float64))
    if in_a_graph:
        np.testing.assert_allclose(found, 4.2, rtol=1e-12)
        return
    np.testing.assert_allclose(found, 2.4, rtol=1e-12, err_msg="another error, or none")
    pytest.xfail("eager nested accumulators have 2.4 for the second derivative, 4.2: #127753")


def test_a_compiled_slice_has_its_gradient_where_it_was() -> None:
    x = tf.constant(np.arange(60.0).reshape(3, 4, 5))
    into = tf.constant(np.arange(1.0, 17).reshape(2, 2, 4))

    @partial(traced, jit_compile=True)
    def gradient(x: tf.Tensor, into: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.slice(x, [1, 2, 0], [2, 2, 4])
        return tape.gradient(y, x, output_gradients=into)

    expected = np.zeros((3, 4, 5))
    expected[1:, 2:, :4] = into
    np.testing.assert_array_equal(gradient(x, into), expected)


@pytest.mark.parametrize("turn_b", [True, False])
@pytest.mark.parametrize("turn_a", [True, False])
def test_a_product_of_two_types_has_gradients_of_either(*, turn_a: bool, turn_b: bool) -> None:
    """Operands of 16 bits and of 32: each gradient has its operand's type, and as many digits."""
    a, b = np.array([[1.0, -2, 4], [3, 0.5, -1]]), np.array([[2.0, 1], [-3, 0.25], [1, 5]])
    into = np.array([[1 / 3, -1.7], [0.9, 2.3]])
    left = tf.constant(a.T if turn_a else a, tf.bfloat16)
    right = tf.constant(b.T if turn_b else b, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch([left, right])
        y = tf.raw_ops.SparseMatMul(a=left, b=right, transpose_a=turn_a, transpose_b=turn_b)
    found = tape.gradient(y, [left, right], output_gradients=tf.constant(into, tf.float32))
    assert [one.dtype for one in found] == [tf.bfloat16, tf.float32]
    in_a, in_b = into @ b.T, a.T @ into
    np.testing.assert_allclose(tf.cast(found[0], "float64"), in_a.T if turn_a else in_a, rtol=1e-2)
    np.testing.assert_allclose(found[1], in_b.T if turn_b else in_b, rtol=1e-6)


#: Functions that are 0 where a factor is, whatever the other one is, and where that is no number.
NOTHING: dict[str, tuple[Callable[[tf.Tensor, tf.Tensor], tf.Tensor], float, float]] = {
    "xlogy": (tf.math.xlogy, 0.0, 0.0),
    "xlog1py": (tf.math.xlog1py, 0.0, -1.0),
    "xdivy": (tf.math.xdivy, 0.0, 0.0),
    "divide_no_nan": (tf.math.divide_no_nan, 0.0, 0.0),
    "multiply_no_nan": (lambda x, y: tf.math.multiply_no_nan(y, x), 0.0, np.inf),
}


@pytest.mark.parametrize("name", NOTHING)
def test_a_zero_that_hides_what_is_no_number_has_no_such_gradient(name: str) -> None:
    """As TensorFlow 2.21 defines it: 0 in either, but for the factor that `multiply_no_nan` has."""
    function, *at = NOTHING[name]
    inputs = [tf.constant(part, tf.float64) for part in at]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        y = function(*inputs)
    found = tape.gradient(y, inputs)
    assert float(y) == float(found[1]) == 0.0
    assert float(found[0]) == (np.inf if name == "multiply_no_nan" else 0.0)


@pytest.mark.parametrize("least", [0.0, 0.125])
@pytest.mark.parametrize("channel", [0, 1, 2])
def test_saturation_falls_with_the_least_of_three_colours(channel: int, least: float) -> None:
    """It is 1 - min / max, where a colour is missing, too."""
    pixel = np.insert([0.8, 0.5], channel, least)
    with tf.GradientTape() as tape:
        tape.watch(x := tf.constant(pixel))
        y = tf.image.rgb_to_hsv(x)[1]
    found = tape.gradient(y, x).numpy()
    expected = np.insert([least / 0.64, 0], channel, -1.25)
    if least:
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-12)
        return
    np.testing.assert_array_equal(found, 0, "no longer so wrong: remove the record")
    pytest.xfail("no gradient of a saturation in a colour that is 0: upstream's missing_colour")


@pytest.mark.parametrize("at", [-800.0, 0.0, 800.0])
def test_the_slope_of_a_softplus_levels_out(at: float) -> None:
    """Of the operation that is its gradient: s (1 - s) by the sigmoid, with no overflow far out."""
    with tf.GradientTape() as tape:
        tape.watch(x := tf.constant(at, tf.float64))
        slope = tf.raw_ops.SoftplusGrad(gradients=tf.constant(3.0, tf.float64), features=x)
    assert float(tape.gradient(slope, x)) == (0.75 if at == 0 else 0.0)


def test_the_magnitude_of_a_complex_0_has_the_gradient_0() -> None:
    z = tf.constant([0, 3 + 4j], tf.complex128)
    with tf.GradientTape() as tape:
        tape.watch(z)
        y = tf.abs(z)
    np.testing.assert_allclose(tape.gradient(y, z), [0, 0.6 + 0.8j], rtol=1e-12)


#: Rules whose last step may be another one for operands of the same shape.
PAIRS: dict[str, Callable[[tf.Tensor, tf.Tensor], tf.Tensor]] = {
    "add": tf.add,
    "subtract": tf.subtract,
    "multiply": tf.multiply,
    "divide": tf.divide,
    "pow": tf.pow,
    "atan2": tf.atan2,
    "maximum": tf.maximum,
    "minimum": tf.minimum,
    "squared_difference": tf.math.squared_difference,
    "xlogy": tf.math.xlogy,
    "divide_no_nan": tf.math.divide_no_nan,
    "floormod": tf.math.floormod,
}


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", PAIRS)
def test_both_of_a_pair_have_their_gradients_in_16_bits(name: str, dtype: str) -> None:
    """As float64 has them, of numbers that both types have."""
    numbers = [0.5, 1.75, 3.0], [1.25, 0.75, 2.5]
    found = []
    for kind in (dtype, "float64"):
        inputs = [tf.constant(one, kind) for one in numbers]
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            y = PAIRS[name](*inputs)
        found.append([tf.cast(one, "float64") for one in tape.gradient(y, inputs)])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=3e-2)


def test_an_argument_of_one_number_beside_many_has_the_sum_of_their_gradients() -> None:
    """Of the incomplete beta function, whose slope is x^(a-1) (1-x)^(b-1) / B(a, b)."""
    a, b, x = np.array([0.5, 2.0, 3.5]), np.array([1.5, 0.75, 2.0]), 0.3
    flows = np.array([1.0, -2.0, 0.5])
    with tf.GradientTape() as tape:
        tape.watch(point := tf.constant(x, tf.float64))
        y = tf.math.betainc(a, b, point)
    found = tape.gradient(y, point, output_gradients=tf.constant(flows))
    expected = (flows * x ** (a - 1) * (1 - x) ** (b - 1) / beta(a, b)).sum()
    np.testing.assert_allclose(found, expected, rtol=1e-10)


@pytest.mark.parametrize("kind", [tf.int32, tf.int64])
def test_a_written_slice_has_its_gradients_whatever_type_counts(kind: tf.DType) -> None:
    at = {
        name: tf.constant([end], kind) for name, end in (("begin", 1), ("end", 6), ("strides", 2))
    }
    inputs = [tf.ones(7, tf.float64), tf.ones(3, tf.float64)]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        y = tf.raw_ops.TensorStridedSliceUpdate(input=inputs[0], value=inputs[1], **at)
    found = tape.gradient(y, inputs, output_gradients=tf.range(1.0, 8, dtype=tf.float64))
    np.testing.assert_array_equal(found[0], [1, 0, 3, 0, 5, 0, 7])
    np.testing.assert_array_equal(found[1], [2, 4, 6])
