"""One worker of several: TF_CONFIG from what JobSet, the Trainer, Slurm or compose say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from gradlock import store

ROOTFS = store.ROOT / "docker" / "rootfs"
CLUSTER = ROOTFS / "usr/local/lib/gradlock/cluster.py"
ENTRYPOINT = ROOTFS / "usr/local/bin/gradlock-entrypoint"
#: How the entry point calls it; here by the interpreter and the file of this machine.
CALL = "/opt/conda/bin/python -I -S /usr/local/lib/gradlock/cluster.py"
HERE = f"{sys.executable} -I -S -B {CLUSTER}"

JOBSET = {
    "JOBSET_NAME": "mnist",
    "REPLICATED_JOB_NAME": "worker",
    "JOB_COMPLETION_INDEX": "1",
    "GRADLOCK_WORKERS": "3",
}
TRAINER = {
    "PET_NNODES": "3",
    "PET_NODE_RANK": "2",
    "PET_MASTER_ADDR": "mnist-node-0-0.mnist",
    "PET_MASTER_PORT": "29500",
    "JOB_COMPLETION_INDEX": "2",
}
SLURM = {
    "SLURM_JOB_ID": "7",
    "SLURM_JOB_NODELIST": "gpu[08-10]",
    "SLURM_NTASKS": "3",
    "SLURM_PROCID": "0",
}
COMPOSE = {"GRADLOCK_WORKERS": "2", "GRADLOCK_WORKER": "1", "GRADLOCK_JOB": "mnist"}


def enter(**variables: str) -> subprocess.CompletedProcess[str]:
    """Run the entry point with some variables; its command prints TF_CONFIG."""
    text = ENTRYPOINT.read_text().replace(CALL, HERE)
    assert HERE in text
    return subprocess.run(
        ["sh", "-c", text, "gradlock-entrypoint", "sh", "-c", 'printf %s "${TF_CONFIG-unset}"'],
        env={"PATH": os.environ["PATH"], "HOME": "/", **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def told(**variables: str) -> Any:
    done = enter(**variables)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_jobsets_pods_are_told_of_one_another() -> None:
    workers = [f"mnist-worker-0-{index}.mnist:2222" for index in range(3)]
    task = {"type": "worker", "index": 1}
    assert told(**JOBSET) == {"cluster": {"worker": workers}, "task": task}


def test_trainers_pods_are_told_of_one_another() -> None:
    """Its pods are a JobSet's, so they have a completion index, too."""
    workers = [f"mnist-node-0-{index}.mnist:2222" for index in range(3)]
    task = {"type": "worker", "index": 2}
    assert told(**TRAINER) == {"cluster": {"worker": workers}, "task": task}


def test_composes_containers_are_told_of_one_another() -> None:
    workers = [f"mnist-worker-0-{index}.mnist:2222" for index in range(2)]
    task = {"type": "worker", "index": 1}
    assert told(**COMPOSE) == {"cluster": {"worker": workers}, "task": task}


@pytest.mark.parametrize(
    ("listed", "names"),
    [
        ("a,b", "a b"),
        ("gpu[08-10]", "gpu08 gpu09 gpu10"),
        ("gpu[1,3-4],login.site", "gpu1 gpu3 gpu4 login.site"),
        ("r[1-2]n[1-2]", "r1n1 r1n2 r2n1 r2n2"),
        ("a[1-2]-ib,b", "a1-ib a2-ib b"),
    ],
)
def test_slurms_tasks_are_told_of_one_another(listed: str, names: str) -> None:
    count = str(len(names.split()))
    found = told(**{**SLURM, "SLURM_JOB_NODELIST": listed, "SLURM_NTASKS": count})
    assert found["cluster"]["worker"] == [f"{name}:12070" for name in names.split()]
    assert found["task"] == {"type": "worker", "index": 0}


