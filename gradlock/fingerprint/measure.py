"""The numbers of a fingerprint: a program for any environment that has TensorFlow.

    python measure.py FILE [--threads N]

Operations and their gradients in float32, float64 and bfloat16, eager and compiled by XLA; short
trainings of an MLP, a CNN and an LSTM. It imports nothing of gradlock, and writes one JSON: what
it ran on, and of each metric the SHA-256 of its bytes, its norm, its largest magnitude, and a
sample of its values. Inputs come from NumPy, with seeds that only the metric's name decides.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import importlib.metadata
import json
import os
import platform
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

#: Values kept of each metric, evenly spaced.
SAMPLE = 64
#: Threads of an operation; a convolution's sums depend on how they are shared out.
THREADS = 2
#: What decides which code a CPU runs: its vector instructions.
INSTRUCTIONS = ("sse4", "avx", "fma", "f16c", "amx", "bf16", "asimd", "sve", "i8mm")

Function = Callable[..., Any]


def main() -> None:
    """Measure, and write what was measured."""
    parser = argparse.ArgumentParser(description="Measure the numbers of a fingerprint.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--threads", type=int, default=THREADS)
    given = parser.parse_args()
    # The log is not wanted, and the fingerprint is the CPU's, also where there is a GPU.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    import tensorflow as tf

    tf.get_logger().setLevel("ERROR")
    tf.config.threading.set_intra_op_parallelism_threads(given.threads)
    tf.config.threading.set_inter_op_parallelism_threads(given.threads)
    metrics = {name: summary(arrays) for name, arrays in [*operations(), *trainings()]}
    document = {"environment": environment(given.threads), "metrics": metrics}
    given.file.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def environment(threads: int) -> dict[str, Any]:
    """Return what the numbers may depend on."""
    installed = importlib.metadata.distributions()
    packages = {
        re.sub(r"[-_.]+", "-", found.metadata["Name"]).lower(): found.version for found in installed
    }
    return {
        "hardware": hardware(),
        "threads": threads,
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),
        "python": platform.python_version(),
        "packages": dict(sorted(packages.items())),
    }


def hardware() -> dict[str, Any]:
    """Return the CPU: its model, its vector instructions, its caches, which block products."""
    facts: dict[str, str] = {}
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition(":")
        facts.setdefault(key.strip(), value.strip())
    flags = facts.get("flags", facts.get("Features", "")).split()
    caches = sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size"))
    return {
        "machine": platform.machine(),
        "model": facts.get("model name", "unknown"),
        "instructions": sorted({flag for flag in flags if flag.startswith(INSTRUCTIONS)}),
        "caches": [path.read_text(encoding="utf-8").strip() for path in caches],
    }


def summary(arrays: Sequence[Any]) -> dict[str, Any]:
    """Return what is kept of a metric: its arrays count as one, in their own type's bytes."""
    import numpy as np

    dtype = arrays[0].dtype
    flat = np.concatenate([np.ravel(np.asarray(array, dtype)) for array in arrays])
    wide = flat.astype("<f8")
    if not np.isfinite(wide).all():
        raise ValueError("a metric is not finite")
    places = np.unique(np.linspace(0, len(flat) - 1, SAMPLE).astype(int))
    return {
        "dtype": dtype.name,
        "size": len(flat),
        "sha256": hashlib.sha256(flat.tobytes()).hexdigest(),
        "norm": float(np.linalg.norm(wide)),
        "largest": float(np.abs(wide).max()),
        "sample": base64.b64encode(wide[places].tobytes()).decode("ascii"),
    }


# Operations


def draw(name: str, *shapes: tuple[int, ...], scale: float = 1.0) -> list[Any]:
    """Return normal arrays that only the name and the shapes decide."""
    import numpy as np

    random = np.random.default_rng(zlib.crc32(name.encode()))
    return [scale * random.standard_normal(shape) for shape in shapes]


def weighted(values: Any) -> Any:
    """Return a sum in which each value has a weight of its own: no two gradients are alike."""
    import numpy as np
    import tensorflow as tf

    places = np.arange(np.prod(values.shape, dtype=int))
    # 64ths: exact in every type, the same in every release, and never 0.
    weights = (places * 37 % 64 + 1) / 64
    return tf.reduce_sum(values * tf.constant(weights.reshape(values.shape), values.dtype))


