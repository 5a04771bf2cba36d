"""The Docker Engine: find the one that answers, or start a private one."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import urllib3
from docker.client import DockerClient
from docker.context import ContextAPI
from docker.context.config import get_current_context_name
from docker.errors import DockerException
from docker.utils import kwargs_from_env

from gradlock import progress, store
from gradlock.engine import dockerd, tunnel
from gradlock.errors import CommandError, EngineError

#: Seconds that one request may be silent: an engine on a slow disk unpacks a layer of 2 GB in less.
PATIENCE = 900
#: What an engine says that cannot give a container a GPU: without NVIDIA's toolkit, without a
#: driver, without a device.
NO_GPU = ("could not select device driver", "nvidia-container-cli", "unresolvable CDI devices")
#: Seconds until an engine that is there answers for the first time, over a slow network too.
GREETING = 20


@dataclass(frozen=True)
class Engine:
    """An engine that answered: its client, its address, and whether gradlock started it."""

    client: DockerClient
    where: str
    private: bool

    @property
    def local(self) -> bool:
        """Whether it listens on a socket of this machine (a virtual machine may be behind it)."""
        return self.where.startswith("unix://")


# Finding and starting


def connect() -> Engine:
    """Return the engine that answers; where none does, start a private one.

    Raises:
        EngineError: none answers and none can be started, or its socket is not permitted.

    """
    return find() or start_private()


def find() -> Engine | None:
    """Return the engine that is named, or the first usual socket's that answers.

    `DOCKER_HOST` names one, or a Docker context; where a person names one, no other will do.
    This store's private engine is named too, by who exported its address: it may be ended,
    and is started again by `connect`.

    Raises:
        EngineError: the one named does not answer, or a socket is there but not permitted.

    """
    private = f"unix://{dockerd.listens()}"
    if (host := os.environ.get("DOCKER_HOST")) and host != private:
        return _named(host, "DOCKER_HOST", "unset DOCKER_HOST")
    context = os.environ.get("DOCKER_CONTEXT") or get_current_context_name()
    if not host and context != "default":
        return _of_context(context)
    denied: list[Path] = []
    for path in (dockerd.listens(),) if host else (*usual_sockets(), dockerd.listens()):
        try:
            if engine := _answering(path):
                return engine
        except PermissionError:
            denied.append(path)
    if denied:
        raise EngineError(
            "a Docker Engine is there, but this user may not talk to it",
            where=", ".join(map(str, denied)),
            mend="sudo usermod -aG docker $USER and log in again, or run as root",
        )
    return None


def seek() -> Engine | None:
    """Return what `find` finds, and say what keeps it from an engine that is there or named.

    For what can do without one.
    """
    try:
        return find()
    except EngineError as error:
        progress.say(f"going on without a Docker Engine: {error}")
        return None


def usual_sockets() -> tuple[Path, ...]:
    """Return where engines listen: the system's, a rootless one's, Docker Desktop's."""
    runtime = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    home = Path.home() / ".docker"
    return (
        Path("/var/run/docker.sock"),
        Path(runtime) / "docker.sock",
        home / "run/docker.sock",
        home / "desktop/docker.sock",
    )


def start_private() -> Engine:
    """Start this store's own engine, unless it runs, and wait until it answers.

    It outlives the command; `stop_private` ends it. Two runs at once start one.

    Raises:
        EngineError: this user is not root, there is no dockerd, or it died.

    """
    with store.exclusive("engine"):
        pid = dockerd.running() or dockerd.launch()
        return dockerd.wait(pid, lambda: _answering(dockerd.listens()))


def stop_private() -> bool:
    """End this store's private engine, and no other process; return whether it ran."""
    with store.exclusive("engine"):
        return dockerd.end()


def _of_context(name: str) -> Engine:
    """Return the engine of a Docker context, as the docker command takes it."""
    context = None
    mend = "docker context use default"
    with suppress(Exception):  # the SDK raises it bare where a context's files are broken
        context = ContextAPI.get_context(name)
    if context is None or not context.Host:
        raise EngineError("there is no such Docker context", where=name, mend=mend)
    return _named(context.Host, f"the Docker context {name}", mend, tls=context.TLSConfig or False)


def _named(host: str, names: str, otherwise: str, **options: Any) -> Engine:
    """Return the engine at an address that something `names`; over ssh by a tunnel.

    Raises:
        EngineError: it does not answer; `otherwise` is how to do without it.

    """
    try:
        # What the variables of Docker say of certificates is meant for the address beside them.
        known = options or kwargs_from_env(environment={**os.environ, "DOCKER_HOST": host})
        known["base_url"] = tunnel.opened(host) if host.startswith("ssh://") else host
        client = _client(**known)
    except (DockerException, requests.RequestException, OSError, CommandError) as error:
        raise EngineError(
            f"the Docker Engine that {names} names does not answer: {error}",
            where=host,
            mend=f"start it, or {otherwise}",
        ) from error
    return Engine(client, host, private=False)


def _answering(path: Path) -> Engine | None:
    """Return the engine behind a socket, or None where nothing answers.

    Raises:
        PermissionError: this user may not connect to the socket.

    """
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(5)
        try:
            probe.connect(str(path))
        except PermissionError:
            raise
        except OSError:
            return None
    where = f"unix://{path}"
    try:
        return Engine(_client(base_url=where), where, private=path == dockerd.listens())
    except (DockerException, requests.RequestException):
        return None


def _client(**options: Any) -> DockerClient:
    """Return a client that is patient, once the engine has answered one that is not."""
    DockerClient(**options, timeout=GREETING).close()  # asks for the API's version
    return DockerClient(**options, timeout=PATIENCE)


# Talking


@contextmanager
def working(engine: Engine, purpose: str) -> Iterator[None]:
    """Turn what goes wrong in a talk with the engine into an error that says what was done.

    Raises:
        EngineError: the engine refused, its disk is full, or it stopped answering.

    """
    try:
        yield
    except DockerException as error:
        refusal = str(getattr(error, "explanation", None) or error)
        raise refused(engine, purpose, refusal) from error
    except (requests.RequestException, urllib3.exceptions.HTTPError, ConnectionError) as error:
        raise EngineError(
            f"{purpose}: the Docker Engine stopped answering ({type(error).__name__})",
            where=engine.where + (f", log {dockerd.log()}" if engine.private else ""),
            mend="run the command again"
            + (": it starts the engine" if engine.private else " when the engine is back")
            + "; what the engine has whole is not sent twice",
        ) from error


def refused(engine: Engine, purpose: str, refusal: str) -> EngineError:
    """Return the error for what the engine answered: `refusal`, in its words."""
    if "no space left on device" in refusal:
        return EngineError(
            f"{purpose}: the Docker Engine's disk is full",
            where=str(dockerd.data()) if engine.private else engine.where,
            mend="free some space (`docker system prune`, or ./inv clean), and run this again",
        )
    if any(words in refusal for words in NO_GPU):
        return EngineError(
            f"{purpose}: the Docker Engine has no access to an NVIDIA GPU: {refusal}",
            where=engine.where,
            mend="install the NVIDIA driver and the NVIDIA Container Toolkit where it runs, then "
            "there: nvidia-ctk runtime configure; restart the engine; ./inv doctor looks for what "
            "is missing",
        )
    mend = "./inv image builds and loads it" if "No such image" in refusal else ""
    return EngineError(
        f"{purpose}: the Docker Engine refused: {refusal}", where=engine.where, mend=mend
    )
