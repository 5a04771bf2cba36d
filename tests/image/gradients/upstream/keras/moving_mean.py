"""BatchNormalization keeps another moving mean on each worker.

Without `synchronized=True` the layer assigns moving statistics in each replica. Under
`MirroredStrategy` they are one variable; under `MultiWorkerMirroredStrategy` each worker keeps
its own, since the variables are made without an aggregation that adds up over workers. What is
evaluated and saved then depends on the worker, and the first one's is of its share of the data
alone.

A mend: `aggregation="mean"` for both. Until then: `synchronized=True`.

It prints:

    found    [1. 3.]
    expected [2. 2.]
    remedy   [2. 2.]
"""

import json
import os

RANK = 0 if os.fork() else 1
WORKERS = {"worker": ["localhost:23453", "localhost:23454"]}
os.environ["TF_CONFIG"] = json.dumps(
    {"cluster": WORKERS, "task": {"type": "worker", "index": RANK}}
)

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402 - it reads TF_CONFIG

strategy = tf.distribute.MultiWorkerMirroredStrategy()


def means(**options):
    """Train a layer on 2 on the first worker and on 6 on the second; return their moving means."""
    with strategy.scope():
        layer = keras.layers.BatchNormalization(momentum=0.5, **options)
        layer.build((None, 1))

    @tf.function
    def step():
        strategy.run(lambda: layer(tf.fill([4, 1], 2.0 + 4.0 * RANK), training=True))
        return strategy.gather(strategy.run(lambda: layer.moving_mean + 0.0), 0)

    return step().numpy()


found, remedy = means(), means(synchronized=True)
if RANK == 0:
    os.wait()
    print("found   ", found)
    print("expected", tf.fill([2], 0.5 * (2.0 + 6.0) / 2).numpy())
    print("remedy  ", remedy)
