"""What one worker runs: `python -m distributed.work RESULT [--case NAME ...]`, with TF_CONFIG set.

All workers compute the same cases in the same order. RESULT holds what each gave, as NumPy's
archive. The tests compute the same cases alone, and on several logical CPUs of one process.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import tensorflow as tf

from distributed import identity
from distributed.cases import BY_NAME, CASES
from distributed.parts import Arrays

KNOWN = CASES | BY_NAME
#: Seconds that workers wait for each other at the start, and the variable that says otherwise.
PATIENCE, VARIABLE = 120, "GRADLOCK_PATIENCE"


def main() -> int:
    """Compute, and write the result when all is done."""
    parser = argparse.ArgumentParser()
    parser.add_argument("result", type=Path)
    parser.add_argument("--case", action="append", choices=list(KNOWN), help="default: CASES")
    given = parser.parse_args()
    strategy = chosen()
    tf.config.experimental.enable_op_determinism()
    try:
        identity.agree(strategy)
    except identity.StrangerError as error:
        print(f"refused: {error}", flush=True)
        return 3
    np.savez(given.result, **computed(strategy, given.case or CASES))
    return 0


def alone() -> Arrays:
    """Compute all cases without a strategy: the reference."""
    tf.config.experimental.enable_op_determinism()
    return computed(tf.distribute.get_strategy(), CASES)


def mirrored(count: int, names: Iterable[str]) -> Arrays:
    """Compute cases on so many logical CPUs of this process."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    parts = [tf.config.LogicalDeviceConfiguration()] * count
    tf.config.set_logical_device_configuration(cpu, parts)
    strategy = tf.distribute.MirroredStrategy([f"CPU:{index}" for index in range(count)])
    tf.config.experimental.enable_op_determinism()
    return computed(strategy, names)


def computed(strategy: tf.distribute.Strategy, names: Iterable[str]) -> Arrays:
    """Return what cases give: `case/name`, with one row for each replica of this process."""
    found = {"replicas": np.array(strategy.num_replicas_in_sync)}
    for name in names:
        began = time.monotonic(), time.process_time()
        tf.keras.utils.set_random_seed(1)
        for key, array in KNOWN[name](strategy).items():
            found[f"{name}/{key}"] = array
        took, core = time.monotonic() - began[0], time.process_time() - began[1]
        print(f"{name}: {took:.1f} s, {core:.1f} s of a core", flush=True)
    return found


def chosen() -> tf.distribute.Strategy:
    """Return the strategy of this worker; made before TensorFlow computes anything."""
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
