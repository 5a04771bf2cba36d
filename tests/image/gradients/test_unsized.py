"""Rules that ask for sizes while they run: a graph that knows ranks alone agrees with what does.

And loops and conditions of sizes that no graph knows, beside derivatives in closed form.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import tensorflow as tf

from gradients.test_machinery import POINT, close
from gradients.tracing import traced

_random = np.random.default_rng(51)
Build = Callable[..., tf.Tensor]


def diagonals(x: tf.Tensor, d: tf.Tensor, *, of: str, k: int) -> tf.Tensor:
    """Write diagonals into matrices."""
    return getattr(tf.raw_ops, of)(input=x, diagonal=d, k=k)


#: A function, and the shapes of what it takes.
ROWS: dict[str, tuple[Build, tuple[tuple[int, ...], ...]]] = {
    # A diagonal ends with the rows, or with the columns.
    f"{of}{k}": (partial(diagonals, of=of, k=k), ((2, *shape), (2, length)))
    for of in ("MatrixSetDiagV2", "MatrixSetDiagV3")
    for k, shape, length in ((-1, (3, 4), 2), (0, (3, 4), 3), (1, (4, 3), 2))
} | {
    "lstsq_tall": (partial(tf.linalg.lstsq, l2_regularizer=0.5), ((2, 4, 3), (2, 4, 2))),
    "lstsq_wide": (partial(tf.linalg.lstsq, l2_regularizer=0.5), ((2, 3, 4), (2, 3, 2))),
    "tensordot": (partial(tf.tensordot, axes=[[0, 2], [2, 1]]), ((2, 3, 4), (5, 4, 2))),
    "gather_batches": (
        lambda x: tf.gather(x, [[2, 0], [1, 1]], axis=2, batch_dims=1) ** 2,
        ((2, 3, 4),),
    ),
    "sequence_mask": (
        lambda x: tf.where(tf.sequence_mask([1, 3], tf.shape(x)[1]), x, x**2),
        ((2, 4),),
    ),
    "repeat": (lambda x: tf.repeat(x, [2, 0, 3], axis=1) ** 2, ((2, 3),)),
    "boolean_mask": (lambda x: tf.boolean_mask(x, x[:, 0] > 0) ** 2, ((5, 3),)),
    # More than 16 bits count exactly.
    "moments": (lambda x: tf.stack(tf.nn.moments(x, [0, 2])), ((19, 3, 27),)),
    "slices": (
        lambda x: tf.concat(
            [
                x[2 - tf.size(x[0]) :, 0],
                x[: tf.size(x[1], tf.int64) - 4, 1],
                x[tf.size(x[2]) - 2 :: -2, 2],
                x[: -tf.size(x[0]) : -1, 0],
            ],
            0,
        ),
        ((4, 3),),
    ),
    "variance": (lambda x: tf.math.reduce_variance(x, [-1, 0]), ((2, 3, 4),)),
}


def gradient(build: Build, *inputs: tf.Tensor) -> list[tf.Tensor]:
    """Return what flows back from the function's output, each number of which counts otherwise."""
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        out = build(*inputs)
        counts = tf.reshape(tf.range(1, tf.size(out) + 1), tf.shape(out))
        total = tf.reduce_sum(out * tf.cast(counts, out.dtype))
    return [tf.convert_to_tensor(one) for one in tape.gradient(total, inputs)]


def test_a_rank_is_found_while_it_runs() -> None:
    """Axes from behind, of what has any rank."""
    one, other = _random.standard_normal((2, 3, 4)), _random.standard_normal((5, 4, 2))
    unranked = [tf.TensorSpec(None, tf.float64)] * 2
    product = tf.function(partial(tf.tensordot, axes=[[0, -1], [-1, 1]]), input_signature=unranked)
    np.testing.assert_allclose(product(one, other), np.einsum("abc,dca->bd", one, other))


