"""Training by a parameter server: four processes of this machine.

One holds the variables, two are workers, and this one, which starts them, coordinates.
"""

from __future__ import annotations

import json
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import tensorflow as tf

from distributed.cases import RATE, STEPS, data, loss, start
from distributed.parts import Arrays
from distributed.record import FORK

#: Rows of a batch, as in the case `sgd`, and where the two workers' parts of it begin and end.
BATCH, CUTS = 32, ((0, 11), (11, 32))
#: Which processes there are, by their role.
ROLES = {"chief": 1, "ps": 1, "worker": 2}
#: Whole numbers that the workers add up, in whichever order.
NUMBERS = 100
#: Threads of an operation's own that each server has: one that waits for another holds one, and by
#: default there are as many as cores.
THREADS = 4


def served() -> Arrays:
    """Start the servers, train, and return what came out."""
    with tempfile.TemporaryDirectory() as folder, servers(Path(folder)) as told:
        os.environ["TF_CONFIG"] = told
        return coordinate()


@contextmanager
def servers(folder: Path) -> Iterator[str]:
    """Start all but the chief, which are gone when the block ends; yield the chief's TF_CONFIG.

    Each is in a folder of its own, where the file `name` holds who it is.
    """
    with ExitStack() as held:
        ports = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(4)]
        addresses = iter([f"127.0.0.1:{port.getsockname()[1]}" for port in ports])
    cluster = {role: [next(addresses) for _ in range(count)] for role, count in ROLES.items()}

    def config(role: str, index: int) -> str:
        return json.dumps({"cluster": cluster, "task": {"type": role, "index": index}})

    with ExitStack() as stack:
        for role, index in [("ps", 0), ("worker", 0), ("worker", 1)]:
            place = folder / f"{role}-{index}"
            place.mkdir()
            (place / "name").write_text(place.name)
            server = FORK.Process(target=serve, args=(place, config(role, index)), daemon=True)
            server.start()
            stack.callback(server.kill)
        yield config("chief", 0)


def serve(place: Path, told: str) -> None:
    """Be the server that TF_CONFIG says, in a folder of its own, until it is killed.

    It has no limit of its own: a watchdog cannot be set where the process it was forked from has
    one. Where that one ends by its own, this one ends with the container.
    """
    os.chdir(place)
    os.environ["TF_CONFIG"] = told
    cluster = tf.distribute.cluster_resolver.TFConfigClusterResolver()
    tf.distribute.Server(
        cluster.cluster_spec(),
        job_name=cluster.task_type,
        task_index=cluster.task_id,
        protocol="grpc",
        config=tf.compat.v1.ConfigProto(inter_op_parallelism_threads=THREADS),
    ).join()


def coordinate() -> Arrays:
    """Compute a gradient by parts, train by such gradients, and add up numbers in any order."""
    resolver = tf.distribute.cluster_resolver.TFConfigClusterResolver()
    strategy = tf.distribute.ParameterServerStrategy(resolver)
    coordinator = tf.distribute.coordinator.ClusterCoordinator(strategy)
    variables = start(strategy)
    with strategy.scope():
        speeds = [tf.Variable(tf.zeros_like(variable)) for variable in variables]
        total = tf.Variable(np.float64(0))
    held = np.array([variable.device for variable in (*variables, *speeds, total)])

    @tf.function
    def part(x: tf.Tensor, t: tf.Tensor) -> tuple[list[tf.Tensor], tf.Tensor]:
        with tf.GradientTape() as tape:
            value = loss(variables, x, t, BATCH)
        return tape.gradient(value, variables), tf.io.read_file("name")

    names = set()

    def gradient(seed: int) -> list[np.ndarray]:
        x, t = data(BATCH, seed)
        parts = [
            coordinator.schedule(part, args=(tf.constant(x[a:b]), tf.constant(t[a:b])))
            for a, b in CUTS
        ]
        coordinator.join()
        slopes, by = zip(*(one.fetch() for one in parts), strict=True)
        names.update(name.decode() for name in by)
        return [np.add(*both) for both in zip(*slopes, strict=True)]

    # As Keras keeps them, with which this is compared.
    rate, momentum = (float(np.float32(number)) for number in (RATE, 0.9))

    @tf.function
    def update(slopes: list[tf.Tensor]) -> None:
        for variable, speed, slope in zip(variables, speeds, slopes, strict=True):
            variable.assign_add(speed.assign(momentum * speed - rate * slope))

    found = {f"gradient/{index}": slope for index, slope in enumerate(gradient(seed=11))}
    for number in range(STEPS):
        slopes = [tf.constant(slope) for slope in gradient(seed=number)]
        coordinator.schedule(update, args=(slopes,))
        coordinator.join()
    found |= {f"variable/{index}": one.numpy() for index, one in enumerate(variables)}

    @tf.function
    def add(number: tf.Tensor) -> None:
        total.assign_add(number)

    for number in range(NUMBERS):
        coordinator.schedule(add, args=(tf.constant(np.float64(number)),))
    coordinator.join()
    return found | {"total": total.numpy(), "held": held, "names": np.array(sorted(names))}
