"""A training that goes on where it was broken off: `python -m distributed.resume RESULT`.

Each worker keeps TensorFlow's own checkpoints beside RESULT. A worker that is killed may have one
step less than the others: they agree on the last that all have. Keras's BackupAndRestore does the
same within `fit`, which does not run under this strategy.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

from distributed.cases import RATE, data, loss, start
from distributed.parts import mine, rows, together
from distributed.work import chosen

STEPS = 40


def main(result: Path) -> None:
    """Train, from the last step that all workers have kept."""
    strategy = chosen()
    tf.config.experimental.enable_op_determinism()
    variables = start(strategy)
    with strategy.scope():
        speeds = [tf.Variable(tf.zeros_like(variable)) for variable in variables]
    kept = tf.train.Checkpoint(variables=variables, speeds=speeds)
    manager = tf.train.CheckpointManager(kept, str(result.parent / "kept"), max_to_keep=3)
    done = agreed(strategy, manager)
    if done:
        kept.restore(f"{manager.directory}/ckpt-{done}").assert_consumed()
    print(f"from step {done}", flush=True)

    @tf.function
    def step(x: tf.Tensor, t: tf.Tensor) -> None:
        def replica() -> None:
            part = mine(x.shape[0], "uneven")
            with tf.GradientTape() as tape:
                value = loss(variables, x[part], t[part], x.shape[0])
            context = tf.distribute.get_replica_context()
            gradient = tape.gradient(value, variables)
            whole = context.all_reduce(tf.distribute.ReduceOp.SUM, gradient)
            for variable, speed, slope in zip(variables, speeds, whole, strict=True):
                variable.assign_sub(RATE * speed.assign(0.9 * speed + slope))

        strategy.run(replica)

    for number in range(done + 1, STEPS + 1):
        step(*map(tf.constant, data(32, seed=number)))
        manager.save(checkpoint_number=number)
        print(f"step {number} kept", flush=True)
    np.savez(result, **{str(index): rows(strategy, one) for index, one in enumerate(variables)})


def agreed(strategy: tf.distribute.Strategy, manager: tf.train.CheckpointManager) -> int:
    """Return the last step that all workers have kept; 0 where one has none."""
    latest = manager.latest_checkpoint
    mine_has = int(latest.rpartition("-")[2]) if latest else 0

    def told() -> tf.Tensor:
        return tf.distribute.get_replica_context().all_gather(tf.constant([mine_has]), axis=0)

    return int(together(strategy, told)[0].min())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    sys.stdout.flush()
    os._exit(0)  # as in work.py
