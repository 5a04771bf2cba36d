"""Collectives on whole numbers, which add up exactly: what comes out is known beforehand."""

from __future__ import annotations

import json
import os

import numpy as np
import tensorflow as tf

from distributed.parts import Arrays, Strategy, rank, rows, together

#: Types whose sums are compared; each has room for the numbers here.
TYPES = ("float64", "float32", "float16", "int32", "int64")
REDUCED = [
    (operation, dtype)
    for operation in (tf.distribute.ReduceOp.SUM, tf.distribute.ReduceOp.MEAN)
    for dtype in TYPES
    if operation is tf.distribute.ReduceOp.SUM or dtype.startswith("float")
]
#: How many elements the data set has that is sharded: no multiple of the batch or of the workers.
ELEMENTS, BATCH = 43, 8


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
    """Add up, average and gather in every way there is, and make variables."""
    found: Arrays = {}

    def reduced() -> list[tf.Tensor]:
        context = tf.distribute.get_replica_context()
        return [
            tensor
            for operation, dtype in REDUCED
            for tensor in context.all_reduce(
                operation, [tf.constant(value.astype(dtype)) for value in values(rank())]
            )
        ]

    for way in ("eager", "function"):
        parts = iter(together(strategy, reduced, eager=way == "eager"))
        for operation, dtype in REDUCED:
            for index in range(len(values(0))):
                found[f"{operation.name}-{dtype}-{way}/{index}"] = next(parts)

    def gathered() -> tf.Tensor:
        context = tf.distribute.get_replica_context()
        return context.all_gather(tf.constant(piece(rank())), axis=0)

    (found["gathered"],) = together(strategy, gathered)
    context = strategy.run(lambda: tf.constant(float(rank() + 1), tf.float64))
    for operation in (tf.distribute.ReduceOp.SUM, tf.distribute.ReduceOp.MEAN):
        whole = strategy.reduce(operation, context, axis=None)
        found[f"outside-{operation.name}"] = np.array([whole.numpy()])

    # Every worker starts from a value of its own: worker 0's counts.
    with strategy.scope():
        variable = tf.Variable(np.full(3, _number()))
    found["variable"] = rows(strategy, variable)

    # And a variable that each has counted up for itself is added up, or averaged, when read.
    for name in ("SUM", "MEAN"):
        with strategy.scope():
            counter = tf.Variable(
                np.float64(0),
                synchronization=tf.VariableSynchronization.ON_READ,
                aggregation=tf.VariableAggregation[name],
            )
        together(strategy, lambda counter=counter: counter.assign_add(float(rank() + 1)))
        found[f"counted-{name}"] = np.array([counter.read_value().numpy()])
    return found


def _number() -> float:
    """Return a number that no other worker has: 0 where one computes alone."""
    told = json.loads(os.environ.get("TF_CONFIG", "{}"))
    return float(told["task"]["index"]) if told else 0.0


def sharded(strategy: Strategy) -> Arrays:
    """Read a data set that `tf.data` shards: the elements that this process was given."""
    found: Arrays = {}
    for policy in ("DATA", "OFF"):
        options = tf.data.Options()
        options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy[
            policy
        ]
        data = tf.data.Dataset.range(ELEMENTS).batch(BATCH).with_options(options)
        seen: list[int] = []
        for batch in strategy.experimental_distribute_dataset(data):
            for part in strategy.experimental_local_results(batch):
                seen += part.numpy().tolist()
        found[policy] = np.array(seen)
    return found
