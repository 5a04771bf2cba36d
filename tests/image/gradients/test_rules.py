"""What rules answer where many parts add up, of infinite numbers, ties, no ranks and few bits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from gradients.tracing import traced

SEED = 119


def test_a_table_of_many_rows_has_its_gradient_where_it_was_read() -> None:
    """More rows than 16 bits can name."""
    table, at = tf.Variable(np.zeros([70_001, 1])), np.array([70_000, 3, 70_000, 65_537])
    with tf.GradientTape() as tape:
        y = tf.nn.embedding_lookup(table, at) * np.array([[1.0], [2], [4], [8]])
    found = tape.gradient(y, table)
    np.testing.assert_array_equal(found.indices, at)
    np.testing.assert_array_equal(found.values, [[1.0], [2], [4], [8]])
    with tf.GradientTape() as tape:
        y = table.gather_nd(at[:, None])
    np.testing.assert_array_equal(tape.gradient(y, table).indices, at)


@pytest.mark.parametrize("kind", ["constant", "Variable"])
def test_all_readings_of_a_table_count(kind: str) -> None:
    """Of twelve, and of twelve beside a use of all of it."""
    of, weights = getattr(tf, kind)(np.ones(5)), np.arange(1.0, 6)
    expected = np.zeros(5)
    for i in range(12):
        expected[[i % 4, 4]] += 2**i
    for used in (0, 1):
        with tf.GradientTape() as tape:
            tape.watch(of)
            parts = [tf.gather(of, [i % 4, 4]) * 2.0**i for i in range(12)]
            y = sum(map(tf.reduce_sum, parts)) + (tf.reduce_sum(of * weights) if used else 0)
        found = tf.convert_to_tensor(tape.gradient(y, of))
        np.testing.assert_allclose(found, expected + used * weights)


def test_sums_of_one_shape_along_other_axes_share_nothing() -> None:
    """Of one graph, which keeps the sizes that it worked out."""
    random = np.random.default_rng(SEED)
    x = random.standard_normal((2, 3, 4))
    weights = [random.standard_normal(size) for size in ((2, 3, 4), (4,), (3, 4), (3,), (2, 1, 4))]

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


PARTS: dict[str, Callable[[tf.Tensor, tf.Tensor], tf.Tensor]] = {
    "sum": lambda x, _: tf.reduce_sum(x, -2),
    "mean": lambda x, _: tf.reduce_mean(x, [0, -1], keepdims=True),
    "max": lambda x, _: tf.reduce_max(x, [-1, 0]),
    "prod": lambda x, _: tf.reduce_prod(x, 1),
    "add": lambda x, y: x + y,
    "power": lambda x, y: (y**2 + 1) ** x,
    "maximum": tf.maximum,
    "where": lambda x, y: tf.where(x > 0, x, y),
    "matmul": lambda x, y: tf.matmul(x, y, transpose_b=True),
    "einsum": lambda x, y: tf.einsum("abc,dc->adb", x, y),
    "reshape": lambda x, _: tf.reshape(x, [4, -1]),
    "tile": lambda x, _: tf.tile(x, [1, 2, 3]),
    "broadcast": lambda _, y: tf.broadcast_to(y, [5, 1, 4]),
    "concat": lambda x, _: tf.concat([x, x[:, :1] ** 2], -2),
    "gather": lambda x, _: tf.gather(x, [2, 0, 2], axis=1),
    "top_k": lambda x, _: tf.math.top_k(x, 2)[0],
}


def weighed(x: tf.Tensor, y: tf.Tensor) -> list[tf.Tensor]:
    """Return the gradients through all the parts, each number of which counts otherwise."""
    with tf.GradientTape() as tape:
        tape.watch([x, y])
        whole = tf.concat([tf.reshape(part(x, y), [-1]) for part in PARTS.values()], 0)
        total = tf.tensordot(whole, tf.cos(tf.range(tf.cast(tf.size(whole), x.dtype))), 1)
    return tape.gradient(total, [x, y])


def test_ranks_are_found_while_it_runs() -> None:
    """A graph that knows the rank of nothing has the gradients of one that knows all."""
    random = np.random.default_rng(SEED)
    inputs = random.standard_normal((2, 3, 4)), random.standard_normal((1, 4))
    unranked = traced(weighed, input_signature=[tf.TensorSpec(None, tf.float64)] * 2)
    for one, other in zip(unranked(*inputs), weighed(*map(tf.constant, inputs)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-13)


CHOICES: dict[str, tuple[Callable[[tf.Tensor, tf.Tensor], tf.Tensor], list[bool]]] = {
    "where": (lambda x, y: tf.where([True, False, True, False], x, y), [True, False, True, False]),
    "maximum": (tf.maximum, [True, True, False, False]),
    "minimum": (tf.minimum, [False, False, True, True]),
    "maximum of a constant": (lambda x, y: tf.maximum(x, 1.5) + y, [True, True, False, False]),
    "segments": (
        lambda x, y: tf.math.unsorted_segment_sum(x, [0, 1, -1, -1], 4) + y,
        [True, True, False, False],
    ),
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
    if name in ("where", "maximum", "minimum"):
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


KINDS = ("float16", "bfloat16", "float32", "float64", "complex64", "complex128")


@pytest.mark.parametrize("to", KINDS)
def test_what_flows_back_through_a_cast_is_rounded_once(to: str) -> None:
    """Many numbers, to the type that was cast, and to no other; of complex ones the real part."""
    random = np.random.default_rng(SEED)
    into = tf.cast(random.standard_normal(4100), to)
    for kind in KINDS:
        with tf.GradientTape() as tape:
            tape.watch(x := tf.zeros(4100, kind))
            y = tf.cast(x, to)
        np.testing.assert_array_equal(
            tape.gradient(y, x, output_gradients=into), tf.cast(into, kind)
        )


SHARED = [0, 0, 0, 0, 0]
TIED: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
    "max": lambda x: tf.reduce_max(x[1:])[None],
    "min": lambda x: tf.reduce_min(x[1:], 0, keepdims=True),
    "segment_max": lambda x: tf.math.segment_max(x[1:], SHARED),
    "segment_min": lambda x: tf.math.segment_min(x[1:], SHARED),
    "unsorted_segment_max": lambda x: tf.math.unsorted_segment_max(x, [-1, *SHARED], 1),
    "unsorted_segment_min": lambda x: tf.math.unsorted_segment_min(x, [-1, *SHARED], 1),
}


@pytest.mark.parametrize("name", TIED)
def test_five_that_tie_have_a_fifth_each(name: str) -> None:
    """And what no segment has, which is as large, nothing."""
    with tf.GradientTape() as tape:
        tape.watch(x := tf.ones(6))
        y = 3 * TIED[name](x)
    np.testing.assert_allclose(tape.gradient(y, x), [0, *[0.6] * 5], rtol=1e-6)


@pytest.mark.parametrize("of", ["eigh", "svd"])
def test_what_is_equal_has_a_finite_gradient(of: str) -> None:
    """Eigenvalues and singular values of twice the identity: each has its own place."""
    into = np.array([1.0, 2, 4])
    with tf.GradientTape() as tape:
        tape.watch(x := 2 * tf.eye(3, dtype=tf.float64))
        values = getattr(tf.linalg, of)(x)[0]
    found = tape.gradient(values, x, output_gradients=tf.constant(into))
    np.testing.assert_allclose(np.sort(np.diag(found)), into, rtol=1e-12)
    np.testing.assert_allclose(found - np.diag(np.diag(found)), 0, atol=1e-12)


@pytest.mark.parametrize("of", ["segment_prod", "unsorted_segment_prod"])
def test_a_small_factor_is_no_zero(of: str) -> None:
    x = np.array([1e-12, 1e-9, -3, 0, 5])
    more = [2] if of.startswith("unsorted") else []
    with tf.GradientTape() as tape:
        tape.watch(factors := tf.constant(x))
        y = getattr(tf.math, of)(factors, [0, 0, 0, 1, 1], *more)
    np.testing.assert_allclose(tape.gradient(y, factors)[:3], [-3e-9, -3e-12, 1e-21], rtol=1e-12)


def test_a_box_has_the_gradient_of_its_own_image() -> None:
    """Of images that rise evenly down and to the right; no sample is on a pixel, a kink."""
    random = np.random.default_rng(SEED)
    down, right, at = np.array([2.0, -3]), np.array([5.0, 0.5]), [1, 0, 1]
    place = np.arange(9.0)
    images = down[:, None, None] * place[:, None] + right[:, None, None] * place
    boxes = tf.constant([[0.1, 0.2, 0.7, 0.8], [0.3, 0.1, 0.9, 0.6], [0.2, 0.31, 0.53, 0.9]])
    into = random.standard_normal((3, 3, 4, 1))
    with tf.GradientTape() as tape:
        tape.watch(boxes)
        y = tf.image.crop_and_resize(images[..., None], boxes, at, [3, 4])
    found = tape.gradient(y, boxes, output_gradients=tf.constant(into, y.dtype))
    rows, columns = (np.linspace(0, 1, size) for size in (3, 4))
    by_rows, by_columns = into.sum((2, 3)), into.sum((1, 3))
    parts = [
        (by_rows @ (1 - rows)) * down[at],
        (by_columns @ (1 - columns)) * right[at],
        (by_rows @ rows) * down[at],
        (by_columns @ columns) * right[at],
    ]
    np.testing.assert_allclose(found, 8 * np.stack(parts, 1), rtol=1e-4, atol=1e-4)


COMPLEX: dict[str, Callable[[tf.Tensor, tf.Tensor], tf.Tensor]] = {
    "sum": lambda x, y: x + 2 * y,
    "difference": lambda x, y: x[:1] - y,
    "product": lambda x, y: x * y,
    "products": lambda x, y: x[:, :1] * y,
    "quotient": lambda x, y: x / y,
    "square": lambda x, y: x**2 * tf.square(y),
    "matrices": lambda x, y: tf.matmul(x, y, transpose_b=True),
    "exponential": lambda x, y: tf.exp(x) * tf.tanh(y),
}


@pytest.mark.parametrize("name", COMPLEX)
def test_complex_numbers_of_64_bits_are_differentiated_as_those_of_128(name: str) -> None:
    random = np.random.default_rng(SEED)
    given = [random.standard_normal((2, 3)) + 1j * random.standard_normal((2, 3)) for _ in "xy"]
    found = []
    for kind in ("complex64", "complex128"):
        with tf.GradientTape() as tape:
            tape.watch(inputs := [tf.constant(one, kind) for one in given])
            y = COMPLEX[name](*inputs)
        into = tf.reshape(tf.cast(tf.range(1, tf.size(y) + 1), kind) * (1 + 2j), tf.shape(y))
        found.append(tape.gradient(y, inputs, output_gradients=into))
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


MOVED: dict[str, Callable[[tf.Tensor, tf.Tensor], tf.Tensor]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "shapes": lambda x, y: tf.transpose(tf.reshape(x, [3, 2])) - y,
    "join": lambda x, y: tf.concat([x, y], 1)[:, ::-1],
    "stack": lambda x, y: tf.pad(tf.stack([x, y], 1), [[0, 1], [0, 0], [1, 0]]),
    "choice": lambda x, y: tf.where([True, False, True], x, y),
    "take": lambda x, y: tf.gather(x, [1, 0]) + tf.gather(y, [2, 0, 1], axis=1),
}


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_what_is_only_moved_keeps_all_of_its_16_bits(kind: str) -> None:
    random = np.random.default_rng(SEED)
    inputs = [tf.cast(random.standard_normal((2, 3)), kind) for _ in range(2)]
    for name, function in MOVED.items():
        found = []
        for of in (inputs, [tf.cast(one, "float64") for one in inputs]):
            with tf.GradientTape() as tape:
                tape.watch(of)
                y = function(*of)
            if not found:
                into = tf.cast(random.standard_normal(y.shape), kind)
            found.append(tape.gradient(y, of, output_gradients=tf.cast(into, y.dtype)))
        for one, other in zip(*found, strict=True):
            exact = [tf.cast(tf.convert_to_tensor(g), "float64") for g in (one, other)]
            np.testing.assert_array_equal(*exact, err_msg=name)
