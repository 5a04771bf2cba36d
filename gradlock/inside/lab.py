"""JupyterLab from an image, for one user on this machine."""

from __future__ import annotations

import secrets
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import requests
from docker.errors import APIError
from docker.models.containers import Container

from gradlock import progress
from gradlock.engine import containers, gpus
from gradlock.engine.containers import LABEL
from gradlock.engine.engine import Engine, working
from gradlock.errors import EngineError, InputError
from gradlock.inside import workspace

HOST = "127.0.0.1"
#: The first port tried, and how many after it.
PORT, PORTS = 8888, 100
#: Seconds that JupyterLab may take until it answers.
START = 90


def run(
    engine: Engine,
    image: str,
    *,
    folder: Path,
    port: int | None = None,
    gpu: bool = False,
    gpu_required: bool = False,
    detach: bool = False,
) -> None:
    """Serve an image's JupyterLab on this machine until Ctrl-C, and print its URL.

    The server sees `folder`, and writes to it as its owner. Without `port` it takes the first
    free one from 8888. `gpu` gives it the engine's GPUs, if there are any; with `gpu_required`
    it does not start without. With `detach` it goes on; `stop` ends it.

    Raises:
        InputError: no such folder, or the port is taken.
        EngineError: the engine refused, does not see the folder, or lacks a required GPU;
            or JupyterLab did not start.

    """
    token = secrets.token_hex(24)
    options: dict[str, Any] = {"environment": {"JUPYTER_TOKEN": token}, "shm_size": "1g"}
    options["lasting"] = detach
    with working(engine, f"serving {image}"), ExitStack() as stack:
        if gpu:
            options["device_requests"] = gpus.requests(engine, required=gpu_required)
        begin = time.monotonic()
        container, port = _start(engine, image, port, folder, options)
        stack.callback(containers.discard, container)
        _wait(container, port, token)
        progress.say(f"JupyterLab answers after {time.monotonic() - begin:.1f} s")
        print(f"http://{HOST}:{port}/lab?token={token}", flush=True)
        if detach:
            stack.pop_all()
            progress.say("it goes on until `./inv lab --stop`")
            return
        progress.say("Ctrl-C ends it")
        _follow(container)


def stop(engine: Engine) -> int:
    """End every JupyterLab that gradlock serves on an engine; return how many there were."""
    with working(engine, "stopping JupyterLab"):
        served = engine.client.containers.list(filters={"label": f"{LABEL}=lab"})
        for container in served:
            container.stop()
            container.remove(v=True)
        return len(served)


def _start(
    engine: Engine, image: str, port: int | None, folder: Path, options: dict[str, Any]
) -> tuple[Container, int]:
    """Start the container on the port named, or on the first free one."""
    for candidate in [port] if port else free_ports():
        # The same port inside, so that the URL that Jupyter prints is right on the host too.
        argv = [
            "jupyter-lab",
            f"--ServerApp.port={candidate}",
            f"--ServerApp.custom_display_url=http://{HOST}:{candidate}",
        ]
        ports = {f"{candidate}/tcp": (HOST, candidate)}
        container = workspace.create(
            engine, image, argv, folder, kind="lab", ports=ports, **options
        )
        try:
            container.start()
        except APIError as error:
            containers.discard(container)
            if not any(words in str(error) for words in ("already allocated", "in use")):
                raise
        except BaseException:
            containers.discard(container)
            raise
        else:
            return container, candidate
    raise InputError(
        f"port {port} is taken" if port else f"no port from {PORT} on is free",
        mend="name another with --port",
    )


def free_ports() -> Iterator[int]:
    """Yield the ports from 8888 on that nothing on this machine listens on."""
    for port in range(PORT, PORT + PORTS):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
        yield port


def _wait(container: Container, port: int, token: str) -> None:
    """Wait until the server answers to its token, as long as the container runs."""
    session = requests.Session()
    session.trust_env = False  # no proxy stands between this machine and itself
    session.headers["Authorization"] = f"token {token}"
    deadline = time.monotonic() + START
    while time.monotonic() < deadline:
        try:
            if session.get(f"http://{HOST}:{port}/api/status", timeout=5).ok:
                return
        except requests.RequestException:
            pass  # not yet
        container.reload()
        if container.status != "running":
            break
        time.sleep(0.1)
    lines = container.logs(tail=12).decode(errors="replace").splitlines()
    raise EngineError(
        f"JupyterLab did not answer on port {port} ({container.status})",
        mend="its last lines were:\n    " + "\n    ".join(lines),
    )


def _follow(container: Container) -> None:
    """Print the server's log until it ends, or until Ctrl-C."""
    try:
        for chunk in container.logs(stream=True, follow=True):
            sys.stderr.buffer.write(chunk)
            sys.stderr.flush()
    except KeyboardInterrupt:
        progress.say("stopping JupyterLab")
        container.stop(timeout=10)
