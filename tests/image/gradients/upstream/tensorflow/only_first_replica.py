"""VariableAggregation.ONLY_FIRST_REPLICA keeps each worker's own value.

Under `MultiWorkerMirroredStrategy` each worker takes the value that its own first replica
assigns, so a mirrored variable differs from worker to worker from then on. `apply_aggregation` in
`distribute/values_util.py` takes `experimental_local_results(value)[0]`, the first of this
worker, and the strategy's `broadcast_to` does not leave the worker. Under `MirroredStrategy` all
have the first one's. The documentation has it for replicas that make the same update, and does
not say what comes of others; the copies of a mirrored variable are one.

A mend: broadcast that of rank 0. Until then: let the others give zeros, and add up.

It prints:

    found    [1. 2.]
    expected [1. 1.]
    remedy   [1. 1.]
"""

import json
import os

RANK = 0 if os.fork() else 1
WORKERS = {"worker": ["localhost:23451", "localhost:23452"]}
os.environ["TF_CONFIG"] = json.dumps(
    {"cluster": WORKERS, "task": {"type": "worker", "index": RANK}}
)

import tensorflow as tf  # noqa: E402 - it reads TF_CONFIG

strategy = tf.distribute.MultiWorkerMirroredStrategy()


def assigned(aggregation, value):
    """Let each worker assign its value; return what all hold."""
    with strategy.scope():
        variable = tf.Variable([0.0], aggregation=aggregation)

    @tf.function
    def step():
        strategy.run(lambda: variable.assign([value]))
        return strategy.gather(strategy.run(lambda: variable + 0.0), 0)

    return step().numpy()


found = assigned(tf.VariableAggregation.ONLY_FIRST_REPLICA, 1.0 + RANK)
remedy = assigned(tf.VariableAggregation.SUM, 0.0 if RANK else 1.0)
if RANK == 0:
    os.wait()
    print("found   ", found)
    print("expected", tf.ones(2).numpy())
    print("remedy  ", remedy)
