"""Serving JupyterLab, against an engine whose JupyterLab is a small server of this process."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from docker.errors import APIError

from gradlock.engine.engine import Engine
from gradlock.errors import EngineError, InputError
from gradlock.inside import lab

pytestmark = pytest.mark.usefixtures("seen")


class Server:
    """Stands for an engine with one container: it serves once it is started."""

    def __init__(self) -> None:
        self.taken: set[int] = set()
        self.created: list[tuple[list[str], dict[str, Any]]] = []
        self.containers: list[mock.Mock] = []
        self.status = "running"
        self.serves = True
        self.http: http.server.HTTPServer | None = None

    def create(self, _image: str, argv: list[str], **options: Any) -> mock.Mock:
        """Make a container that serves when it is started."""
        self.created.append((argv, options))
        (binding,) = options["ports"].values()
        container = mock.Mock(status=self.status)
        container.start.side_effect = lambda: self.start(binding, options)
        container.logs.side_effect = lambda stream=False, **_: (
            iter([b"log\n"]) if stream else b"a traceback\n"
        )
        self.containers.append(container)
        return container

    def start(self, binding: tuple[str, int], options: dict[str, Any]) -> None:
        """Serve on the port, unless it is taken."""
        if binding[1] in self.taken:
            raise APIError(
                "500", explanation=f"Bind for {binding} failed: port is already allocated"
            )
        if not self.serves:
            return
        token = options["environment"]["JUPYTER_TOKEN"]

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                good = self.headers["Authorization"] == f"token {token}"
                self.send_response(200 if good and self.path == "/api/status" else 403)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.http = http.server.HTTPServer(binding, Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    if made.http:
        made.http.shutdown()
        made.http.server_close()


@pytest.fixture
def engine(server: Server) -> Engine:
    client = mock.Mock()
    client.info.return_value = {"Runtimes": {}}
    client.containers.create.side_effect = server.create
    return Engine(client, "unix:///there", private=False)


def test_it_prints_a_url_that_answers_on_this_machine_only(
    server: Server, engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab.run(engine, "gradlock:cpu", folder=tmp_path)
    ((argv, options),) = server.created
    ((host, port),) = options["ports"].values()
    token = options["environment"]["JUPYTER_TOKEN"]
    printed = capsys.readouterr()
    assert host == "127.0.0.1"
    assert printed.out == f"http://127.0.0.1:{port}/lab?token={token}\n"
    assert f"--ServerApp.port={port}" in argv
    assert "JupyterLab answers after" in printed.err
    assert "log\n" in printed.err
    server.containers[0].remove.assert_called_once()


def test_each_run_has_its_own_token_of_192_bits(
    server: Server, engine: Engine, tmp_path: Path
) -> None:
    server.serves, server.status = False, "exited"
    for _ in range(2):
        with pytest.raises(EngineError):
            lab.run(engine, "gradlock:cpu", folder=tmp_path)
    first, second = (options["environment"]["JUPYTER_TOKEN"] for _, options in server.created)
    assert first != second
    assert len(bytes.fromhex(first)) == 24


def test_a_server_that_ends_shows_its_last_lines_and_is_removed(
    server: Server, engine: Engine, tmp_path: Path
) -> None:
    server.serves, server.status = False, "exited"
    with pytest.raises(EngineError, match=r"did not answer on port \d+ \(exited\)") as caught:
        lab.run(engine, "gradlock:cpu", folder=tmp_path)
    assert "a traceback" in caught.value.mend
    server.containers[0].remove.assert_called_once()


def test_a_port_that_the_engine_cannot_have_is_passed_over(
    server: Server, engine: Engine, tmp_path: Path
) -> None:
    first = next(lab.free_ports())
    server.taken = {first}
    lab.run(engine, "gradlock:cpu", folder=tmp_path)
    assert [next(iter(options["ports"].values()))[1] > first for _, options in server.created] == [
        False,
        True,
    ]
    assert all(container.remove.called for container in server.containers)


def test_a_named_port_that_is_taken_is_an_error(
    server: Server, engine: Engine, tmp_path: Path
) -> None:
    server.taken = {9999}
    with pytest.raises(InputError, match="port 9999 is taken"):
        lab.run(engine, "gradlock:cpu", folder=tmp_path, port=9999)
    server.containers[0].remove.assert_called_once()


def test_a_port_that_something_listens_on_is_not_free() -> None:
    first = next(lab.free_ports())
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", first))
        other.listen()
        assert next(lab.free_ports()) != first


def test_detached_it_goes_on(
    server: Server, engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab.run(engine, "gradlock:cpu", folder=tmp_path, detach=True)
    server.containers[0].remove.assert_not_called()
    assert "./inv lab --stop" in capsys.readouterr().err
    ((_, options),) = server.created
    assert options["labels"] == {"gradlock": "lab"}  # no process owns it


def test_the_server_is_confined_and_swept_with_its_process(
    server: Server, engine: Engine, tmp_path: Path
) -> None:
    lab.run(engine, "gradlock:cpu", folder=tmp_path)
    ((_, options),) = server.created
    assert options["cap_drop"] == ["ALL"]
    assert options["security_opt"] == ["no-new-privileges"]
    assert "gradlock.owner" in options["labels"]


def test_without_a_gpu_it_says_so_and_with_a_required_one_it_does_not_start(
    server: Server, engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab.run(engine, "gradlock:cu125", folder=tmp_path, gpu=True)
    assert "computing on the CPU" in capsys.readouterr().err
    with mock.patch("gradlock.engine.gpus.DRIVER", tmp_path / "none"), pytest.raises(EngineError):
        lab.run(engine, "gradlock:cu125", folder=tmp_path, gpu=True, gpu_required=True)
    assert len(server.created) == 1


def test_an_interrupt_while_it_starts_leaves_no_container(
    server: Server, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "start", mock.Mock(side_effect=KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        lab.run(engine, "gradlock:cpu", folder=tmp_path, detach=True)
    server.containers[0].remove.assert_called_once()


def test_ctrl_c_ends_it_without_a_fuss(server: Server, engine: Engine, tmp_path: Path) -> None:
    def interrupted(stream: bool = False, **_: Any) -> Iterator[bytes]:
        yield b"log\n"
        raise KeyboardInterrupt

    create = server.create

    def made(*args: Any, **options: Any) -> mock.Mock:
        container = create(*args, **options)
        container.logs.side_effect = interrupted
        return container

    engine.client.containers.create.side_effect = made
    lab.run(engine, "gradlock:cpu", folder=tmp_path)
    server.containers[0].stop.assert_called_once()
    server.containers[0].remove.assert_called_once()


def test_stop_ends_what_gradlock_serves_and_nothing_else(engine: Engine) -> None:
    served = [mock.Mock(), mock.Mock()]
    engine.client.containers.list.return_value = served
    assert lab.stop(engine) == 2
    engine.client.containers.list.assert_called_once_with(filters={"label": "gradlock=lab"})
    for container in served:
        container.stop.assert_called_once()
        container.remove.assert_called_once()
