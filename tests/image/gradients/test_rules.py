"""What rules answer of many numbers, of constants, and in graphs that sum twice: by formulas.

Their functions are linear, so that what flows into one and where it goes is all of a gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
import tensorflow as tf

from gradients.tracing import traced

Function = Callable[[tf.Tensor], tf.Tensor]
_random = np.random.default_rng(119)
#: More numbers than a sum in 16 bits can count, and more rows than 16 bits can name.
MANY = _random.permutation(40_200).reshape(200, 201) / 40_200
ROWS, AT = np.arange(70_001.0), np.array([70_000, 3, 70_000, 65_537])


def gradient(function: Function, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what flows into a function's output, and what comes out of its input."""
    with tf.GradientTape() as tape:
        tape.watch(of := tf.constant(x))
        y = function(of)
    into = _random.standard_normal(y.shape)
    found = tape.gradient(y, of, output_gradients=tf.constant(into))
    return into, tf.convert_to_tensor(found).numpy()


def patches(into: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return where numbers of patches of 2 x 2, every three rows and two columns, come from."""
    whole, (rows, columns) = np.zeros_like(x), into.shape[1:3]
    for place, (row, column) in enumerate(product(range(2), range(2))):
        whole[0, row:, column:, 0][: 3 * rows : 3, : 2 * columns : 2] += into[0, ..., place]
    return whole


def scattered(into: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return where rows come from."""
    whole = np.zeros_like(x)
    np.add.at(whole, AT, into)
    return whole


#: A function of many numbers, these, and what flows back of what flows in.
LARGE: dict[str, tuple[Function, np.ndarray, Callable[[np.ndarray, np.ndarray], np.ndarray]]] = {
    "mean": (tf.reduce_mean, MANY, lambda into, x: into / x.size + 0 * x),
    "mean_of_columns": (
        lambda x: tf.reduce_mean(x, 0),
        MANY.reshape(-1, 1),
        lambda into, x: into / x.size + 0 * x,
    ),
    "sum": (tf.reduce_sum, MANY, lambda into, x: into + 0 * x),
    "max": (tf.reduce_max, MANY, lambda into, x: into * (x == x.max())),
    "variance": (
        tf.math.reduce_variance,
        MANY,
        lambda into, x: into * 2 * (x - x.mean()) / x.size,
    ),
    "norm": (tf.norm, MANY, lambda into, x: into * x / np.linalg.norm(x)),
    "cumsum": (
        lambda x: tf.cumsum(x, 1),
        MANY.reshape(3, -1),
        lambda into, _: into[:, ::-1].cumsum(1)[:, ::-1],
    ),
    "top_k": (
        lambda x: tf.math.top_k(x, 2)[0],
        MANY.reshape(2, 3, -1),
        lambda into, x: sum(
            np.where(x == np.sort(x)[..., [-1 - i]], into[..., [i]], 0) for i in range(2)
        ),
    ),
    "softmax": (
        tf.nn.softmax,
        12 * MANY.reshape(1, -1),
        lambda into, x: (
            (into - (into * np.exp(x)).sum() / np.exp(x).sum()) * np.exp(x) / np.exp(x).sum()
        ),
    ),
    "gather": (lambda x: tf.gather(x, AT), ROWS, scattered),
    "gather_nd": (lambda x: tf.gather_nd(x, AT[:, None]), ROWS, scattered),
    "gather_along": (lambda x: tf.gather(x[None], AT, axis=1)[0], ROWS, scattered),
    "scatter": (
        lambda x: tf.scatter_nd(AT[[0, 1, 3], None], x, [70_001]),
        ROWS[:3],
        lambda into, _: into[AT[[0, 1, 3]]],
    ),
    "segments": (
        lambda x: tf.math.unsorted_segment_sum(x, AT, 70_001),
        ROWS[:4],
        lambda into, _: into[AT],
    ),
    "patches": (
        lambda x: tf.image.extract_patches(
            x, [1, 2, 2, 1], [1, 3, 2, 1], [1, 1, 1, 1], padding="VALID"
        ),
        MANY[:53, :47].reshape(1, 53, 47, 1),
        patches,
    ),
}


@pytest.mark.parametrize("name", LARGE)
def test_many_numbers_have_each_its_gradient(name: str) -> None:
    function, x, back = LARGE[name]
    into, found = gradient(function, x)
    np.testing.assert_allclose(found, back(into, x), rtol=1e-9, atol=1e-13)


def test_a_table_of_many_rows_has_its_gradient_where_it_was_read() -> None:
    table = tf.Variable(ROWS[:, None])
    with tf.GradientTape() as tape:
        y = tf.nn.embedding_lookup(table, AT) * np.array([[1.0], [2], [4], [8]])
    found = tape.gradient(y, table)
    np.testing.assert_array_equal(found.indices, AT)
    np.testing.assert_array_equal(found.values, [[1.0], [2], [4], [8]])


@pytest.mark.parametrize("kind", ["constant", "Variable"])
def test_all_readings_of_a_table_count(kind: str) -> None:
    """Of three, and of three beside a use of all of it."""
    of, weights = getattr(tf, kind)(np.ones(5)), np.arange(1.0, 6)
    for used in (0, 1):
        with tf.GradientTape() as tape:
            tape.watch(of)
            parts = [tf.gather(of, [i, 4]) * 10.0**i for i in range(3)]
            y = sum(map(tf.reduce_sum, parts)) + (tf.reduce_sum(of * weights) if used else 0)
        found = tf.convert_to_tensor(tape.gradient(y, of))
        np.testing.assert_allclose(found, [1, 10, 100, 0, 111] + used * weights)


@pytest.mark.parametrize("turn_b", [False, True])
@pytest.mark.parametrize("turn_a", [False, True])
def test_a_large_product_with_a_constant(*, turn_a: bool, turn_b: bool) -> None:
    """Either side, by each flag: alone a rule has another branch."""
    a, b = _random.standard_normal((70, 130)), _random.standard_normal((130, 90))
    left, right = a.T if turn_a else a, b.T if turn_b else b
    into, of_a = gradient(lambda x: tf.matmul(x, right, turn_a, turn_b), left)
    expected = into @ b.T
    np.testing.assert_allclose(of_a, expected.T if turn_a else expected, rtol=0, atol=1e-11)
    into, of_b = gradient(lambda x: tf.matmul(left, x, turn_a, turn_b), right)
    expected = a.T @ into
    np.testing.assert_allclose(of_b, expected.T if turn_b else expected, rtol=0, atol=1e-11)


def test_sums_of_one_shape_along_other_axes_share_nothing() -> None:
    """Of one graph, which keeps the sizes that it worked out."""
    x = _random.standard_normal((2, 3, 4))
    weights = [_random.standard_normal(size) for size in ((2, 3, 4), (4,), (3, 4), (3,), (2, 1, 4))]

    @traced
    def gradients(x: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(x)
            parts = [x, tf.reduce_sum(x, [0, 1]), tf.reduce_sum(x, 0), tf.reduce_mean(x, [0, 2])]
            parts.append(tf.reduce_mean(x, 1, keepdims=True))
            y = tf.add_n([tf.reduce_sum(one * w) for one, w in zip(parts, weights, strict=True)])
        return tape.gradient(y, x)

    all_of, columns, slices, means, rows = weights
    expected = all_of + columns + slices + means[:, None] / 8 + rows / 3
    np.testing.assert_allclose(gradients(tf.constant(x)), expected, rtol=1e-12)


CHOICES: dict[str, tuple[Callable[[tf.Tensor, tf.Tensor], tf.Tensor], list[bool]]] = {
    "where": (lambda x, y: tf.where([True, False, True, False], x, y), [True, False, True, False]),
    "maximum": (tf.maximum, [True, True, False, False]),
    "minimum": (tf.minimum, [False, False, True, True]),
}


@pytest.mark.parametrize("name", CHOICES)
def test_what_is_not_chosen_has_nothing_of_an_infinite_gradient(name: str) -> None:
    function, first = CHOICES[name]
    inputs = tf.constant([3.0, 2, 1, 0]), tf.constant([1.0, 1, 2, 2])
    into = tf.constant([np.inf, 1, -np.inf, np.nan])
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        y = function(*inputs)
    of_x, of_y = tape.gradient(y, inputs, output_gradients=into)
    np.testing.assert_array_equal(of_x, np.where(first, into, 0))
    np.testing.assert_array_equal(of_y, np.where(first, 0, into))


def test_the_labels_of_far_logits_have_finite_gradients() -> None:
    """What flows into a distribution is a surprise, which no softmax of 0 may make infinite."""
    logits, into = np.array([[0.0, 2000, -3], [-800, 0.0, 1e4]]), np.array([2.0, -0.5])
    with tf.GradientTape() as tape:
        tape.watch(labels := tf.constant([[0.2, 0.5, 0.3], [1, 0, 0]], tf.float64))
        y = tf.nn.softmax_cross_entropy_with_logits(labels, logits)
    found = tape.gradient(y, labels, output_gradients=tf.constant(into))
    surprise = np.logaddexp.reduce(logits, 1, keepdims=True) - logits
    np.testing.assert_allclose(found, into[:, None] * surprise, rtol=1e-12)