def test_slurms_tasks_on_one_node_have_ports_of_their_own() -> None:
    found = told(
        SLURM_JOB_ID="40",
        SLURM_JOB_NODELIST="n[1-3]",
        SLURM_NTASKS="5",
        SLURM_TASKS_PER_NODE="2(x2),1",
        SLURM_PROCID="3",
        SLURM_NODEID="1",
        SLURM_LOCALID="1",
    )
    assert found["cluster"]["worker"] == [
        "n1:12400",
        "n1:12401",
        "n2:12400",
        "n2:12401",
        "n3:12400",
    ]
    assert found["task"]["index"] == 3


def test_two_jobs_of_slurms_do_not_meet() -> None:
    one, other = (told(**{**SLURM, "SLURM_JOB_ID": job})["cluster"] for job in ("8", "9"))
    assert set(one["worker"]).isdisjoint(other["worker"])


def test_a_step_of_a_larger_job_is_told_of_itself() -> None:
    step = {"SLURM_STEP_NODELIST": "gpu09", "SLURM_STEP_NUM_TASKS": "1"}
    assert enter(**SLURM, **step).stdout == "unset"


@pytest.mark.parametrize("variables", [JOBSET, TRAINER, SLURM, COMPOSE])
def test_a_tf_config_that_is_there_stays(variables: dict[str, str]) -> None:
    assert enter(**variables, TF_CONFIG="{}").stdout == "{}"


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"JOBSET_NAME": "another's", "JOB_COMPLETION_INDEX": "0"},
        {**COMPOSE, "GRADLOCK_WORKERS": "1", "GRADLOCK_WORKER": "0"},
        {"PET_NNODES": "1", "PET_NODE_RANK": "0", "PET_MASTER_ADDR": "localhost"},
        {"SLURM_NTASKS": "1", "SLURM_JOB_NODELIST": "here", "SLURM_PROCID": "0"},
        {"SLURM_NTASKS": "2"},
    ],
)
def test_one_alone_needs_none(variables: dict[str, str]) -> None:
    done = enter(**variables)
    assert (done.returncode, done.stdout, done.stderr) == (0, "unset", "")


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({**COMPOSE, "GRADLOCK_WORKER": "2"}, "worker 2 of 2"),
        ({**COMPOSE, "GRADLOCK_WORKERS": "two"}, "GRADLOCK_WORKERS=two"),
        ({**COMPOSE, "GRADLOCK_WORKERS": "0"}, "GRADLOCK_WORKERS=0"),
        ({"GRADLOCK_WORKERS": "2"}, "GRADLOCK_WORKER is not set"),
        ({**JOBSET, "JOB_COMPLETION_INDEX": ""}, "JOB_COMPLETION_INDEX is not set"),
        ({**JOBSET, "JOB_COMPLETION_INDEX": "-1"}, "JOB_COMPLETION_INDEX=-1"),
        ({**TRAINER, "PET_MASTER_ADDR": "10.0.0.1"}, "PET_MASTER_ADDR=10.0.0.1"),
        ({**TRAINER, "PET_NODE_RANK": "x"}, "PET_NODE_RANK=x"),
        ({**SLURM, "SLURM_JOB_NODELIST": "gpu[08-10"}, "cannot be read"),
        ({**SLURM, "SLURM_JOB_NODELIST": "gpu[10-08]"}, "no range of nodes"),
        ({**SLURM, "SLURM_JOB_NODELIST": "gpu[1-999999999]"}, "no range of nodes"),
        ({**SLURM, "SLURM_NTASKS": "4"}, "4 tasks are not"),
        ({**SLURM, "SLURM_TASKS_PER_NODE": "2(x"}, "cannot be read"),
        ({**SLURM, "SLURM_JOB_NODELIST": "a", "SLURM_NTASKS": "11"}, "ports for 10"),
        (
            {
                **SLURM,
                "SLURM_NTASKS": "6",
                "SLURM_PROCID": "1",
                "SLURM_NODEID": "1",
                "SLURM_LOCALID": "0",
            },
            "--distribution=block",
        ),
    ],
)
def test_what_cannot_be_stops_the_container(variables: dict[str, str], words: str) -> None:
    """A worker with a wrong address would wait for the others without end."""
    done = enter(**variables)
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr.startswith("gradlock: no TF_CONFIG can be made: ")
    assert words in done.stderr
