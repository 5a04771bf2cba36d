"""A command in an image, with this terminal as its own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
import termios
import threading
import tty
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from docker.errors import APIError
from docker.models.containers import Container
from docker.utils.socket import STDERR, frames_iter

from gradlock import progress
from gradlock.engine import containers
from gradlock.engine.engine import Engine, working
from gradlock.errors import InputError
from gradlock.inside import identity, workspace
from gradlock.inside.request import Request

STDIN_FD, STDOUT_FD, STDERR_FD = 0, 1, 2


def run(engine: Engine, image: str, argv: Sequence[str] = ("bash",), *, request: Request) -> int:
    """Run a command in an image, in the folder that is asked for; return its status.

    On a terminal it gets one too; else its input, output and errors are this process's. Where
    it cannot save, a line says so: what only reads may run there.

    Raises:
        InputError: no such folder.
        EngineError: the engine refused, stopped answering, does not see the folder, or lacks
            a required GPU.

    """
    terminal = os.isatty(STDIN_FD) and os.isatty(STDOUT_FD)
    with working(engine, f"running {argv[0]} in {image}"), ExitStack() as stack:
        _tell(engine, workspace.found(request.folder))
        container = workspace.create(
            engine,
            image,
            argv,
            request.folder,
            mounts=request.mounts,
            kind="shell",
            stdin_open=True,
            tty=terminal,
            **request.options(engine),
        )
        stack.callback(containers.discard, container)
        # Attached before it starts, so that nothing it prints is missed.
        stream = container.attach_socket(params=dict.fromkeys(STREAMS, 1))
        if terminal:
            with raw_terminal(container):
                container.start()
                _resize(container)
                _talk(stream, tty=True)
        else:
            container.start()
            _talk(stream, tty=False)
        return int(container.wait()["StatusCode"])


STREAMS = ("stdin", "stdout", "stderr", "stream")


def _tell(engine: Engine, folder: Path) -> None:
    """Say whose what is saved will be, or why nothing can be."""
    who = identity.of(engine, folder)
    identity.tell(who, folder)
    try:
        identity.check(who, folder)
    except InputError as error:
        progress.say(str(error))


@contextmanager
def raw_terminal(container: Container) -> Iterator[None]:
    """Hand every key to the container, Ctrl-C too, and tell it when the window changes."""
    before = termios.tcgetattr(STDIN_FD)
    handler = signal.signal(signal.SIGWINCH, lambda *_: _resize(container))
    tty.setraw(STDIN_FD)
    try:
        yield
    finally:
        termios.tcsetattr(STDIN_FD, termios.TCSADRAIN, before)
        signal.signal(signal.SIGWINCH, handler)


def _resize(container: Container) -> None:
    columns, rows = shutil.get_terminal_size()
    with suppress(APIError):  # it has just ended
        container.resize(rows, columns)


def _talk(stream: Any, *, tty: bool) -> None:
    """Copy stdin to the container, and its output to stdout and stderr, until it ends."""
    # The SDK hands out a reader; to write, one needs the socket below it.
    connection: socket.socket = stream._sock
    connection.settimeout(None)
    threading.Thread(target=_feed, args=[connection], daemon=True).start()
    sys.stdout.flush()
    with connection:
        for kind, data in frames_iter(stream, tty):
            _write(STDERR_FD if kind == STDERR else STDOUT_FD, data)


def _feed(connection: socket.socket) -> None:
    """Send stdin to its end, and then say that it ended."""
    with suppress(OSError):  # the container may end first
        while data := os.read(STDIN_FD, 1 << 16):
            connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
