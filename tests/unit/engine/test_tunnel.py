"""An engine behind ssh: what ssh is asked, and that every connection gets through whole."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gradlock import command
from gradlock.engine import engine as engines
from gradlock.engine import tunnel
from gradlock.errors import EngineError


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Path]]:
    """Return a maker of an ssh that notes its arguments and runs a script instead."""

    def make(script: str) -> Path:
        program = tmp_path / "bin" / "ssh"
        program.parent.mkdir()
        program.write_text(
            '#!/bin/sh\n[ "$*" = -V ] && exit 0\n'
            f'printf "%s\\n" "$*" >>"{tmp_path}/asked"\n{script}\n'
        )
        program.chmod(0o755)
        monkeypatch.setattr(command, "PATH", f"{program.parent}:{command.PATH}")
        return tmp_path / "asked"

    yield make
    tunnel.opened.cache_clear()


def connected(address: str) -> socket.socket:
    ours = socket.socket(socket.AF_UNIX)
    ours.settimeout(20)
    ours.connect(address.removeprefix("unix://"))
    return ours


def whole(stream: socket.socket) -> bytes:
    return b"".join(iter(lambda: stream.recv(1 << 16), b""))


@pytest.mark.parametrize(
    ("host", "asked"),
    [
        ("ssh://far", "-o BatchMode=yes -- far docker system dial-stdio"),
        ("ssh://me@far:2222", "-o BatchMode=yes -l me -p 2222 -- far docker system dial-stdio"),
    ],
)
def test_it_asks_for_what_docker_itself_asks(
    ssh: Callable[[str], Path], host: str, asked: str
) -> None:
    note = ssh("exec cat")
    with connected(tunnel.opened(host)) as stream:
        stream.sendall(b"x")
        assert stream.recv(1) == b"x"
    assert note.read_text() == f"{asked}\n"


def test_many_connections_at_once_are_apart_and_whole(ssh: Callable[[str], Path]) -> None:
    ssh("exec cat")
    address, size = tunnel.opened("ssh://far"), 1 << 20
    found: dict[int, bytes] = {}

    def work(number: int) -> None:
        with connected(address) as stream:
            sender = threading.Thread(target=stream.sendall, args=[bytes([number]) * size])
            sender.start()
            data = b""
            while len(data) < size:
                data += stream.recv(1 << 16)
            sender.join()
            stream.shutdown(socket.SHUT_WR)
            found[number] = data + whole(stream)

    threads = [threading.Thread(target=work, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: bytes([number]) * size for number in range(8)}


def test_one_address_has_one_tunnel(ssh: Callable[[str], Path]) -> None:
    ssh("exec cat")
    assert tunnel.opened("ssh://far") == tunnel.opened("ssh://far")


@pytest.mark.parametrize("host", ["ssh://", "ssh://far/var/run/docker.sock"])
def test_an_address_that_is_none_is_named(host: str) -> None:
    with pytest.raises(EngineError, match="ssh://") as caught:
        tunnel.opened(host)
    assert caught.value.where == host


def test_an_ssh_that_fails_is_an_engine_that_does_not_answer(
    ssh: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    ssh("exit 255")
    monkeypatch.setenv("DOCKER_HOST", "ssh://far")
    with pytest.raises(EngineError, match="DOCKER_HOST names does not answer") as caught:
        engines.find()
    assert caught.value.where == "ssh://far"


def test_without_ssh_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "PATH", "/nowhere")
    monkeypatch.setenv("DOCKER_HOST", "ssh://far")
    with pytest.raises(EngineError, match="'ssh' is not installed") as caught:
        engines.find()
    assert caught.value.where == "ssh://far"
