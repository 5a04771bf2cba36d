"""Variables and metrics whose values differ by replica, and how they become one."""

from __future__ import annotations

import json
import os
import tempfile

import numpy as np
import tensorflow as tf

from distributed.parts import Arrays, Strategy, rank, rows, together

#: How a variable that every replica assigns to becomes one.
AGGREGATED = ("SUM", "MEAN", "ONLY_FIRST_REPLICA")
#: What one that each counts up for itself is set to from outside: a share of it is a whole number.
GIVEN = 24.0


def case(strategy: Strategy) -> Arrays:
    """Start, count up, set and keep variables, and let a metric of Keras see other numbers."""
    return assigned(strategy) | counted(strategy) | metric(strategy)


def assigned(strategy: Strategy) -> Arrays:
    """Let each replica assign a value of its own, in every way there is."""
    # Every worker starts from a value of its own: worker 0's counts.
    with strategy.scope():
        variable = tf.Variable(np.full(3, _number()))
    found = {"variable": rows(strategy, variable)}
    for name in AGGREGATED:
        with strategy.scope():
            variable = tf.Variable(np.zeros(2), aggregation=tf.VariableAggregation[name])
        together(
            strategy,
            lambda variable=variable: variable.assign_add(np.full(2, rank() + 1.0)),
        )
        found[f"assigned-{name}"] = rows(strategy, variable)

    def less() -> None:
        variable.assign_sub(np.full((3, 2), rank() + 1.0))
        slices = tf.IndexedSlices(tf.fill([1, 2], rank() + 1.0), [rank() % 3])
        sparse.scatter_add(tf.IndexedSlices(tf.cast(slices.values, tf.float64), slices.indices))

    with strategy.scope():
        variable, sparse = (
            tf.Variable(np.zeros((3, 2)), aggregation=tf.VariableAggregation.SUM) for _ in "ab"
        )
    tf.function(lambda: strategy.run(less))()
    return found | {"less": rows(strategy, variable), "scattered": rows(strategy, sparse)}


def counted(strategy: Strategy) -> Arrays:
    """Count up in each replica, read that as a sum or a mean, set it from outside, and keep it."""
    found: Arrays = {}
    for name in ("SUM", "MEAN"):
        with strategy.scope():
            counter = tf.Variable(
                np.float64(0),
                synchronization=tf.VariableSynchronization.ON_READ,
                aggregation=tf.VariableAggregation[name],
            )

        def read(counter: tf.Variable = counter) -> np.ndarray:
            return np.array([counter.read_value().numpy()])

        together(strategy, lambda counter=counter: counter.assign_add(float(rank() + 1)))
        found[f"counted-{name}"] = read()
        with tempfile.TemporaryDirectory() as folder:
            path = tf.train.Checkpoint(counter=counter).write(f"{folder}/kept")
            counter.assign(GIVEN)
            found[f"given-{name}"] = read()
            (found[f"own-{name}"],) = together(strategy, lambda counter=counter: counter + 0.0)
            tf.train.Checkpoint(counter=counter).read(path).assert_consumed()
        found[f"kept-{name}"] = read()
    return found


def metric(strategy: Strategy) -> Arrays:
    """Let a mean of Keras see other numbers and weights in each replica, and ask it outside."""
    with strategy.scope():
        mean = tf.keras.metrics.Mean()
    tf.function(
        lambda: strategy.run(lambda: mean.update_state([rank() + 1.0, 8.0], [rank() + 1.0, 1.0]))
    )()
    return {"metric": np.array([mean.result().numpy()])}


def _number() -> float:
    """Return a number that no other worker has: 0 where one computes alone."""
    told = json.loads(os.environ.get("TF_CONFIG", "{}"))
    return float(told["task"]["index"]) if told else 0.0
