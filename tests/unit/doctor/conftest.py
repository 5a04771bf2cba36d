"""What the doctor's tests share: an engine that is played, and a question about it."""

from __future__ import annotations

import json
import shutil
import socketserver
import tempfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from gradlock.artifacts.once import Once
from gradlock.doctor import engines
from gradlock.doctor.question import Question
from gradlock.inputs import variants

#: What an engine of Debian's tells of itself, in part.
VERSION = {"Version": "20.10.24", "Components": [{"Name": "Engine"}]}
INFO: dict[str, Any] = {
    "Architecture": "x86_64",
    "OSType": "linux",
    "Driver": "overlay2",
    "NCPU": 2,
    "MemTotal": 16 * 10**9,
    "MemoryLimit": True,
    "PidsLimit": True,
    "Runtimes": {"runc": {}},
    "SecurityOptions": ["name=seccomp,profile=default"],
    "KernelVersion": engines.kernel(),
}

Answers = dict[str, Any]


class Played(socketserver.ThreadingUnixStreamServer):
    """An engine that answers from a table of paths; what it lacks is not found."""

    daemon_threads = True

    def __init__(self, path: Path, answers: Answers) -> None:
        self.answers = answers
        self.asked: list[str] = []
        super().__init__(str(path), Handler)

    def handle_error(self, *_: Any) -> None:
        """Say nothing of who did not wait for an answer: a check that hangs is left behind."""


class Handler(BaseHTTPRequestHandler):
    """Answers a request: with JSON, with bytes as they are, or with a status."""

    server: Played

    def do_GET(self) -> None:
        """Answer from the table."""
        path = self.path.partition("?")[0]
        self.server.asked.append(f"{self.command} {path}")
        found = self.server.answers.get(path, 404)
        status = found if isinstance(found, int) else 200
        body = found if isinstance(found, bytes) else json.dumps(found).encode()
        if isinstance(found, int):
            body = json.dumps({"message": f"no such thing: {path}"}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        """Take what is sent, and answer from the table."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


Play = Callable[..., Question]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder for sockets, whose paths must be short."""
    made = Path(tempfile.mkdtemp(prefix="gradlock-"))
    yield made
    shutil.rmtree(made)


@pytest.fixture
def play(folder: Path, own_store: Path) -> Iterator[Play]:
    """Return a starter of played engines: it gives a question about a machine that has one.

    `info` changes what the engine tells of itself, `answers` are further paths. `where` is
    another address; `variant` the one in question.
    """
    servers: list[Played] = []

    def start(
        answers: Answers | None = None, *, where: str = "", variant: str = "cpu", **info: Any
    ) -> Question:
        path = folder / f"{len(servers)}.sock"
        table = variants.load()
        server = Played(path, {"/version": VERSION, "/info": {**INFO, **info}, **(answers or {})})
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        environ = {"DOCKER_HOST": where or f"unix://{path}"}
        return Question(
            (table.named(variant),),
            table,
            folder=folder,
            environ=environ,
            engine=Once(lambda: engines.seek(environ, own_store)),
        )

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def asked(own_store: Path, folder: Path) -> Question:
    """Return a question about a machine without an engine, whose store is empty."""
    table = variants.load()
    environ = {"DOCKER_HOST": f"unix://{folder}/none.sock"}
    seek = Once(lambda: engines.seek(environ, own_store))
    return Question((table.cpu,), table, folder=folder, environ=environ, engine=seek)


def frame(text: str, stream: int = 1) -> bytes:
    """Return a line of a container's log as an engine sends it."""
    data = text.encode()
    return bytes([stream, 0, 0, 0]) + len(data).to_bytes(4, "big") + data
