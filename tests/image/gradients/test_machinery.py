"""The machinery around single operations: tapes, recomputation, Jacobians, custom gradients.

Everything is compared with the derivative as it is known in closed form, in float64.
"""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from gradients.tracing import traced

POINT = np.array([0.3, -1.2, 0.8])
WAYS = {
    "eager": lambda function: function,
    "function": tf.function,
    "without autograph": traced,
    "xla": lambda function: tf.function(function, jit_compile=True),
}
#: What has neither a loop nor a condition is the same with AutoGraph and without.
STRAIGHT = ("eager", "function", "xla")


def close(ours: tf.Tensor, theirs: np.ndarray, tolerance: float = 1e-14) -> None:
    """Hold a tensor to what it must be, by the largest element."""
    error = np.abs(ours.numpy() - theirs).max()
    assert error <= tolerance * np.abs(theirs).max()


#: XLA compiles no loop over rows, whose number it does not know.
@pytest.mark.parametrize(
    ("way", "pfor"),
    [(way, pfor) for way in STRAIGHT for pfor in (True, False) if pfor or way != "xla"],
)
def test_a_jacobian_has_every_derivative(way: str, *, pfor: bool) -> None:
    """Of y_i = (A x)_i sin(x_i): A_ij sin(x_i), and on the diagonal (A x)_i cos(x_i) more."""
    matrix = np.arange(9.0).reshape(3, 3) - 3.5
    expected = matrix * np.sin(POINT)[:, None] + np.diag(matrix @ POINT * np.cos(POINT))

    def jacobian(x: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape(persistent=not pfor) as tape:
            tape.watch(x)
            y = tf.linalg.matvec(matrix, x) * tf.sin(x)
        return tape.jacobian(y, x, experimental_use_pfor=pfor)

    close(WAYS[way](jacobian)(tf.constant(POINT)), expected)


@pytest.mark.parametrize("pfor", [True, False], ids=["vectorised", "row by row"])
def test_a_batch_jacobian_has_one_jacobian_for_each(*, pfor: bool) -> None:
    """Of y = x_0 x for each x of a batch: x_0 on the diagonal, x more in the first column."""
    batch = np.stack([POINT, 2 * POINT, POINT[::-1], POINT - 1])
    expected = batch[:, :1, None] * np.eye(3) + batch[:, :, None] * np.eye(3)[0]
    x = tf.constant(batch)
    with tf.GradientTape(persistent=not pfor) as tape:
        tape.watch(x)
        y = x[:, :1] * x
    close(tape.batch_jacobian(y, x, experimental_use_pfor=pfor), expected)


@pytest.mark.parametrize(
    "way", ["eager", pytest.param("function", marks=pytest.mark.tier_all), "xla"]
)
def test_forward_over_reverse_gives_a_hessian_times_a_vector(way: str) -> None:
    """Of sum x^3 + (sum x)^2: 6 x v + 2 sum v; and reverse over forward gives the same."""
    vector = np.array([1.0, -2.0, 0.5])
    expected = 6 * POINT * vector + 2 * vector.sum()

    def value(x: tf.Tensor) -> tf.Tensor:
        total = tf.reduce_sum(x)
        return tf.reduce_sum(x * x * x) + total * total

    def forward_over_reverse(x: tf.Tensor) -> tf.Tensor:
        with tf.autodiff.ForwardAccumulator(x, tf.constant(vector)) as accumulator:
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = value(x)
            gradient = tape.gradient(y, x)
        return accumulator.jvp(gradient)

    def reverse_over_forward(x: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(x)
            with tf.autodiff.ForwardAccumulator(x, tf.constant(vector)) as accumulator:
                y = value(x)
            slope = accumulator.jvp(y)
        return tape.gradient(slope, x)

    for product in (forward_over_reverse, reverse_over_forward):
        close(WAYS[way](product)(tf.constant(POINT)), expected)


@pytest.mark.parametrize("way", ["eager", "function"])
def test_what_is_recomputed_has_the_gradient_of_what_is_kept(way: str) -> None:
    """In an input and in variables: those of the function, in their order."""
    x, a, b = tf.constant(POINT), tf.Variable(POINT * 2), tf.Variable(POINT[::-1] + 3)

    @tf.recompute_grad
    def recomputed(x: tf.Tensor) -> tf.Tensor:
        return tf.sin(a * x) / b

    def gradient() -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = recomputed(x)
        return tape.gradient(y, [x, a, b])

    of_x, of_a, of_b = WAYS[way](gradient)()
    slope = np.cos(2 * POINT**2) / (POINT[::-1] + 3)
    close(of_x, slope * 2 * POINT)
    close(of_a, slope * POINT)
    close(of_b, -np.sin(2 * POINT**2) / (POINT[::-1] + 3) ** 2)


@pytest.mark.parametrize("way", ["eager", "function"])
def test_a_custom_gradient_gives_each_variable_its_own(way: str) -> None:
    """Three variables of one shape: a gradient in the wrong order would fit, and be wrong."""
    x = tf.constant(POINT)
    weights = [tf.Variable(POINT + shift, name=f"weight_{shift}") for shift in range(3)]

    @tf.custom_gradient
    def weighted(x: tf.Tensor):
        first, second, third = (tf.identity(weight) for weight in weights)

        def gradient(upstream: tf.Tensor, variables: list[tf.Variable]):
            own = {"weight_0": 10.0, "weight_1": 20.0, "weight_2": 30.0}
            names = [variable.name.partition(":")[0] for variable in variables]
            return 5 * upstream, [own[name] * upstream * x for name in names]

        return x * first * second * third, gradient

    def gradient() -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = weighted(x) * 2
        return tape.gradient(y, [x, *weights])

    of_x, *of_weights = WAYS[way](gradient)()
    close(of_x, np.full(3, 10.0))
    for ours, factor in zip(of_weights, (20, 40, 60), strict=True):
        close(ours, factor * POINT)


@pytest.mark.parametrize("way", STRAIGHT)
def test_a_custom_gradient_has_a_gradient_itself(way: str) -> None:
    """Two inputs, two outputs, with a rule of its own: 7 u + v a, and v b; differentiated twice."""

    @tf.custom_gradient
    def own(a: tf.Tensor, b: tf.Tensor):
        return (a * 2, a * b), lambda u, v: (7 * u + v * a, v * b)

    def twice(a: tf.Tensor, b: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as outer:
            outer.watch([a, b])
            with tf.GradientTape() as inner:
                inner.watch([a, b])
                one, other = own(a, b)
                total = one + other * 3
            first, second = inner.gradient(total, [a, b])
            together = first**2 + second
        return [first, second, *outer.gradient(together, [a, b])]

    a, b = POINT, POINT[::-1] + 2
    first, second, in_a, in_b = WAYS[way](twice)(tf.constant(a), tf.constant(b))
    close(first, 7 + 3 * a)
    close(second, 3 * b)
    close(in_a, 2 * (7 + 3 * a) * 3)
    close(in_b, np.full(3, 3.0))


@pytest.mark.parametrize("way", STRAIGHT)
def test_a_tape_records_what_it_is_told_to(way: str) -> None:
    """Not while it is stopped, nothing before a reset, and what it does not watch not at all."""

    def gradients(x: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x**2
            with tape.stop_recording():
                z = x**3
            stopped = y * z
        with tf.GradientTape() as reset:
            reset.watch(x)
            y = x**2
            reset.reset()
            reset.watch(x)
            again = x * y
        return [tape.gradient(stopped, x), reset.gradient(again, x)]

    stopped, again = WAYS[way](gradients)(tf.constant(POINT))
    close(stopped, 2 * POINT * POINT**3)
    close(again, POINT**2)


@pytest.mark.parametrize("way", ["eager", "function"])
def test_a_persistent_tape_answers_again(way: str) -> None:
    """For several targets and sources, in structures, with and without what flows in."""

    def gradients(x: tf.Tensor, w: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([x, w])
            y, z = x * w, tf.sin(x)
        of_y = tape.gradient(y, {"x": x, "w": w})
        both = tape.gradient([y, z], [x, (w,)], output_gradients=[tf.ones_like(y), 2 * w])
        return [of_y["x"], of_y["w"], both[0], both[1][0], tape.gradient(z, x)]

    w = POINT[::-1] + 1
    ours = WAYS[way](gradients)(tf.constant(POINT), tf.constant(w))
    expected = [w, POINT, w + 2 * w * np.cos(POINT), POINT, np.cos(POINT)]
    for one, other in zip(ours, expected, strict=True):
        close(one, other)


@pytest.mark.parametrize("way", ["eager", "function"])
def test_what_is_not_connected_is_none_or_zero(way: str) -> None:
    """As it is asked for; a source that is a target has itself in its gradient."""

    def gradients(x: tf.Tensor, w: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([x, w])
            y = x**2
        assert tape.gradient(y, w) is None
        zero = tape.gradient(y, w, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return [zero, tape.gradient([y, x], x)]

    zero, own = WAYS[way](gradients)(tf.constant(POINT), tf.constant(np.ones((2, 2))))
    assert zero.shape == (2, 2)
    assert not zero.numpy().any()
    close(own, 2 * POINT + 1)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("way", STRAIGHT)
def test_nested_tapes_give_each_order(way: str, order: int) -> None:
    """Of exp(2 x): 2^n exp(2 x)."""

    def derivative(x: tf.Tensor, order: int) -> tf.Tensor:
        if not order:
            return tf.exp(2 * x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = derivative(x, order - 1)
        return tape.gradient(y, x)

    close(
        WAYS[way](lambda x: derivative(x, order))(tf.constant(POINT)), 2**order * np.exp(2 * POINT)
    )


def test_a_called_function_keeps_its_outputs_apart() -> None:
    """Each of three outputs alone, and two of them, from one tape outside."""

    @tf.function
    def three(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        return x**2, tf.sin(x), tf.constant(1.0, x.dtype) * 3

    x = tf.Variable(POINT)
    with tf.GradientTape(persistent=True) as tape:
        one, other, constant = three(x)
        mixed = one * tf.stop_gradient(other)
    close(tape.gradient(one, x), 2 * POINT)
    close(tape.gradient(other, x), np.cos(POINT))
    close(tape.gradient(mixed, x), 2 * POINT * np.sin(POINT))
    close(tape.gradient([one, other], x), 2 * POINT + np.cos(POINT))
    assert not tape.gradient(constant, x).numpy().any()


def test_a_sparse_gradient_sums_what_is_repeated() -> None:
    """Of a gather by 200 ids, of which 3 are distinct: read twice, and through a function.

    In 130 columns of whole numbers, of which a float32 holds every sum.
    """
    ids = np.arange(200) % 3
    weights = np.arange(200.0 * 130).reshape(200, 130)
    expected = np.zeros((4, 130))
    np.add.at(expected, ids, weights)
    table = tf.Variable(np.ones((4, 130), "float32"))
    for gather in (tf.gather, tf.function(tf.gather)):
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(gather(table, ids) * weights) + tf.reduce_sum(gather(table, ids[:7]))
        more = np.zeros((4, 130))
        np.add.at(more, ids[:7], 1.0)
        np.testing.assert_array_equal(
            tf.convert_to_tensor(tape.gradient(y, table)), expected + more
        )
