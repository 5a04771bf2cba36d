"""What the engine says of a served lab: healthy while it is, and not when a fault is staged."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from docker.models.containers import Container

from gradlock.engine import containers
from gradlock.engine.engine import Engine

TOKEN = secrets.token_hex(8)
#: Seconds until a state must be known, and nanoseconds between two looks.
PATIENCE, INTERVAL = 90, 1_000_000_000
#: Finds the processes whose command line has a word, other than its own, and signals them.
SIGNAL = """
import os, pathlib, sys
for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
    words = path.read_bytes().split(b"\\0")
    if int(path.parent.name) != os.getpid() and any(sys.argv[1].encode() in word for word in words):
        if b"tini" not in words[0]:
            os.kill(int(path.parent.name), int(sys.argv[2]))
"""


@pytest.fixture
def server(
    docker_engine: Engine, cpu_image: str, request: pytest.FixtureRequest
) -> Iterator[Container]:
    """Serve with the image's own check, at a quicker pace; wait until the engine calls it well."""
    more = getattr(request, "param", [])
    with containers.container(
        docker_engine,
        cpu_image,
        ["jupyter-lab", *more] if more else [],
        kind="e2e",
        ports={"8888/tcp": ("127.0.0.1", 0)},
        environment={"JUPYTER_TOKEN": TOKEN},
        healthcheck={"interval": INTERVAL, "retries": 1, "start_period": 30 * INTERVAL},
    ) as container:
        container.start()
        becomes(container, "healthy")
        yield container


def becomes(container: Container, state: str) -> dict[str, Any]:
    """Wait until the engine gives a container a state; return all that it says of its health."""
    deadline = time.monotonic() + PATIENCE
    while True:
        container.reload()
        health: dict[str, Any] = container.attrs["State"]["Health"]
        if health["Status"] == state:
            return health
        assert time.monotonic() < deadline, health
        time.sleep(0.5)


def told(health: dict[str, Any]) -> str:
    """Return what the last look printed."""
    return str(health["Log"][-1]["Output"])


def run(container: Container, *argv: str) -> None:
    done = container.exec_run(list(argv))
    assert done.exit_code == 0, done.output


def start_kernel(container: Container) -> None:
    container.reload()
    port = container.ports["8888/tcp"][0]["HostPort"]
    answer = requests.post(
        f"http://127.0.0.1:{port}/api/kernels",
        headers={"Authorization": f"token {TOKEN}"},
        timeout=PATIENCE,
    )
    assert answer.status_code == 201, answer.text


def test_a_server_that_hangs_is_unhealthy_until_it_goes_on(server: Container) -> None:
    run(server, "python", "-c", SIGNAL, "jupyter-lab", "19")
    assert "timed out" in told(becomes(server, "unhealthy")).lower()
    run(server, "python", "-c", SIGNAL, "jupyter-lab", "18")
    becomes(server, "healthy")


@pytest.mark.parametrize("server", [["--KernelManager.autorestart=False"]], indirect=True)
def test_a_kernel_that_its_manager_has_lost_is_unhealthy(server: Container) -> None:
    """A manager that works starts it again; one that does not look any more has it for alive."""
    start_kernel(server)
    becomes(server, "healthy")
    run(server, "python", "-c", SIGNAL, "ipykernel_launcher", "9")
    assert "lost 1 kernel" in told(becomes(server, "unhealthy"))


def test_kernels_that_cannot_start_are_unhealthy_until_they_can(server: Container) -> None:
    runtime = "$(jupyter --runtime-dir)"
    run(server, "sh", "-c", f"chmod a-w {runtime}")
    assert "kernels cannot start" in told(becomes(server, "unhealthy"))
    run(server, "sh", "-c", f"chmod u+w {runtime}")
    becomes(server, "healthy")


def test_a_kernel_that_dies_by_itself_leaves_the_lab_healthy(server: Container) -> None:
    start_kernel(server)
    run(server, "python", "-c", SIGNAL, "ipykernel_launcher", "9")
    deadline = time.monotonic() + PATIENCE
    while b"restarting kernel" not in server.logs():
        assert time.monotonic() < deadline, "its manager did not start it again"
        time.sleep(0.1)
    time.sleep(3 * INTERVAL / 1e9)  # some looks more
    assert becomes(server, "healthy")["FailingStreak"] == 0
