"""What `./inv deploy` prints runs: its containers, on a real engine, find one another and agree."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from docker.models.networks import Network

from gradlock.deploy import kinds
from gradlock.deploy.order import WORK, Order
from gradlock.engine import containers
from gradlock.engine.engine import Engine

#: Seconds for two workers that share a busy machine.
PATIENCE = 300
#: Five steps of least squares, the batch shared out; each worker prints what it has come to.
PROGRAM = """
import json, os
import numpy as np
import tensorflow as tf
task = json.loads(os.environ["TF_CONFIG"])
rank, count = task["task"]["index"], len(task["cluster"]["worker"])
strategy = tf.distribute.MultiWorkerMirroredStrategy()
with strategy.scope():
    weight = tf.Variable(tf.ones([4, 1], tf.float64))
share = tf.constant(np.array_split(np.arange(32.0).reshape(8, 4) / 32, count)[rank])
@tf.function
def step():
    def one():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(share @ weight)) / 8
        gradient = tape.gradient(loss, weight)
        weight.assign_sub(0.1 * tf.distribute.get_replica_context().all_reduce("sum", gradient))
    strategy.run(one)
for _ in range(5):
    step()
print("weights", rank, json.dumps(weight.numpy().ravel().tolist()), flush=True)
"""
COMMAND = f"python -c '{PROGRAM}'"


def expected() -> list[float]:
    """Return the weights that one process comes to, by hand."""
    data = np.arange(32.0).reshape(8, 4) / 32
    weight = np.ones((4, 1))
    for _ in range(5):
        weight = weight - 0.1 * (2 * data.T @ (data @ weight) / 8)
    found: list[float] = weight.ravel().tolist()
    return found


def hold(text: str) -> None:
    """See that both workers came to the right weights, the same to the last bit."""
    found = dict(re.findall(r"weights ([01]) (\[.*?\])", text))
    assert found.keys() == {"0", "1"}, text
    assert found["0"] == found["1"]
    assert json.loads(found["0"]) == pytest.approx(expected(), rel=1e-13)


@pytest.fixture
def network(docker_engine: Engine) -> Iterator[Network]:
    """Make a network without a way out."""
    made = docker_engine.client.networks.create(f"gradlock-{uuid.uuid4().hex}", internal=True)
    yield made
    made.remove()


def pod(kind: str, order: Order) -> dict[str, Any]:
    """Return the specification of the one pod in what a kind prints."""
    found: list[dict[str, Any]] = []

    def look(value: Any) -> None:
        if isinstance(value, dict) and "containers" in value:
            found.append(value)
        elif isinstance(value, dict | list):
            for part in value.values() if isinstance(value, dict) else value:
                look(part)

    documents = list(yaml.safe_load_all(kinds.named(kind).text(order)))
    look(documents)
    (one,) = found
    for document in documents:
        if document["kind"] == "TrainJob":
            one["containers"][0]["args"] = document["spec"]["trainer"]["args"]
    return one


def options(spec: dict[str, Any]) -> dict[str, Any]:
    """Return a pod's confinement as the SDK's options; empty directories are in memory."""
    (container,) = spec["containers"]
    user, security = spec["securityContext"], container["securityContext"]
    assert not security["allowPrivilegeEscalation"]
    folders = [mount["mountPath"] for mount in container["volumeMounts"]]
    assert "/dev/shm" in folders
    return {
        "user": f"{user['runAsUser']}:{user['runAsGroup']}",
        "read_only": security["readOnlyRootFilesystem"],
        "cap_drop": security["capabilities"]["drop"],
        "security_opt": ["no-new-privileges"],
        "tmpfs": {path: "rw,exec,mode=1777" for path in folders if path != "/dev/shm"},
        "shm_size": "1g",
        "working_dir": container["workingDir"],
        "mem_limit": container["resources"]["limits"]["memory"].replace("Mi", "m"),
    }


def variables(kind: str, order: Order, index: int) -> dict[str, str]:
    """Return what the cluster sets in a pod, in the place of its fields and of its operators."""
    if kind == "jobset":
        return {
            "JOBSET_NAME": order.name,
            "REPLICATED_JOB_NAME": "worker",
            "JOB_COMPLETION_INDEX": str(index),
            "GRADLOCK_WORKERS": str(order.workers),
        }
    return {
        "PET_NNODES": str(order.workers),
        "PET_NODE_RANK": str(index),
        "PET_MASTER_ADDR": f"{order.name}-node-0-0.{order.name}",
        "PET_MASTER_PORT": "29500",
        "JOB_COMPLETION_INDEX": str(index),
    }


@pytest.mark.parametrize(("kind", "part"), [("jobset", "worker"), ("trainjob", "node")])
def test_a_jobs_pods_train_together(
    docker_engine: Engine, cpu_image: str, network: Network, kind: str, part: str
) -> None:
    order = Order("mnist", cpu_image, command=COMMAND, memory=2048)
    spec = pod(kind, order)
    (container,) = spec["containers"]
    said = {one["name"] for one in container["env"]}
    assert said <= variables(kind, order, 0).keys()
    with contextlib.ExitStack() as stack:
        workers = []
        for index in range(order.workers):
            name = f"{order.name}-{part}-0-{index}.{order.name}"
            place = docker_engine.client.api.create_endpoint_config(aliases=[name])
            workers.append(
                stack.enter_context(
                    containers.container(
                        docker_engine,
                        cpu_image,
                        container["args"],
                        kind="test",
                        network=network.name,
                        networking_config={network.name: place},
                        environment=variables(kind, order, index),
                        **options(spec),
                    )
                )
            )
        for worker in workers:
            worker.start()
        ends = [worker.wait(timeout=PATIENCE)["StatusCode"] for worker in workers]
        text = "\n".join(worker.logs().decode() for worker in workers)
    assert ends == [0, 0], text
    hold(text)


@pytest.mark.parametrize("kind", ["statefulset", "notebook"])
def test_a_labs_pod_is_healthy_by_its_own_probe(
    docker_engine: Engine, cpu_image: str, kind: str
) -> None:
    spec = pod(kind, Order("lab", cpu_image))
    (container,) = spec["containers"]
    environment = {"NB_PREFIX": "/notebook/team/lab"} if kind == "notebook" else {}
    probe = container["startupProbe"]["exec"]["command"]
    with containers.container(
        docker_engine,
        cpu_image,
        container["args"],
        kind="test",
        network_mode="none",
        environment=environment,
        **options(spec),
    ) as lab:
        lab.start()
        end = time.monotonic() + PATIENCE
        while (done := lab.exec_run(probe)).exit_code and time.monotonic() < end:
            time.sleep(1)
        assert done.exit_code == 0, (done.output, lab.logs())
        saved = lab.exec_run(["sh", "-c", f"touch {WORK}/a && ! touch /etc/a 2>/dev/null"])
        assert saved.exit_code == 0


def compose() -> list[str]:
    """Return compose's command: Docker's plugin, or the program of its own."""
    asked = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    if asked.returncode == 0:
        return ["docker", "compose"]
    if program := shutil.which("docker-compose"):
        return [program]
    pytest.skip("neither docker compose nor docker-compose is here")


def test_composes_workers_train_together(
    tmp_path: Path, docker_engine: Engine, cpu_image: str
) -> None:
    order = Order("mnist", cpu_image, command=COMMAND, cpus=1, memory=2048)
    path = tmp_path / "workers.yaml"
    path.write_text(kinds.named("compose").text(order), encoding="utf-8")
    tmp_path.chmod(0o755)
    argv = [*compose(), "--file", str(path), "--project-name", f"gradlock-{uuid.uuid4().hex}"]
    env = {**os.environ, "DOCKER_HOST": docker_engine.where, "GRADLOCK_FOLDER": str(tmp_path)}
    try:
        run = [*argv, "up", "--no-color"]
        done = subprocess.run(
            run, env=env, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    finally:
        subprocess.run([*argv, "down", "--volumes"], env=env, capture_output=True, check=True)
    assert done.returncode == 0, done.stderr
    hold(done.stdout)
