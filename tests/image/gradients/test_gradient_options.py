"""What tapes and functions of gradients are told beside what to differentiate."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

X = np.array([[0.5, 2.0, -1.0], [1.0, 3.0, 0.25]])


@pytest.mark.parametrize("pfor", [True, False])
def test_a_jacobian_of_what_is_not_connected_may_be_zero(*, pfor: bool) -> None:
    x, w = tf.constant(X), tf.constant([1.0, 2.0], "float64")
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, w])
        y = tf.transpose(x) ** 2
    options = {"experimental_use_pfor": pfor}
    found = tape.jacobian(y, {"x": x, "w": [w]}, unconnected_gradients="zero", **options)
    expected = np.einsum("ij,ik,jl->jikl", 2 * X, np.eye(2), np.eye(3))
    np.testing.assert_allclose(found["x"], expected, rtol=1e-14)
    np.testing.assert_array_equal(found["w"][0], np.zeros((3, 2, 2)))
    assert tape.jacobian(y, [x, w], **options)[1] is None


def test_a_batch_jacobian_knows_no_sizes() -> None:
    @tf.function(input_signature=[tf.TensorSpec([None, None], "float64")])
    def jacobian(x: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.stack([x**2, x**3], axis=1)
        return tape.batch_jacobian(y, x)

    found = jacobian(X)
    slopes = np.stack([2 * X, 3 * X**2], 1)
    np.testing.assert_allclose(found, slopes[..., None] * np.eye(3), rtol=1e-14)


def test_what_is_recomputed_is_told_the_same() -> None:
    """All of it; and every result has its part in the gradient, whatever flows into the first."""

    def powers(y: tf.Tensor, exponent: float = 2.0, *, training: bool = False) -> list[tf.Tensor]:
        return [y**exponent, 2 * y, (3.0 if training else 1.0) * y**2]

    def gradient(x: tf.Tensor, into: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(x)
            if tf.executing_eagerly():
                y = tf.recompute_grad(powers)(x, exponent=3.0, training=True)
            else:
                y = tf.recompute_grad(lambda x: powers(x, 3.0, training=True))(x)
        return tape.gradient(y, x, output_gradients=[into, 5 * into, x])

    into = np.add(X, [[np.inf, 1, 1], [1, 1, 1]])
    expected = into * (3 * X**2 + 10) + 6 * X**2
    for way in (gradient, tf.function(gradient, autograph=False)):
        np.testing.assert_allclose(way(*map(tf.constant, (X, into))), expected, rtol=1e-14)


def _asked(build: Callable[[tf.Tensor], list[tf.Tensor]]) -> list[tf.Tensor]:
    return tf.function(build)(tf.constant(X))


def test_a_gradient_may_stop_where_it_is_told_to() -> None:
    def gradients(x: tf.Tensor) -> list[tf.Tensor]:
        y = x**2
        z = y * x
        return [
            tf.gradients(z, [x, y], stop_gradients=[y])[0],
            *tf.gradients(z, [x, y], stop_gradients=[x, y]),
            tf.gradients(z, x)[0],
            tf.gradients([z, y], x, grad_ys=[x, None])[0],
            *tf.gradients(y, [x, tf.ones(2)], unconnected_gradients="zero"),
        ]

    expected = [X**2, X**2, X, 3 * X**2, 3 * X**3 + 2 * X, 2 * X, np.zeros(2)]
    for one, other in zip(_asked(gradients), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-14)


def test_what_flows_in_stands_beside_its_target() -> None:
    """Nothing flows into one that no input reaches, and what comes after keeps its place."""
    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        targets = [x**2, tf.constant(3.0), x**3]
    found = tape.gradient(targets, x, output_gradients=[tf.constant(2 * X), None, tf.constant(-X)])
    np.testing.assert_allclose(found, 2 * X * 2 * X - X * 3 * X**2, rtol=1e-14)


@pytest.mark.parametrize("way", ["graph", "eager"])
def test_a_target_that_is_given_none_counts_by_what_comes_after_it(way: str) -> None:
    """Where that is another target, or there is nothing."""

    def targets(x: tf.Tensor) -> list[tf.Tensor]:
        y = x**2
        return [y, y**3, tf.exp(x)]

    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        given = (tf.function(targets) if way == "graph" else targets)(x)
    if way == "graph":
        found = tape.gradient(given, x, output_gradients=[None, tf.constant(-X), None])
        np.testing.assert_allclose(found, -X * 6 * X**5, rtol=1e-14)
    else:  # Of the first the process would be ended: upstream's given_none.
        with pytest.raises(ValueError, match="an unsupported type"):
            tape.gradient(given[1:], x, output_gradients=[tf.constant(-X), None])
        pytest.xfail("TensorFlow hands None to the rules of eager operations")


@pytest.mark.parametrize("method", [0, 1, 2])
def test_many_uses_add_up_by_every_method(method: int) -> None:
    def gradients(x: tf.Tensor) -> list[tf.Tensor]:
        y = x * 1.0
        return tf.gradients([y**2, y**3, y], x, aggregation_method=method)

    np.testing.assert_allclose(_asked(gradients)[0], 2 * X + 3 * X**2 + 1, rtol=1e-14)


def test_rows_that_are_counted_in_other_types_add_up() -> None:
    table = tf.constant(X.T)
    with tf.GradientTape() as tape:
        tape.watch(table)
        total = tf.reduce_sum(tf.gather(table, tf.constant([2, 0], "int32")) ** 2)
        total += tf.reduce_sum(tf.gather(table, tf.constant([2, 2], "int64")) ** 3)
    found = tape.gradient(total, table)
    expected = np.zeros((3, 2))
    for place, slope in ((2, 2 * X.T[2]), (0, 2 * X.T[0]), (2, 6 * X.T[2] ** 2)):
        expected[place] += slope
    np.testing.assert_allclose(tf.convert_to_tensor(found), expected, rtol=1e-14)


def test_each_source_has_a_hessian_with_its_axes_twice() -> None:
    def hessians(x: tf.Tensor, w: tf.Tensor) -> list[tf.Tensor]:
        return tf.hessians(tf.reduce_sum(x[0] ** 2 * x[1]) + tf.reduce_sum(x[0, 0] * w**3), [x, w])

    w = np.array([2.0, -1.5])
    of_x, of_w = tf.function(hessians, autograph=False)(tf.constant(X), tf.constant(w))
    mixed = 2 * np.diag(X[0])
    expected = np.moveaxis([[2 * np.diag(X[1]), mixed], [mixed, 0 * mixed]], 1, 2)
    np.testing.assert_allclose(of_x, expected, rtol=1e-14)
    np.testing.assert_allclose(of_w, np.diag(6 * w * X[0, 0]), rtol=1e-14)


def test_a_graph_has_gradients_of_ragged_and_of_complex_tensors() -> None:
    def gradients(x: tf.Tensor) -> list[tf.Tensor]:
        ragged = tf.RaggedTensor.from_row_lengths(x[0], [2, 0, 1])
        z = tf.complex(x[0], x[1])
        y = ragged * ragged
        (of_ragged,) = tf.gradients(y, ragged, grad_ys=[3.0 * ragged])
        (stopped,) = tf.gradients(y * ragged, ragged, stop_gradients=[y.values])
        apart = tf.RaggedTensor.from_row_lengths(x[1], [1, 2])
        zeros = tf.gradients(y, [apart, ragged], unconnected_gradients="zero")[0]
        of_z = tf.gradients([z * z, 2 * z], z, grad_ys=[z, 5 * z])
        return [of_ragged.values, stopped.values, zeros.values, *of_z]

    of_ragged, stopped, zeros, of_z = tf.function(gradients, autograph=False)(tf.constant(X))
    z = X[0] + 1j * X[1]
    np.testing.assert_allclose(of_ragged, 6 * X[0] ** 2, rtol=1e-14)
    np.testing.assert_allclose(stopped, X[0] ** 2, rtol=1e-14)
    np.testing.assert_array_equal(zeros, np.zeros(3))
    np.testing.assert_allclose(of_z, 2 * z * z.conj() + 10 * z, rtol=1e-14)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_gradient_passes_by_whatever_variables_are_read(count: int) -> None:
    """They have none themselves."""
    variables = [tf.Variable(float(number + 2), dtype="float64") for number in range(count)]

    def scaled(x: tf.Tensor) -> tf.Tensor:
        for variable in variables:
            x = x * variable
        return x**2

    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.grad_pass_through(scaled)(x)
    found, *others = tape.gradient(y, [x, *variables], output_gradients=tf.constant(3 * X))
    np.testing.assert_array_equal(found, 3 * X)
    assert others == [None] * count


@pytest.mark.parametrize("count", [None, 4])
@pytest.mark.parametrize("sparse", [True, False])
@pytest.mark.parametrize("name", ["segment_sum", "segment_mean", "segment_sqrt_n"])
def test_a_gradient_is_of_rows_where_it_is_asked_to_be(
    name: str, count: int | None, *, sparse: bool
) -> None:
    table = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(table)
        y = getattr(tf.sparse, name)(
            table, [1, 0, 1], [0, 0, 2], num_segments=count, sparse_gradient=sparse
        )
    assert isinstance(tape.gradient(y, table), tf.IndexedSlices) == sparse
