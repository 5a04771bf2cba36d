"""What workers compute together, by name: each case gives arrays, a row for each local replica.

A case does not know its strategy: the same function computes alone, with several workers, or on
several logical devices. A replica takes its own part of a batch by its number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import tensorflow as tf

from distributed import exact, held, layers, optimizers, shards
from distributed.parts import BATCHES, Arrays, Strategy, mine, rows, together

INPUTS, HIDDEN, STEPS, RATE = 6, 5, 20, 0.05


def data(batch: int, seed: int = 11) -> tuple[np.ndarray, np.ndarray]:
    """Return a batch of inputs and targets, the same in every worker."""
    random = np.random.default_rng(seed)
    return random.standard_normal((batch, INPUTS)), random.standard_normal(batch)


def start(strategy: Strategy, dtype: str = "float64") -> list[tf.Variable]:
    """Return the variables of a small network."""
    random = np.random.default_rng(7)
    shapes = (INPUTS, HIDDEN), (HIDDEN,), (HIDDEN, 1)
    with strategy.scope():
        return [tf.Variable(random.normal(0, 0.5, shape).astype(dtype)) for shape in shapes]


def loss(variables: Sequence[tf.Variable], x: np.ndarray, t: np.ndarray, size: int) -> tf.Tensor:
    """Return a part's share of the mean square error of the whole batch, which has `size` rows."""
    weights, bias, last = variables
    dtype = weights.dtype
    outputs = tf.tanh(tf.convert_to_tensor(x, dtype) @ weights + bias) @ last
    return tf.reduce_sum((outputs[:, 0] - tf.convert_to_tensor(t, dtype)) ** 2) / tf.cast(
        size, dtype
    )


def gradients(strategy: Strategy) -> Arrays:
    """Compute gradients of batches shared out evenly, unevenly and raggedly, by each collective."""
    variables = start(strategy)
    found: Arrays = {}
    for name, (size, weights) in BATCHES.items():
        x, t = data(size)
        for hint in ("RING", "AUTO"):
            options = tf.distribute.experimental.CommunicationOptions(
                implementation=tf.distribute.experimental.CommunicationImplementation[hint]
            )

            def replica(
                x: np.ndarray = x,
                t: np.ndarray = t,
                weights: str = weights,
                options: tf.distribute.experimental.CommunicationOptions = options,
            ) -> list[tf.Tensor]:
                part = mine(len(x), weights)
                with tf.GradientTape() as tape:
                    value = loss(variables, x[part], t[part], len(x))
                sums = tape.gradient(value, variables)
                context = tf.distribute.get_replica_context()
                return list(context.all_reduce(tf.distribute.ReduceOp.SUM, sums, options=options))

            for way in ("eager", "function") if hint == "AUTO" else ("function",):
                parts = together(strategy, replica, eager=way == "eager")
                for index, array in enumerate(parts):
                    found[f"{name}-{hint.lower()}-{way}/{index}"] = array
    return found


def trained(strategy: Strategy, optimizer: str, dtype: str) -> Arrays:
    """Train for 20 steps with an optimizer of Keras, and return variables and its state."""
    variables = start(strategy, dtype)
    with strategy.scope():
        keras = optimizers.KERAS[optimizer](RATE)
        keras.build(variables)

    @tf.function
    def step(x: tf.Tensor, t: tf.Tensor) -> None:
        def replica() -> None:
            part = mine(x.shape[0], "even")
            with tf.GradientTape() as tape:
                value = keras.scale_loss(loss(variables, x[part], t[part], x.shape[0]))
            # The optimizer adds up the parts itself.
            keras.apply_gradients(zip(tape.gradient(value, variables), variables, strict=True))

        strategy.run(replica)

    for number in range(STEPS):
        x, t = data(32, seed=number)
        step(tf.constant(x, dtype), tf.constant(t, dtype))
    state = [getattr(one, "value", one) for one in keras.variables]
    found = {f"variable/{index}": rows(strategy, one) for index, one in enumerate(variables)}
    for index, one in enumerate(state):
        if one.dtype.is_floating:
            found[f"state/{index}"] = rows(strategy, one)
    return found