def table() -> dict[str, tuple[Function, list[tuple[int, ...]]]]:
    """Return the operations, each with the shapes of its inputs."""
    import tensorflow as tf

    def layer_norm(x: Any, scale: Any) -> Any:
        mean, variance = tf.nn.moments(x, [-1], keepdims=True)
        return (x - mean) * tf.math.rsqrt(variance + 1e-3) * scale

    def attention(query: Any, key: Any, value: Any) -> Any:
        scores = tf.matmul(query, key, transpose_b=True) / 8.0
        return tf.matmul(tf.nn.softmax(scores), value)

    def cholesky(a: Any) -> Any:
        identity = tf.eye(16, dtype=a.dtype)
        return tf.linalg.cholesky(tf.matmul(a, a, transpose_b=True) + 16 * identity)

    def cross_entropy(logits: Any) -> Any:
        return tf.nn.sparse_softmax_cross_entropy_with_logits(tf.range(64) % 10, logits)

    images = (4, 16, 16, 8)
    long: list[tuple[int, ...]] = [(4096,)]
    return {
        "matmul_small": (tf.matmul, [(8, 16), (16, 8)]),
        "matmul_square": (tf.matmul, [(256, 256), (256, 256)]),
        "matmul_long_sums": (tf.matmul, [(32, 4096), (4096, 32)]),
        "conv2d": (lambda x, w: tf.nn.conv2d(x, w, 1, "SAME"), [images, (3, 3, 8, 16)]),
        "conv2d_depthwise": (
            lambda x, w: tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "SAME"),
            [images, (3, 3, 8, 2)],
        ),
        "conv2d_transpose": (
            lambda x, w: tf.nn.conv2d_transpose(x, w, images, 2),
            [(4, 8, 8, 16), (3, 3, 8, 16)],
        ),
        "cross_entropy": (cross_entropy, [(64, 10)]),
        "layer_norm": (layer_norm, [(32, 64), (64,)]),
        "tanh": (tf.tanh, long),
        "exp": (tf.exp, long),
        "gelu": (tf.nn.gelu, long),
        "sigmoid": (tf.sigmoid, long),
        "log1p_softplus": (lambda x: tf.math.log1p(tf.exp(x)) + tf.nn.softplus(x), long),
        "sin_erf": (lambda x: tf.sin(x) + tf.math.erf(x), long),
        "rsqrt": (lambda x: tf.math.rsqrt(x * x + 0.1), long),
        "sum_of_squares": (lambda x: tf.reduce_sum(x * x)[tf.newaxis], [(100_003,)]),
        "mean_of_rows": (lambda x: tf.reduce_mean(x * x, 0), [(1000, 33)]),
        "logsumexp": (lambda x: tf.reduce_logsumexp(x, 1), [(100, 333)]),
        "segment_sum": (
            lambda x: tf.math.unsorted_segment_sum(x, tf.range(512) % 7, 7) ** 2,
            [(512, 8)],
        ),
        "gather": (lambda x: tf.gather(x, tf.range(300) % 11) ** 2, [(11, 8)]),
        "attention": (attention, [(2, 4, 64, 64)] * 3),
        "cholesky": (cholesky, [(16, 16)]),
        "singular_values": (lambda a: tf.linalg.svd(a, compute_uv=False), [(16, 12)]),
        "rfft": (lambda a: tf.abs(tf.signal.rfft(a)), [(4, 64)]),
        "max_pool2d": (lambda x: tf.nn.max_pool2d(x, 2, 2, "SAME"), [(4, 16, 16, 4)]),
        "avg_pool2d": (lambda x: tf.nn.avg_pool2d(x, 3, 2, "SAME"), [(4, 16, 16, 4)]),
    }


#: No kernel for bfloat16, or none whose XLA compiles on a CPU.
NOT_IN_BFLOAT16 = {"cholesky", "singular_values", "rfft"}


