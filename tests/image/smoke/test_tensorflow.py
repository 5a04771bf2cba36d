"""TensorFlow is the variant's build, and its main ways to run a computation agree."""

from __future__ import annotations

import facts
import keras
import numpy as np
import pytest
import tensorflow as tf


def test_version_is_the_variants() -> None:
    """The TensorFlow that imports is the one that the variant names."""
    assert tf.__version__ == facts.variant().tensorflow


def test_build_is_the_variants() -> None:
    """A CUDA variant has a CUDA build, a CPU variant has none."""
    with_cuda = facts.variant().cuda is not None
    assert tf.test.is_built_with_cuda() is with_cuda
    assert tf.sysconfig.get_build_info()["is_cuda_build"] is with_cuda


def fibonacci(count: tf.Tensor) -> tf.Tensor:
    """Return a Fibonacci number through a loop that AutoGraph must convert."""
    previous, current = tf.constant(0), tf.constant(1)
    for _ in tf.range(count):
        previous, current = current, previous + current
    return previous


def test_function_traces_python_control_flow() -> None:
    """`tf.function` turns a Python loop over a tensor into a graph, traced once."""
    traced = tf.function(fibonacci)
    assert [int(traced(tf.constant(count))) for count in (0, 1, 10, 30)] == [0, 1, 55, 832040]
    assert traced.experimental_get_tracing_count() == 1


def attention(query: tf.Tensor, key: tf.Tensor, value: tf.Tensor) -> tf.Tensor:
    """Return scaled dot-product attention over `[length, width]` operands."""
    scores = tf.matmul(query, key, transpose_b=True) / float(query.shape[-1]) ** 0.5
    return tf.matmul(tf.nn.softmax(scores), value)


def test_xla_agrees_with_eager() -> None:
    """XLA compiles a computation and its gradient, and both equal the eager ones in float64."""
    rng = np.random.default_rng(0)
    operands = [tf.constant(rng.standard_normal((6, 4))) for _ in range(3)]

    def with_gradient(*operands: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(operands)
            result = attention(*operands)
            loss = tf.reduce_sum(result**2)
        return [result, *tape.gradient(loss, operands)]

    compiled = tf.function(with_gradient, jit_compile=True)
    for ours, theirs in zip(compiled(*operands), with_gradient(*operands), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)
    hlo = compiled.experimental_get_compiler_ir(*operands)(stage="optimized_hlo")
    assert "HloModule" in hlo


def test_data_pipeline() -> None:
    """`tf.data` interleaves, maps in parallel, shuffles from a seed, batches, prefetches."""
    dataset = (
        tf.data.Dataset.range(4)
        .interleave(lambda start: tf.data.Dataset.range(10 * start, 10 * start + 5))
        .map(lambda number: number * 2, num_parallel_calls=tf.data.AUTOTUNE)
        .shuffle(20, seed=1)
        .batch(8)
        .prefetch(tf.data.AUTOTUNE)
    )
    batches = list(dataset.as_numpy_iterator())
    assert [len(batch) for batch in batches] == [8, 8, 4]
    assert sorted(np.concatenate(batches)) == [
        2 * (10 * start + step) for start in range(4) for step in range(5)
    ]


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_trains(policy: str) -> None:
    """Under a mixed policy layers compute in 16 bits, keep float32 weights, and learn."""
    keras.utils.set_random_seed(0)
    inputs = np.random.default_rng(0).standard_normal((64, 8)).astype("float32")
    targets = inputs[:, :1]
    model = keras.Sequential(
        [
            keras.Input((8,)),
            keras.layers.Dense(8, activation="relu", dtype=policy),
            keras.layers.Dense(1, dtype="float32"),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(0.02), loss="mse")
    losses = model.fit(inputs, targets, epochs=5, batch_size=16, verbose=0).history["loss"]
    hidden = model.layers[0]
    assert (hidden.compute_dtype, hidden.variable_dtype) == (policy[6:], "float32")
    assert np.isfinite(losses).all()
    assert losses[-1] < losses[0] / 2
