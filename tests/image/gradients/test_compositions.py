"""Rules on ways that no row of the table takes, against the same function of plain operations."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

Function = Callable[..., tf.Tensor]
MASK = np.array([[1, 0, 0, 1], [0, 1, 0, 1], [1, 1, 0, 0]], "float32")
CORNER = np.zeros((3, 4), "float32")
CORNER[:2, 1:3] = 1
MEAN, VARIANCE, SCALE = np.array([[0.5, -1, 2], [1e-3, 2e-3, 4e-4], [1, 2, -3]], "float32")


def neighbours(x: tf.Tensor) -> tf.Tensor:
    """Return the sum over a channel and those beside it."""
    padded = tf.pad(x, [[0, 0], [0, 0], [0, 0], [1, 1]])
    return padded[..., :-2] + padded[..., 1:-1] + padded[..., 2:]


def dilated(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Return the greatest of sums with a kernel of two by two, at every second place."""
    taps = [(i, j) for i in range(2) for j in range(2)]
    sums = [x[:, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3] + kernel[i, j] for i, j in taps]
    return tf.reduce_max(tf.stack(sums), 0)


def updated(x: tf.Tensor, value: tf.Tensor) -> tf.Tensor:
    """Return what has one number in a part of it."""
    bounds = {"begin": [0, 1], "end": [2, 3], "strides": [1, 1]}
    return tf.raw_ops.TensorStridedSliceUpdate(input=x, value=value, **bounds)


def normalized(x: tf.Tensor) -> tf.Tensor:
    """Return what has a mean and a variance that are given, beside a small epsilon."""
    given = {"mean": MEAN, "variance": VARIANCE, "epsilon": 1e-4, "is_training": False}
    return tf.compat.v1.nn.fused_batch_norm(x, SCALE, np.zeros(3, "float32"), **given)[0]


#: Two functions of the same value, and the shapes of what they take.
ROWS: dict[str, tuple[Function, Function, tuple[tuple[int, ...], ...]]] = {
    "where, by its condition alone": (
        lambda x, y: tf.where(MASK > 0, x, y),
        lambda x, y: x * MASK + y * (1 - MASK),
        ((4,), (4,)),
    ),
    "floormod of either sign": (
        lambda x, y: tf.math.floormod(5 * x, y),
        lambda x, y: 5 * x - y * tf.floor(tf.stop_gradient(5 * x / y)),
        ((9,), (9,)),
    ),
    "lrn with a bias": (
        lambda x: tf.nn.lrn(x, 1, 2.0, 0.5, 0.75),
        lambda x: x / (2 + neighbours(x**2) / 2) ** 0.75,
        ((1, 2, 1, 5),),
    ),
    "dilation by twos": (
        lambda x, k: tf.nn.dilation2d(x, k, [1, 1, 1, 1], "VALID", "NHWC", [1, 2, 2, 1]),
        dilated,
        ((1, 5, 5, 2), (2, 2, 2)),
    ),
    "one number for a part": (updated, lambda x, v: x * (1 - CORNER) + v * CORNER, ((3, 4), ())),
    "places counted over the batch": (
        lambda x: tf.nn.max_pool_with_argmax(x, 2, 2, "VALID", include_batch_in_index=True)[0],
        lambda x: tf.nn.max_pool2d(x, 2, 2, "VALID"),
        ((2, 4, 4, 3),),
    ),
    "a small epsilon": (
        normalized,
        lambda x: (x - MEAN) * SCALE / np.sqrt(VARIANCE + 1e-4),
        ((2, 3, 2, 3),),
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_rule_is_that_of_plain_operations(name: str) -> None:
    function, plain, shapes = ROWS[name]
    random = np.random.default_rng(95)
    inputs = [tf.constant(random.standard_normal(shape).astype("float32")) for shape in shapes]
    found = []
    for build in (function, plain):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            total = tf.reduce_sum(tf.sin(build(*inputs)))
        found.append(tape.gradient(total, inputs))
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


def test_a_matrix_of_one_band_has_its_gradient() -> None:
    """Of b / a, by hand: the numbers are right, and have lost the axis of the bands."""
    a, b = np.array([[2.0, -4, 5]]), np.array([[1.0], [3], [-2]])
    with tf.GradientTape() as tape:
        tape.watch(bands := tf.constant(a))
        y = tf.linalg.banded_triangular_solve(bands, b)
    found = tape.gradient(y, bands)
    np.testing.assert_allclose(tf.reshape(found, [1, 3]), -b.T / a**2, rtol=1e-12)
    assert found.shape in ([3], [1, 3]), "another error"
    assert found.shape == [3], "no longer so wrong: remove the record"
    pytest.xfail("the gradient of bands of shape (1, 3) has the shape (3,): upstream's one_band")
