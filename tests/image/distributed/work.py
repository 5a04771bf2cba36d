"""What one worker runs: `python -m distributed.work RESULT [--case NAME ...]`, with TF_CONFIG set.

All workers compute the same cases in the same order. RESULT holds what each gave, as NumPy's
archive: `case/name`, with one row for each replica of this process. Without TF_CONFIG it computes
alone, without a strategy: the reference. `--mirrored N` shares work among N logical CPUs.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import tensorflow as tf

from distributed import identity
from distributed.cases import BY_NAME, CASES

#: Seconds that workers wait for each other at the start, and the variable that says otherwise.
PATIENCE, VARIABLE = 120, "GRADLOCK_PATIENCE"


def main() -> int:
    """Compute, and write the result when all is done."""
    parser = argparse.ArgumentParser()
    parser.add_argument("result", type=Path)
    known = CASES | BY_NAME
    parser.add_argument("--case", action="append", choices=list(known), help="default: CASES")
    parser.add_argument("--mirrored", type=int, default=0, help="how many logical CPUs share")
    given = parser.parse_args()
    strategy = chosen(given.mirrored)
    tf.config.experimental.enable_op_determinism()
    try:
        identity.agree(strategy)
    except identity.StrangerError as error:
        print(f"refused: {error}", flush=True)
        return 3
    found: dict[str, np.ndarray] = {"replicas": np.array(strategy.num_replicas_in_sync)}
    for name in given.case or CASES:
        began = time.monotonic()
        tf.keras.utils.set_random_seed(1)
        for key, array in known[name](strategy).items():
            found[f"{name}/{key}"] = array
        print(f"{name}: {time.monotonic() - began:.1f} s", flush=True)
    np.savez(given.result, **found)
    return 0


def chosen(mirrored: int) -> tf.distribute.Strategy:
    """Return the strategy; made before TensorFlow computes anything."""
    if mirrored:
        cpu = tf.config.list_physical_devices("CPU")[0]
        parts = [tf.config.LogicalDeviceConfiguration()] * mirrored
        tf.config.set_logical_device_configuration(cpu, parts)
        return tf.distribute.MirroredStrategy([f"CPU:{index}" for index in range(mirrored)])
    if "TF_CONFIG" not in os.environ:
        return tf.distribute.get_strategy()
    told = json.loads(os.environ["TF_CONFIG"])
    # TensorFlow waits for a worker that never comes as long as it takes, in a call that holds
    # everything up: this limit needs no thread of Python's.
    patience = int(os.environ.get(VARIABLE, PATIENCE))
    print(f"waiting {patience} s at most for {told['cluster']['worker']}", flush=True)
    faulthandler.dump_traceback_later(patience, exit=True)
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    faulthandler.cancel_dump_traceback_later()
    if strategy.num_replicas_in_sync != len(told["cluster"]["worker"]):
        raise RuntimeError(
            f"{strategy.num_replicas_in_sync} replicas of {len(told['cluster']['worker'])}"
        )
    return strategy


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    # TensorFlow's threads may outlive a lost neighbour: nothing is left to be waited for.
    os._exit(status)
