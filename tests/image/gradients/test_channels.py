"""Rules for channels that come first, and for 16 bits, against those that the table of cases holds.

No CPU normalizes channels that come first. Its gradient's rules are plain arithmetic, though: in a
graph, what flows into them given, they are all that is left to run.
"""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from gradients.tracing import traced

raw = tf.raw_ops
FORMATS = {4: ("NHWC", "NCHW"), 5: ("NDHWC", "NCDHW")}
MEAN, VARIANCE, SCALE = [0.25, -0.5], [2.0, 0.5], [1.5, 0.75]


def drawn(rank: int, *, seed: int) -> np.ndarray:
    """Draw a batch of two channels, which come last."""
    return np.random.default_rng(seed).standard_normal((3, *(2,) * (rank - 2), 2))


def turned(x: np.ndarray, *, back: bool = False) -> np.ndarray:
    """Put the channels first, or back."""
    return np.moveaxis(x, 1, -1) if back else np.moveaxis(x, -1, 1)


@traced
def first(x: tf.Tensor, into: tf.Tensor, data_format: str) -> list[tf.Tensor]:
    """Return the gradients of a normalization by what is known, in the batch, scale and offset."""
    inputs = [x, tf.constant(SCALE), tf.constant([0.0, 1.0])]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        y = raw.FusedBatchNormV3(
            **dict(zip(("x", "scale", "offset"), inputs, strict=True)),
            **{"mean": MEAN, "variance": VARIANCE, "epsilon": 0.25, "is_training": False},
            data_format=data_format,
        ).y
    return tape.gradient(y, inputs, output_gradients=into)


