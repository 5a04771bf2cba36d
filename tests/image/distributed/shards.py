"""Data sets of which each worker reads its part: in batches, and from files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from distributed.parts import Arrays, Strategy

#: How many elements there are: no multiple of the batch or of the workers; and in how many files.
ELEMENTS, BATCH, FILES = 43, 8, 5
AutoShard = tf.data.experimental.AutoShardPolicy


def sharded(strategy: Strategy) -> Arrays:
    """Read data sets: the elements that this process was given, by `tf.data` or by a function."""
    numbers = tf.data.Dataset.range(ELEMENTS)
    found: Arrays = {}
    for policy in ("DATA", "OFF"):
        found |= _read(strategy, policy, _distributed(strategy, numbers, policy))
    with tempfile.TemporaryDirectory() as folder:
        files = tf.data.Dataset.from_tensor_slices(written(Path(folder)))
        lines = files.flat_map(tf.data.TextLineDataset)
        found |= _read(strategy, "FILE", _distributed(strategy, lines.map(_parsed), "FILE"))

    def own(context: tf.distribute.InputContext) -> tf.data.Dataset:
        part = (context.num_input_pipelines, context.input_pipeline_id)
        return numbers.shard(*part).batch(context.get_per_replica_batch_size(BATCH))

    found |= _read(strategy, "OWN", strategy.distribute_datasets_from_function(own))

    # In a graph, workers that have nothing left take part in the last sum all the same.
    @tf.function
    def total(data: Iterable[Any]) -> tf.Tensor:
        whole = tf.constant(0, tf.int64)
        for batch in data:
            part = strategy.run(tf.reduce_sum, args=(batch,))
            whole += strategy.reduce(tf.distribute.ReduceOp.SUM, part, axis=None)
        return whole

    return found | {"total": total(_distributed(strategy, numbers, "DATA")).numpy()}


def written(folder: Path) -> list[str]:
    """Write the elements to files, one a line, and return their names."""
    paths = [folder / str(number) for number in range(FILES)]
    for path, part in zip(paths, np.array_split(np.arange(ELEMENTS), FILES), strict=True):
        path.write_text("".join(f"{number}\n" for number in part))
    return list(map(str, paths))


def _parsed(line: tf.Tensor) -> tf.Tensor:
    return tf.strings.to_number(line, tf.int64)


def _distributed(strategy: Strategy, data: tf.data.Dataset, policy: str) -> Iterable[Any]:
    """Return the data set in batches, of which each worker is given its part."""
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = AutoShard[policy]
    return strategy.experimental_distribute_dataset(data.batch(BATCH).with_options(options))


def _read(strategy: Strategy, name: str, data: Iterable[Any]) -> Arrays:
    """Return all elements that this process is given, and how many in each batch."""
    parts = [part for batch in data for part in strategy.experimental_local_results(batch)]
    sizes = np.array([len(part) for part in parts])
    return {name: np.concatenate([part.numpy() for part in parts]), f"{name}-sizes": sizes}