def training(optimizer: str, dtype: str) -> Callable[[Strategy], Arrays]:
    """Return the case that trains twice: both must end in the same bits."""

    def case(strategy: Strategy) -> Arrays:
        first, second = (trained(strategy, optimizer, dtype) for _ in range(2))
        return first | {f"again/{name}": array for name, array in second.items()}

    return case


def clipped(strategy: Strategy) -> Arrays:
    """Train with gradients whose global norm is clipped once the parts are added up."""
    variables = start(strategy)
    x, t = data(32)

    def replica() -> tf.Tensor:
        part = mine(len(x), "uneven")
        with tf.GradientTape() as tape:
            value = loss(variables, x[part], t[part], len(x))
        context = tf.distribute.get_replica_context()
        whole = context.all_reduce(tf.distribute.ReduceOp.SUM, tape.gradient(value, variables))
        whole, norm = tf.clip_by_global_norm(whole, 0.1)
        for variable, gradient in zip(variables, whole, strict=True):
            variable.assign_sub(RATE * gradient)
        return norm

    step = tf.function(lambda: strategy.run(replica))
    norms = [rows(strategy, step()) for _ in range(STEPS)]
    found = {f"variable/{index}": rows(strategy, one) for index, one in enumerate(variables)}
    return found | {"norms": np.stack(norms, axis=1)}


def embedding(strategy: Strategy) -> Arrays:
    """Compute the gradient of an embedding: IndexedSlices, of one length or of several.

    It is added up in one call with a dense tensor, the loss.
    """
    random = np.random.default_rng(5)
    with strategy.scope():
        table = tf.Variable(random.standard_normal((9, 4)))
    ids, wanted = random.integers(0, 9, 24), random.standard_normal((24, 4))

    def replica(share: str) -> list[tf.Tensor]:
        part = mine(len(ids), share)
        with tf.GradientTape() as tape:
            value = tf.reduce_sum((tf.gather(table, ids[part]) - wanted[part]) ** 2) / len(ids)
        sparse = tape.gradient(value, table)
        assert isinstance(sparse, tf.IndexedSlices)
        context = tf.distribute.get_replica_context()
        whole, cost = context.all_reduce(tf.distribute.ReduceOp.SUM, [sparse, value])
        mean = context.all_reduce(tf.distribute.ReduceOp.MEAN, sparse)
        count = tf.cast(context.num_replicas_in_sync, tf.float64)
        return [tf.convert_to_tensor(whole), tf.convert_to_tensor(mean) * count, cost]

    found: Arrays = {}
    for share, eager in (("uneven", False), ("even", False), ("even", True)):
        names = [f"{share}-{eager}/{name}" for name in ("sum", "mean times replicas", "loss")]
        arrays = together(strategy, partial(replica, share), eager=eager)
        found |= dict(zip(names, arrays, strict=True))
    return found


CASES: dict[str, Callable[[Strategy], Arrays]] = {
    "exact": exact.case,
    "held": held.case,
    "gradients": gradients,
    "sgd": training("sgd", "float64"),
    "adam": training("adam", "float64"),
    "adam32": training("adam", "float32"),
    "loss_scale": training("loss_scale", "float64"),
    "decayed": training("decayed", "float64"),
    "clipped": clipped,
    "global_clipnorm": training("global_clipnorm", "float64"),
    "embedding": embedding,
    "normalised": layers.normalised,
    "scaled": layers.scaled,
    "sharded": shards.sharded,
    "fit": layers.fit,
    "branched": optimizers.branched,
}
#: What runs only where it is named: workers come to wait for one another in it.
BY_NAME: dict[str, Callable[[Strategy], Arrays]] = {"overflow": optimizers.overflow}
