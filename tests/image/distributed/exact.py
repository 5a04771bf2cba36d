"""Collectives on whole numbers, which add up exactly: what comes out is known beforehand."""

from __future__ import annotations

from functools import partial

import numpy as np
import tensorflow as tf

from distributed.parts import Arrays, Strategy, rank, together

#: Types whose sums are compared; each has room for the numbers here.
TYPES = ("float64", "float32", "float16", "int32", "int64")
OPERATIONS = (tf.distribute.ReduceOp.SUM, tf.distribute.ReduceOp.MEAN)
REDUCED = [
    (operation, dtype)
    for operation in OPERATIONS
    for dtype in TYPES
    if operation is tf.distribute.ReduceOp.SUM or dtype.startswith("float")
]
#: How a reduction is called: packs of a byte make a collective of each tensor, not one of all.
WAYS = ("eager", "function", "packs")
PACK = 1


def values(replica: int) -> list[np.ndarray]:
    """Return a replica's tensors: of several shapes, no two elements alike."""
    base = 1 + 10 * replica
    return [
        np.arange(12.0).reshape(3, 4) + base,
        np.array(100.0 * base),
        np.arange(5.0)[::-1] * base,
    ]


def piece(replica: int) -> np.ndarray:
    """Return what a replica gives to be gathered: each gives one row more than the one before."""
    return np.arange(2.0 * (replica + 1)).reshape(-1, 2) + 100 * replica


def case(strategy: Strategy) -> Arrays:
    """Add up, average and gather in every way there is."""
    return reduced(strategy) | gathered(strategy) | slopes(strategy) | outside(strategy)


def reduced(strategy: Strategy) -> Arrays:
    """Add up and average within replicas, in each type and way."""

    def replica(pack: int = 0) -> list[tf.Tensor]:
        options = tf.distribute.experimental.CommunicationOptions(bytes_per_pack=pack)
        context = tf.distribute.get_replica_context()
        return [
            tensor
            for operation, dtype in REDUCED
            for tensor in context.all_reduce(
                operation,
                [tf.constant(value.astype(dtype)) for value in values(rank())],
                options=options,
            )
        ]

    found: Arrays = {}
    for way in WAYS:
        run = partial(replica, PACK if way == "packs" else 0)
        parts = iter(together(strategy, run, eager=way == "eager"))
        for operation, dtype in REDUCED:
            for index in range(len(values(0))):
                found[f"{operation.name}-{dtype}-{way}/{index}"] = next(parts)
    return found


def gathered(strategy: Strategy) -> Arrays:
    """Gather rows and columns, and the gradient through it of a value that each computes."""

    def replica() -> list[tf.Tensor]:
        context = tf.distribute.get_replica_context()
        given = tf.constant(piece(rank()))
        with tf.GradientTape() as tape:
            tape.watch(given)
            whole = context.all_gather(given, axis=0)
            value = tf.reduce_sum(whole**2) / 2
        return [
            whole,
            context.all_gather(tf.transpose(given), axis=1),
            context.all_gather(tape.gradient(value, given), axis=0),
        ]

    names = ("gathered", "gathered-columns", "gathered-gradient")
    return dict(zip(names, together(strategy, replica), strict=True))


def slopes(strategy: Strategy) -> Arrays:
    """Compute the gradient through a sum and a mean; each replica weighs the whole by its own."""

    def replica() -> list[tf.Tensor]:
        context = tf.distribute.get_replica_context()
        given, own = tf.constant(values(rank())[0]), tf.constant(values(rank())[2][:3, None])
        found = []
        for operation in OPERATIONS:
            with tf.GradientTape() as tape:
                tape.watch(given)
                value = tf.reduce_sum(context.all_reduce(operation, given) * own)
            found.append(tape.gradient(value, given))
        return found

    names = [f"slope-{operation.name}" for operation in OPERATIONS]
    return dict(zip(names, together(strategy, replica), strict=True))


def outside(strategy: Strategy) -> Arrays:
    """Add up, average and gather what replicas have returned, as numbers and along rows."""
    numbers = strategy.run(lambda: tf.constant(float(rank() + 1), tf.float64))
    pieces = strategy.run(lambda: tf.constant(piece(rank())))
    told = strategy.experimental_distribute_values_from_function(
        lambda context: tf.constant([context.replica_id_in_sync_group])
    )
    found = {
        "gathered-outside": strategy.gather(pieces, axis=0).numpy(),
        "told-outside": strategy.gather(told, axis=0).numpy(),
    }

    @tf.function
    def unknown(operation: tf.distribute.ReduceOp) -> tf.Tensor:
        def replica() -> tf.Tensor:
            rows = piece(rank())
            return tf.boolean_mask(rows, tf.constant(rows[:, 0] >= 0))  # how many, none knows

        return strategy.reduce(operation, strategy.run(replica), axis=0)

    for operation in OPERATIONS:
        found[f"unknown-{operation.name}"] = unknown(operation).numpy()
        whole = strategy.reduce(operation, numbers, axis=None)
        found[f"outside-{operation.name}"] = np.array([whole.numpy()])
        found[f"rows-{operation.name}"] = strategy.reduce(operation, pieces, axis=0).numpy()
    return found
