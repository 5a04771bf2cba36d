"""Which part of a batch is a replica's, and how what it computed becomes an array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

Arrays = dict[str, np.ndarray]
Strategy = tf.distribute.Strategy
#: Batches by name: rows, and how they are shared out. One row leaves most replicas nothing.
BATCHES = {
    "even": (32, "even"),
    "uneven": (32, "uneven"),
    "ragged": (13, "even"),
    "one": (1, "even"),
}


def rank() -> int:
    """Return the number of the replica that runs."""
    context = tf.distribute.get_replica_context()
    return int(tf.get_static_value(context.replica_id_in_sync_group))


def mine(size: int, weights: str) -> slice:
    """Return the running replica's part of a batch: `even`, or `uneven`, later ones having more."""
    count = tf.distribute.get_replica_context().num_replicas_in_sync
    shares = np.ones(count) if weights == "even" else np.arange(1.0, count + 1)
    cuts = [0, *np.round(size * np.cumsum(shares) / shares.sum()).astype(int).tolist()]
    return slice(cuts[rank()], cuts[rank() + 1])


def rows(strategy: Strategy, value: Any) -> np.ndarray:
    """Return a value, or a variable, of all local replicas as an array: a row for each."""
    return np.stack([part.numpy() for part in strategy.experimental_local_results(value)])


def together(
    strategy: Strategy, replica: Callable[[], Any], *, eager: bool = False
) -> list[np.ndarray]:
    """Run a function in every replica, and return what it returns, flat, as `rows`."""

    def run() -> Any:
        return strategy.run(replica)

    returned = (run if eager else tf.function(run))()
    flat = list(returned) if isinstance(returned, list | tuple) else [returned]
    return [rows(strategy, value) for value in flat]
