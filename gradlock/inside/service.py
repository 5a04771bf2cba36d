"""A server in a container, reached at one port of this machine, while a person looks at it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import requests
from docker.errors import APIError, NotFound
from docker.models.containers import Container

from gradlock import progress
from gradlock.engine import containers
from gradlock.engine.engine import Engine, working
from gradlock.errors import EngineError
from gradlock.inside import browser, ports, workspace
from gradlock.inside.request import Request

#: The label that holds the address of a service, with the token that opens it.
URL = "gradlock.url"
#: The status with which the entry point ends that cannot save in the folder.
UNSAVABLE = 73
#: The statuses of a server that was asked to end.
ASKED = (0, 130, 143)


@dataclass(frozen=True)
class Service:
    """What is served: its kind, the name that people know, and how it is started and asked.

    `argv` gives the command that serves on a port, `url` the address there for a person, and
    `probe` the one that answers once it serves, to `headers`. `first` is the first port tried,
    `patience` the seconds that it may take to answer.
    """

    kind: str
    name: str
    argv: Callable[[int], list[str]]
    url: Callable[[int], str]
    probe: Callable[[int], str]
    first: int
    headers: Mapping[str, str]
    patience: int = 90
    read_only: bool = False


def run(
    engine: Engine,
    image: str,
    service: Service,
    request: Request,
    *,
    port: int | None = None,
    detach: bool = False,
    browse: bool = True,
) -> None:
    """Serve on this machine until Ctrl-C, and print the address; or, detached, go on serving.

    Without `port` it takes the first free one from the service's on. `browse` opens a browser
    where there is one.

    Raises:
        InputError: no such folder, or the port is taken.
        EngineError: the engine refused, does not see the folder, or lacks a required GPU; the
            server did not start, or ended by itself.

    """
    with working(engine, f"serving {image}"), ExitStack() as stack:
        begin = time.monotonic()
        container, port = _start(engine, image, service, request, port, detach=detach)
        stack.callback(containers.discard, container)
        _wait(container, service, port)
        progress.say(f"{service.name} answers after {time.monotonic() - begin:.1f} s")
        print(service.url(port), flush=True)
        if forwarding := browser.remote():
            progress.say(f"from the machine you came from: {forwarding.format(port=port)}")
        if detach:
            stack.pop_all()
            progress.say(f"it goes on until `./inv stop {port}`; ./inv ps shows it")
            return
        if browse and browser.wanted():
            stack.enter_context(browser.shown(service.url(port)))
        progress.say("Ctrl-C ends it")
        _follow(container, service)


def _start(
    engine: Engine,
    image: str,
    service: Service,
    request: Request,
    port: int | None,
    *,
    detach: bool,
) -> tuple[Container, int]:
    """Start the container on the port named, or on the first free one."""
    options = request.options(engine)
    for candidate in ports.chosen(port, service.first):
        # The same port inside, so that an address that the server prints is right here too.
        container = workspace.create(
            engine,
            image,
            service.argv(candidate),
            request.folder,
            read_only=service.read_only,
            mounts=request.mounts,
            kind=service.kind,
            lasting=detach,
            labels={URL: service.url(candidate)},
            ports={f"{candidate}/tcp": (ports.HOST, candidate)},
            **options,
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
    raise ports.taken(port or service.first)


def _wait(container: Container, service: Service, port: int) -> None:
    """Wait until the server answers, as long as the container runs."""
    session = requests.Session()
    session.trust_env = False  # no proxy stands between this machine and itself
    session.headers.update(service.headers)
    deadline = time.monotonic() + service.patience
    while time.monotonic() < deadline:
        try:
            if session.get(service.probe(port), timeout=5).ok:
                return
        except requests.RequestException:
            pass  # not yet
        container.reload()
        if container.status != "running":
            break
        time.sleep(0.05)
    raise _failure(container, f"{service.name} did not answer on port {port}")


def _follow(container: Container, service: Service) -> None:
    """Print the server's log until it ends, or until Ctrl-C.

    Raises:
        EngineError: it ended, and nobody had asked it to.

    """
    try:
        for chunk in container.logs(stream=True, follow=True):
            sys.stderr.buffer.write(chunk)
            sys.stderr.flush()
    except KeyboardInterrupt:
        progress.say(f"stopping {service.name}")
        container.stop(timeout=10)
        return
    try:
        container.reload()
    except NotFound:  # `./inv stop`, or the like, has removed it
        return
    if container.attrs["State"]["ExitCode"] not in ASKED:
        raise _failure(container, f"{service.name} ended by itself")


def _failure(container: Container, what: str) -> EngineError:
    """Return the error of a server that does not serve, with its last lines and the cause."""
    state: dict[str, Any] = container.attrs["State"]
    status = f"status {state['ExitCode']}" if container.status == "exited" else container.status
    lines = container.logs(tail=12).decode(errors="replace").splitlines()
    mend = "its last lines were:\n    " + "\n    ".join(lines)
    if state.get("OOMKilled"):
        status = "out of memory"
        mend = "give it more with --memory, or leave that out; " + mend
    elif state["ExitCode"] == UNSAVABLE:
        mend = "name another folder with --folder, or free what is full; " + mend
    return EngineError(f"{what} ({status})", mend=f"{mend}\n./inv doctor looks for the cause")
