"""The engine that is sought: found, or not for a reason that is told apart."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gradlock.doctor import api, engines
from tests.unit.doctor.conftest import Play


def test_it_is_found_and_tells_of_itself(play: Play) -> None:
    sought = play(Driver="btrfs").engine.get()
    assert sought.api is not None
    assert sought.local
    assert sought.here
    assert sought.info["Driver"] == "btrfs"
    assert sought.attempts == ()


def test_one_with_another_kernel_is_not_here(play: Play) -> None:
    assert not play(KernelVersion="6.10.14-linuxkit").engine.get().here


@contextmanager
def saying(path: Path, said: bytes | None) -> Iterator[None]:
    """Listen on a socket, and answer everything with the same; with nothing, never."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                held.append(connection)
                if said is not None:
                    connection.recv(4096)
                    connection.sendall(said)
                    connection.close()

        held: list[socket.socket] = []
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
        for connection in held:
            connection.close()


def how(path: Path) -> str:
    environ = {"DOCKER_HOST": f"unix://{path}"}
    (attempt,) = engines.seek(environ, path).attempts
    return attempt.how


def test_a_socket_that_is_not_there_is_absent(folder: Path) -> None:
    assert how(folder / "none.sock") == "absent"


def test_a_socket_that_nobody_listens_on_is_refused(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(folder / "left.sock"))
    assert how(folder / "left.sock") == "refused"


@pytest.mark.skipif(os.getuid() == 0, reason="root may open any socket; the e2e test is no root")
def test_a_socket_without_permission_is_denied(folder: Path) -> None:
    with saying(folder / "x.sock", b""):
        (folder / "x.sock").chmod(0o000)
        assert how(folder / "x.sock") == "denied"


def test_one_that_never_answers_is_silent(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "PATIENCE", 0.2)
    with saying(folder / "x.sock", None):
        assert how(folder / "x.sock") == "silent"


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<html",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_what_is_no_engine_is_told_from_one(folder: Path, said: bytes) -> None:
    with saying(folder / "x.sock", said):
        assert how(folder / "x.sock") in ("foreign", "failed")


def test_a_context_that_does_not_exist_is_lost(folder: Path) -> None:
    sought = engines.seek({"DOCKER_CONTEXT": "none", "DOCKER_CONFIG": str(folder)}, folder)
    assert (sought.api, sought.lost) == (None, "none")


def test_a_port_that_nobody_listens_on_is_refused(folder: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (attempt,) = engines.seek({"DOCKER_HOST": f"tcp://127.0.0.1:{port}"}, folder).attempts
    assert attempt.how == "refused"