def operations() -> Iterator[tuple[str, list[Any]]]:
    """Yield each operation's value and gradients, by type and by way of execution."""
    import tensorflow as tf

    for name, (function, shapes) in table().items():

        def measured(*inputs: Any, function: Function = function) -> list[Any]:
            with tf.GradientTape() as tape:
                tape.watch(inputs)
                value = weighted(function(*inputs))
            return [value, *map(tf.convert_to_tensor, tape.gradient(value, inputs))]

        compiled = tf.function(measured, jit_compile=True, autograph=False)
        arrays = draw(name, *shapes)
        for dtype in ("float32", "float64", "bfloat16"):
            if dtype == "bfloat16" and name in NOT_IN_BFLOAT16:
                continue
            inputs = [tf.constant(array, dtype) for array in arrays]
            yield f"op/{name}/{dtype}/eager", [part.numpy() for part in measured(*inputs)]
            if dtype != "bfloat16":
                yield f"op/{name}/{dtype}/xla", [part.numpy() for part in compiled(*inputs)]


# Trainings


def models() -> dict[str, tuple[Callable[[str], Function], list[Any], float, int]]:
    """Return, of each network, its loss in a type, its first weights, the rate, and the steps."""
    import tensorflow as tf

    def mlp(dtype: str) -> Function:
        (inputs,) = draw("mlp/inputs", (64, 20))
        labels = tf.range(64) % 5

        def loss(first: Any, second: Any, third: Any) -> Any:
            hidden = tf.tanh(tf.matmul(tf.constant(inputs, dtype), first))
            logits = tf.matmul(tf.nn.relu(tf.matmul(hidden, second)), third)
            return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))

        return loss

    def cnn(dtype: str) -> Function:
        (images,) = draw("cnn/images", (16, 12, 12, 3))
        labels = tf.range(16) % 4

        def block(maps: Any, kernel: Any) -> Any:
            return tf.nn.max_pool2d(tf.nn.relu(tf.nn.conv2d(maps, kernel, 1, "SAME")), 2, 2, "SAME")

        def loss(first: Any, second: Any, third: Any) -> Any:
            maps = block(block(tf.constant(images, dtype), first), second)
            logits = tf.matmul(tf.reshape(maps, [16, -1]), third)
            return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))

        return loss

    def lstm(dtype: str) -> Function:
        sequences, targets = draw("lstm/data", (8, 10, 6), (8, 8))

        def loss(kernel: Any, recurrent: Any) -> Any:
            hidden = cell = tf.zeros([8, 8], dtype)
            for step in tf.unstack(tf.constant(sequences, dtype), axis=1):
                sums = tf.matmul(step, kernel) + tf.matmul(hidden, recurrent)
                take, keep, candidate, give = tf.split(sums, 4, 1)
                cell = tf.sigmoid(keep) * cell + tf.sigmoid(take) * tf.tanh(candidate)
                hidden = tf.sigmoid(give) * tf.tanh(cell)
            return tf.reduce_mean((hidden - tf.constant(targets, dtype)) ** 2)

        return loss

    return {
        "mlp": (mlp, draw("mlp", (20, 32), (32, 32), (32, 5), scale=0.2), 0.5, 50),
        "cnn": (cnn, draw("cnn", (3, 3, 3, 8), (3, 3, 8, 8), (72, 4), scale=0.2), 0.1, 50),
        "lstm": (lstm, draw("lstm", (6, 32), (8, 32), scale=0.4), 0.5, 20),
    }


def trainings() -> Iterator[tuple[str, list[Any]]]:
    """Yield the losses and the last weights of gradient descent, by type and execution."""
    import numpy as np
    import tensorflow as tf

    for name, (network, start, rate, steps) in models().items():
        for dtype in ("float32", "float64"):
            for way in ("eager", "function", "xla"):
                weights = [tf.Variable(array, dtype=dtype) for array in start]
                run = descent(network(dtype), weights, rate)
                if way != "eager":
                    run = tf.function(run, jit_compile=way == "xla", autograph=False)
                losses = [run().numpy() for _ in range(steps)]
                yield f"train/{name}/{dtype}/{way}/losses", [np.array(losses)]
                yield f"train/{name}/{dtype}/{way}/weights", [part.numpy() for part in weights]


def descent(loss: Function, weights: Sequence[Any], rate: float) -> Function:
    """Return one step of gradient descent: it moves the weights, and returns the loss before."""
    import tensorflow as tf

    def step() -> Any:
        with tf.GradientTape() as tape:
            value = loss(*weights)
        for weight, gradient in zip(weights, tape.gradient(value, weights), strict=True):
            weight.assign_sub(rate * gradient)
        return value

    return step


if __name__ == "__main__":
    main()
