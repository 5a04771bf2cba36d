"""The batch script of `./inv deploy slurm`, run by a Slurm of one node that is made for it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from gradlock.deploy import kinds
from gradlock.deploy.order import Order
from gradlock.engine.engine import Engine
from tests.e2e.test_deploy import COMMAND, PATIENCE, hold

#: What Debian's `slurm-wlm` and Docker's own client bring.
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "sinfo", "docker")
#: Seconds in which the node must be there.
STARTS = 60
#: A controller and a node, both this machine; nothing of them lies outside a folder. The node's
#: name is one that a container on the machine's network can resolve, too.
CONFIGURATION = """\
ClusterName=gradlock
SlurmctldHost=localhost({host})
SlurmctldPort={controller}
SlurmdPort={node}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
NodeName=localhost NodeHostname={host} CPUs=2 RealMemory=2048 State=UNKNOWN
PartitionName=all Nodes=localhost Default=YES MaxTime=INFINITE State=UP
"""


@dataclass(frozen=True)
class Slurm:
    """A Slurm that runs: the environment in which its programs know it."""

    env: dict[str, str]

    def submit(self, script: Path) -> tuple[int, str]:
        """Run a batch script as two tasks of one node; return its status, and what it printed."""
        argv = ["sbatch", "--wait", "--nodes=1", "--ntasks-per-node=2", script.name]
        done = subprocess.run(
            argv,
            cwd=script.parent,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        logs = [path.read_text() for path in script.parent.glob("*.log")]
        return done.returncode, "\n".join([done.stdout, done.stderr, *logs])


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory, docker_engine: Engine) -> Iterator[Slurm]:
    """Start a controller and a node, which are gone with the tests."""
    if missing := [name for name in PROGRAMS if shutil.which(name, path=path()) is None]:
        pytest.skip(f"not here: {', '.join(missing)} (Debian: slurm-wlm, docker-cli)")
    if os.geteuid():
        pytest.skip("Slurm's node starts jobs as their users: that needs root")
    folder = tmp_path_factory.mktemp("slurm")
    folder.chmod(0o755)
    for name in ("state", "spool"):
        (folder / name).mkdir()
    key = folder / "munge.key"
    key.touch(mode=0o600)
    key.write_bytes(os.urandom(1024))
    with ExitStack() as stack:
        free = [stack.enter_context(socket.create_server(("", 0))) for _ in range(2)]
        controller, node = (one.getsockname()[1] for one in free)
    text = CONFIGURATION.format(
        host=socket.gethostname().partition(".")[0],
        controller=controller,
        node=node,
        folder=folder,
    )
    (folder / "slurm.conf").write_text(text)
    env = {
        **os.environ,
        "PATH": path(),
        "SLURM_CONF": str(folder / "slurm.conf"),
        "DOCKER_HOST": docker_engine.where,
    }
    munge = [
        *("munged", "--foreground", "--force", f"--key-file={key}"),
        *(f"--{name}-file={folder}/munged.{name}" for name in ("pid", "log", "seed")),
        f"--socket={folder}/munge.socket",
    ]
    with ExitStack() as stack:
        for argv in (munge, ["slurmctld", "-D", "-c"], ["slurmd", "-D"]):
            log = stack.enter_context((folder / f"{argv[0]}.said").open("w"))
            daemon = subprocess.Popen(argv, env=env, stdout=log, stderr=subprocess.STDOUT)
            stack.enter_context(daemon)
            stack.callback(daemon.terminate)
        wait(env, folder)
        yield Slurm(env)


def path() -> str:
    """Return where programs are: daemons lie where only root's PATH leads."""
    return f"{os.environ['PATH']}:/usr/local/sbin:/usr/sbin:/sbin"


def wait(env: dict[str, str], folder: Path) -> None:
    """Wait until the node takes jobs."""
    end = time.monotonic() + STARTS
    argv = ["sinfo", "--noheader", "--format=%T"]
    while True:
        said = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
        if said.stdout.strip() == "idle":
            return
        logs = "\n".join(log.read_text() for log in folder.glob("*.said"))
        assert time.monotonic() < end, f"{said.stdout}{said.stderr}\n{logs}"
        time.sleep(0.5)


def script(folder: Path, image: str, command: str) -> Path:
    """Write the batch script as a person would, to the folder that it is submitted in."""
    order = Order("mnist", image, command=command, cpus=1, memory=2048)
    made = folder / "job.sh"
    made.write_text(kinds.named("slurm").text(order), encoding="utf-8")
    return made


def test_slurms_tasks_train_together(slurm: Slurm, tmp_path: Path, cpu_image: str) -> None:
    status, said = slurm.submit(script(tmp_path, cpu_image, COMMAND))
    assert status == 0, said
    hold(said)


def test_a_task_that_fails_ends_the_job(slurm: Slurm, tmp_path: Path, cpu_image: str) -> None:
    """The other one would not end by itself."""
    command = 'test "$SLURM_PROCID" = 0 && exec sleep 1000; exit 3'
    began = time.monotonic()
    status, said = slurm.submit(script(tmp_path, cpu_image, command))
    assert status, said
    assert "task 1: Exited with exit code 3" in said
    assert time.monotonic() - began < PATIENCE / 2
