"""What every worker must have in common before they compute: the image, and its lock."""

from __future__ import annotations

import hashlib
import os

import facts
import numpy as np
import tensorflow as tf

#: The variable in which whoever starts a worker names its image: an image cannot know its own ID.
IMAGE = "GRADLOCK_IMAGE"


class StrangerError(Exception):
    """Workers run different images, or were built from different locks."""


def mine() -> tuple[str, str]:
    """Return this worker's image ID, and the SHA-256 of the lock that it was built from."""
    lock = facts.ETC / "requirements.txt"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest() if lock.exists() else "none"
    return os.environ.get(IMAGE, "not told"), digest


def agree(strategy: tf.distribute.Strategy) -> None:
    """Print the image and the lock, and compare them with all other workers': the first step.

    Raises:
        StrangerError: another worker has another image or lock.

    """
    image, lock = mine()
    print(f"image {image}, lock sha256:{lock}", flush=True)
    ours = hashlib.sha256(f"{image} {lock}".encode()).digest()

    def told() -> tf.Tensor:
        row = tf.constant([list(ours)], tf.int32)
        return tf.distribute.get_replica_context().all_gather(row, axis=0)

    rows = strategy.experimental_local_results(tf.function(strategy.run)(told))[0].numpy()
    strangers = [rank for rank, row in enumerate(rows) if not np.array_equal(row, rows[0])]
    if strangers:
        raise StrangerError(
            f"workers {strangers} run another image or lock than worker 0; this one: "
            f"image {image}, lock sha256:{lock}"
        )