#: A wide matrix is solved as a tall one is, transposed.
LATER = {"lstsq_wide"}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.tier_all] * (name in LATER)) for name in ROWS],
)
def test_sizes_are_found_while_it_runs(name: str) -> None:
    build, shapes = ROWS[name]
    inputs = [tf.constant(_random.standard_normal(shape)) for shape in shapes]
    known = [tf.TensorSpec([None] * len(shape), tf.float64) for shape in shapes]
    unsized = traced(partial(gradient, build), input_signature=known)
    for one, other in zip(unsized(*inputs), gradient(build, *inputs), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


#: Functions of two whose rules ask which sizes broadcast.
OF_TWO: dict[str, Build] = {
    **{of: getattr(tf, of) for of in ("add", "subtract", "multiply", "divide", "pow", "maximum")},
    "squared_difference": tf.math.squared_difference,
    "multiply_no_nan": tf.math.multiply_no_nan,
    "where": lambda a, b: tf.where([True, False, True], a, b),
    "matmul": lambda a, b: tf.matmul(a[:, :, tf.newaxis], b[:, tf.newaxis]),
    "einsum": lambda a, b: tf.einsum("...i,...j->...ji", a, b),
    "triangular_solve": lambda a, b: tf.linalg.triangular_solve(
        tf.linalg.diag(a) + tf.linalg.diag(a[:, 1:], k=-1), b[:, :, tf.newaxis]
    ),
    "banded_solve": lambda a, b: tf.linalg.banded_triangular_solve(
        tf.stack([a, a * [0, 1, 1]], 1), b[:, :, tf.newaxis]
    ),
}


def of_all(a: tf.Tensor, b: tf.Tensor, c: tf.Tensor) -> tf.Tensor:
    """Return what all functions give of each two."""
    parts = [build(*two) for build in OF_TWO.values() for two in ((a, b), (a, c), (c, b))]
    return tf.concat([tf.reshape(part, [-1]) for part in parts], 0)


def test_sizes_that_may_be_one_are_found_while_it_runs() -> None:
    """Two that are not known are not the same, nor is one that is not known another than 1."""
    known = [tf.TensorSpec([rows, 3], tf.float32) for rows in (None, None, 1)]
    unsized = traced(partial(gradient, of_all), input_signature=known)
    random = np.random.default_rng(52)
    for rows in ((1, 4), (4, 1), (1, 1)):
        inputs = [tf.constant(random.uniform(0.5, 2, (n, 3)), tf.float32) for n in (*rows, 1)]
        for one, other in zip(unsized(*inputs), gradient(of_all, *inputs), strict=True):
            np.testing.assert_allclose(one, other, rtol=0, atol=1e-5 * np.abs(other).max())


@pytest.mark.parametrize("align", ["LEFT_RIGHT", "RIGHT_LEFT", "LEFT_LEFT", "RIGHT_RIGHT"])
def test_diagonals_come_back_where_they_were(align: str) -> None:
    """Of a matrix of any rank, however the shorter ones are aligned."""
    matrix, into = _random.standard_normal((3, 5)), _random.standard_normal((5, 3))
    read = partial(tf.linalg.diag_part, k=(-2, 2), align=align)

    @partial(tf.function, input_signature=[tf.TensorSpec(None, tf.float64)] * 2)
    def gradient(x: tf.Tensor, flows: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = read(x)
        return tape.gradient(y, x, output_gradients=flows)

    # Each number of the matrix tells its place; where there is none, 0.
    places = read(np.arange(1, 16).reshape(3, 5)).numpy()
    expected = np.zeros(16)
    expected[places] = into
    np.testing.assert_array_equal(gradient(matrix, into), (expected[1:]).reshape(3, 5))


SPEC = tf.TensorSpec([None, None], tf.float64)


def of_no_size(y: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
    """Iterate y <- y w, of sizes that decide what is summed; the diagonal is doubled."""

    def step(n: tf.Tensor, y: tf.Tensor) -> tuple[tf.Tensor, ...]:
        diagonal = tf.raw_ops.MatrixDiagPart(input=y)
        return n + 1, tf.raw_ops.MatrixSetDiag(input=y * w, diagonal=2 * diagonal * w[0, 0])

    start = tf.constant(0), y
    return tf.while_loop(lambda n, _: n < 3, step, start, maximum_iterations=3)[1]


SQUARE = np.array([[0.5, -1.0], [2.0, 0.25]])


@pytest.mark.parametrize("compiled", [False, True])
def test_a_loop_of_unknown_sizes_has_its_gradient(*, compiled: bool) -> None:
    """Asked for twice; elements beside the diagonal grow by w each step, those on it by 2 w."""

    @traced(input_signature=[SPEC, SPEC], jit_compile=compiled)
    def gradients(y: tf.Tensor, w: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([y, w])
            value = of_no_size(y, w)
            square = value**2
        return [*tape.gradient(value, [y, w]), tape.gradient(square, y)]

    w = 1.5
    factor = np.where(np.eye(2), 8 * w**3, w**3)
    of_y, of_w, of_square = gradients(tf.constant(SQUARE), tf.constant([[w]], tf.float64))
    close(of_y, factor)
    close(of_w, np.array([[(3 * factor / w * SQUARE).sum()]]))
    close(of_square, 2 * factor**2 * SQUARE)


def test_a_loop_of_unknown_sizes_has_its_second_derivative() -> None:
    """In w, of the sum: 6 w for each element beside the diagonal, 48 w for each on it."""

    @traced(input_signature=[SPEC, SPEC])
    def second(y: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as outer:
            outer.watch(w)
            with tf.GradientTape() as inner:
                inner.watch(w)
                value = of_no_size(y, w)
            first = inner.gradient(value, w)
        return outer.gradient(first, w)

    ours = second(tf.constant(SQUARE), tf.constant([[1.5]], tf.float64))
    close(ours, np.array([[(1.5 * np.where(np.eye(2), 48, 6) * SQUARE).sum()]]))


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("shape", [[None], None])
def test_a_condition_of_unknown_sizes_keeps_what_each_branch_made(
    shape: list[None] | None, *, compiled: bool
) -> None:
    """It is a condition of an unknown rank, too; XLA keeps zeros of no size for the other."""
    signature = [tf.TensorSpec(shape, tf.float64), tf.TensorSpec(None, tf.bool)]

    @traced(input_signature=signature, jit_compile=compiled)
    def run(x: tf.Tensor, flag: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.cond(flag, lambda: tf.sin(x * x) * x, lambda: tf.exp(-x) * tf.cos(x))
        return tape.gradient(y, x)

    sine = np.sin(POINT**2) + 2 * POINT**2 * np.cos(POINT**2)
    cosine = -np.exp(-POINT) * (np.cos(POINT) + np.sin(POINT))
    for taken, expected in ((True, sine), (False, cosine)):
        close(run(tf.constant(POINT), tf.constant(taken)), expected, 1e-13)
