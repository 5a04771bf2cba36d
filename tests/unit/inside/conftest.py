"""What the tests of containers of people's folders share: an engine that this process plays."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from docker.errors import APIError

from gradlock.engine.engine import Engine
from gradlock.inside import workspace


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the engine see every folder of this machine."""
    monkeypatch.setattr(workspace, "_sees", lambda *_: True)


class Server:
    """Stands for an engine with one container: it serves once it is started."""

    def __init__(self) -> None:
        self.taken: set[int] = set()
        self.created: list[tuple[list[str], dict[str, Any]]] = []
        self.containers: list[mock.Mock] = []
        self.status = "running"
        self.state: dict[str, Any] = {"ExitCode": 0, "OOMKilled": False}
        self.serves = True
        self.asked: list[tuple[str, str]] = []
        self.http: http.server.HTTPServer | None = None

    def create(self, _image: str, argv: list[str], **options: Any) -> mock.Mock:
        """Make a container that serves when it is started."""
        self.created.append((argv, options))
        (binding,) = options["ports"].values()
        container = mock.Mock(status=self.status, attrs={"State": self.state})
        container.start.side_effect = lambda: self.start(binding)
        container.logs.side_effect = lambda stream=False, **_: (
            iter([b"log\n"]) if stream else b"a traceback\n"
        )
        self.containers.append(container)
        return container

    def start(self, binding: tuple[str, int]) -> None:
        """Serve on the port, unless it is taken."""
        if binding[1] in self.taken:
            raise APIError(
                "500", explanation=f"Bind for {binding} failed: port is already allocated"
            )
        if not self.serves:
            return
        asked = self.asked

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append((self.path, self.headers.get("Authorization", "")))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.http = http.server.HTTPServer(binding, Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


@pytest.fixture
def server() -> Iterator[Server]:
    """Return the engine's inner side: what was asked of it, and what it shall do."""
    made = Server()
    yield made
    if made.http:
        made.http.shutdown()
        made.http.server_close()


@pytest.fixture
def engine(server: Server) -> Engine:
    """Return the engine."""
    client = mock.Mock()
    client.info.return_value = {"Runtimes": {}}
    client.containers.create.side_effect = server.create
    return Engine(client, "unix:///there", private=False)