@pytest.mark.parametrize("rank", FORMATS)
def test_channels_first_have_the_gradient_of_channels_last(rank: int) -> None:
    """Of a trained normalization: in the batch by places, in scale and offset by channels."""
    x, into = drawn(rank, seed=1), drawn(rank, seed=2)
    by_channel = tuple(range(rank - 1))
    deviation = np.sqrt(np.add(VARIANCE, 0.25))
    expected = [
        into * SCALE / deviation,
        (into * (x - MEAN) / deviation).sum(by_channel),
        into.sum(by_channel),
    ]
    ours = first(*(tf.constant(turned(part), tf.float32) for part in (x, into)), FORMATS[rank][1])
    ours = [turned(ours[0].numpy(), back=True), *(part.numpy() for part in ours[1:])]
    for one, other in zip(ours, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@traced
def second(
    inputs: list[tf.Tensor], into: list[tf.Tensor], data_format: str, training: bool
) -> list[tf.Tensor]:
    """Return the gradients of a normalization's gradient, in what flows in, batch and scale."""
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        gradients = raw.FusedBatchNormGradV3(
            **dict(zip(("y_backprop", "x", "scale"), inputs, strict=True)),
            **{"reserve_space_1": MEAN, "reserve_space_2": VARIANCE, "reserve_space_3": [0.0]},
            **{"epsilon": 0.25, "data_format": data_format, "is_training": training},
        )
    return tape.gradient(gradients[:3], inputs, output_gradients=into)


@pytest.mark.parametrize(
    ("rank", "training", "dtype"),
    [
        *((rank, training, "float32") for rank in FORMATS for training in (True, False)),
        (4, True, "float16"),
        (4, True, "bfloat16"),
    ],
)
def test_a_second_derivative_is_that_of_channels_last_in_float32(
    rank: int, training: bool, dtype: str
) -> None:
    """Which the table of cases holds to a formula; in 16 bits as near as they are."""
    tensors = [drawn(rank, seed=seed) for seed in (1, 2, 3)]
    vectors = [np.array(SCALE), np.array([0.5, -1.0]), np.array([2.0, 0.25])]

    def derived(order: str, dtype: str) -> list[np.ndarray]:
        """Return the gradients, channels last."""
        places = tensors if order == FORMATS[rank][0] else [turned(part) for part in tensors]
        batch = [tf.constant(part, dtype) for part in places]
        known = [tf.constant(part, tf.float32) for part in vectors]
        into_y, into_x, in_scale = second(
            [batch[0], batch[1], known[0]], [batch[2], *known[1:]], order, training
        )
        found = [tf.cast(part, tf.float32).numpy() for part in (into_y, into_x)]
        if order != FORMATS[rank][0]:
            found = [turned(part, back=True) for part in found]
        return [*found, in_scale.numpy()]

    expected = derived(FORMATS[rank][0], "float32")
    tolerance = {"float32": 1e-5, "float16": 5e-3, "bfloat16": 4e-2}[dtype]
    order = FORMATS[rank][dtype == "float32"]
    for one, other in zip(derived(order, dtype), expected, strict=True):
        assert np.abs(other).max() > 0.01
        np.testing.assert_allclose(one, other, rtol=0, atol=tolerance * np.abs(other).max())


@pytest.mark.parametrize("axis", [1, -3])
def test_the_approximate_maximum_has_the_gradient_of_what_it_took(axis: int) -> None:
    """Along an axis that XLA alone takes: 2 x at the two largest of each row, and else 0."""
    x = np.random.default_rng(5).permutation(np.arange(60.0)).reshape(4, 5, 3)

    @traced(jit_compile=True)
    def gradient(x: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.math.approx_max_k(x, 2, reduction_dimension=axis)[0] ** 2
        return tape.gradient(y, x)

    taken = x >= np.sort(x, axis).take([-2], axis)
    np.testing.assert_allclose(gradient(tf.constant(x, tf.float32)), 2 * x * taken, rtol=1e-6)


def test_a_product_of_16_bits_and_32_has_gradients_of_both() -> None:
    """Of (a b)^2, summed: 2 (a b) b' and 2 a' (a b), in numbers that 16 bits hold."""
    a, b = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 0.5], [2.0, 4.0]])
    inputs = tf.constant(a, tf.bfloat16), tf.constant(b, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        y = raw.SparseMatMul(a=inputs[0], b=inputs[1]) ** 2
    of_a, of_b = tape.gradient(y, inputs)
    assert (of_a.dtype, of_b.dtype) == (tf.bfloat16, tf.float32)
    product = a @ b
    np.testing.assert_allclose(tf.cast(of_a, tf.float32), 2 * product @ b.T, rtol=4e-3)
    np.testing.assert_allclose(of_b, a.T @ (2 * product), rtol=4e-3)


@pytest.mark.parametrize(
    "rank", [3, *(pytest.param(rank, marks=pytest.mark.tier_all) for rank in (4, 5))]
)
def test_a_transposed_convolution_has_its_channels_first(rank: int) -> None:
    """Compiled: no CPU has kernels for all of them without oneDNN."""
    name, layout = f"conv{rank - 2}d_transpose", {3: "NCW", 4: "NCHW", 5: "NCDHW"}[rank]
    random, size = np.random.default_rng(rank), (4,) * (rank - 2)
    x = random.standard_normal((2, *size, 3)).astype("float32")
    kernel = random.standard_normal((*(3,) * (rank - 2), 5, 3)).astype("float32")
    function = getattr(tf.nn, name)
    last = function(x, kernel, (2, *(8,) * (rank - 2), 5), 2)
    ahead = (2, 5, *(8,) * (rank - 2))
    compiled = traced(lambda x: function(x, kernel, ahead, 2, data_format=layout), jit_compile=True)
    found = compiled(tf.constant(turned(x)))
    np.testing.assert_allclose(turned(found.numpy(), back=True), last, rtol=1e-5, atol=1e-5)


def test_a_depthwise_convolution_has_its_gradients_with_channels_first() -> None:
    """And those of its gradients; compiled, for the same reason."""
    random = np.random.default_rng(6)
    shapes = (2, 5, 6, 3), (3, 2, 3, 2), (2, 3, 5, 6)
    inputs = [tf.constant(random.standard_normal(shape), tf.float32) for shape in shapes]
    first = [
        tf.transpose(inputs[0], [0, 3, 1, 2]),
        inputs[1],
        tf.transpose(inputs[2], [0, 3, 1, 2]),
    ]

    def gradients(layout: str, *inputs: tf.Tensor) -> list[tf.Tensor]:
        x, kernel, into = inputs
        with tf.GradientTape() as outer:
            outer.watch(inputs)
            with tf.GradientTape() as tape:
                tape.watch([x, kernel])
                y = tf.nn.depthwise_conv2d(x, kernel, [1, 1, 1, 1], "VALID", layout)
            found = tape.gradient(y, [x, kernel], output_gradients=into)
        return [*found, *outer.gradient(found, inputs, output_gradients=[x, kernel])]

    expected = gradients("NHWC", *inputs)
    found = traced(gradients, jit_compile=True)("NCHW", *first)
    for number, (one, other) in enumerate(zip(found, expected, strict=True)):
        back = one if number in (1, 3) else tf.transpose(one, [0, 2, 3, 1])
        np.testing.assert_allclose(back, other, rtol=1e-4, atol=1e-4)
