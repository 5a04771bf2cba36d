"""Collectives on whole numbers, which add up exactly: what comes out is known beforehand."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from functools import partial
from typing import Any

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
#: How a reduction is called: packs of a byte make a collective of each tensor, not one of all.
WAYS = ("eager", "function", "packs")
PACK = 1
#: How a variable that every replica assigns to becomes one.
AGGREGATED = ("SUM", "MEAN", "ONLY_FIRST_REPLICA")
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
    return reduced(strategy) | gathered(strategy) | outside(strategy) | held(strategy)


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


def outside(strategy: Strategy) -> Arrays:
    """Add up, average and gather what replicas have returned, as numbers and along rows."""
    numbers = strategy.run(lambda: tf.constant(float(rank() + 1), tf.float64))
    pieces = strategy.run(lambda: tf.constant(piece(rank())))
    found = {"gathered-outside": strategy.gather(pieces, axis=0).numpy()}
    for operation in (tf.distribute.ReduceOp.SUM, tf.distribute.ReduceOp.MEAN):
        whole = strategy.reduce(operation, numbers, axis=None)
        found[f"outside-{operation.name}"] = np.array([whole.numpy()])
        found[f"rows-{operation.name}"] = strategy.reduce(operation, pieces, axis=0).numpy()
    return found


def held(strategy: Strategy) -> Arrays:
    """Make variables whose values differ by replica, which become one in several ways."""
    # Every worker starts from a value of its own: worker 0's counts.
    with strategy.scope():
        variable = tf.Variable(np.full(3, _number()))
    found = {"variable": rows(strategy, variable)}

    # One that each has counted up for itself is added up, or averaged, when read.
    for name in ("SUM", "MEAN"):
        with strategy.scope():
            counter = tf.Variable(
                np.float64(0),
                synchronization=tf.VariableSynchronization.ON_READ,
                aggregation=tf.VariableAggregation[name],
            )
        together(strategy, lambda counter=counter: counter.assign_add(float(rank() + 1)))
        found[f"counted-{name}"] = np.array([counter.read_value().numpy()])

    # And others when each assigns a value of its own.
    for name in AGGREGATED:
        with strategy.scope():
            variable = tf.Variable(np.zeros(2), aggregation=tf.VariableAggregation[name])
        together(
            strategy,
            lambda variable=variable: variable.assign_add(np.full(2, rank() + 1.0)),
        )
        found[f"assigned-{name}"] = rows(strategy, variable)
    return found


def _number() -> float:
    """Return a number that no other worker has: 0 where one computes alone."""
    told = json.loads(os.environ.get("TF_CONFIG", "{}"))
    return float(told["task"]["index"]) if told else 0.0


def sharded(strategy: Strategy) -> Arrays:
    """Read a data set: the elements that this process was given, by `tf.data` or by a function."""
    found: Arrays = {}
    for policy in ("DATA", "OFF"):
        options = tf.data.Options()
        options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy[
            policy
        ]
        data = tf.data.Dataset.range(ELEMENTS).batch(BATCH).with_options(options)
        found[policy] = _read(strategy, strategy.experimental_distribute_dataset(data))

    def own(context: tf.distribute.InputContext) -> tf.data.Dataset:
        part = (context.num_input_pipelines, context.input_pipeline_id)
        size = context.get_per_replica_batch_size(BATCH)
        return tf.data.Dataset.range(ELEMENTS).shard(*part).batch(size)

    found["OWN"] = _read(strategy, strategy.distribute_datasets_from_function(own))
    return found


def _read(strategy: Strategy, data: Iterable[Any]) -> np.ndarray:
    """Return all elements of the batches that this process is given."""
    parts = [part for batch in data for part in strategy.experimental_local_results(batch)]
    return np.concatenate([part.numpy() for part in parts])
