"""A command in an image: what goes in and comes out, without an engine."""

from __future__ import annotations

import os
import pty
import socket
import struct
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from unittest import mock

import pytest

from gradlock.engine.engine import Engine
from gradlock.errors import EngineError, InputError
from gradlock.inside import identity, shell
from gradlock.inside.request import Request

pytestmark = pytest.mark.usefixtures("seen")


class Attached(socket.SocketIO):
    """An attached container's stream, as the SDK gives it: a reader with its socket."""


@contextmanager
def stdio(stdin: int) -> Iterator[None]:
    """Put another file in the place of this process's stdin."""
    before = os.dup(0)
    os.dup2(stdin, 0)
    try:
        yield
    finally:
        os.dup2(before, 0)
        os.close(before)


def frame(kind: int, data: bytes) -> bytes:
    """Return what an engine sends for a container without a terminal."""
    return struct.pack(">BxxxL", kind, len(data)) + data


def engine_of(container: mock.Mock) -> Engine:
    """Return an engine that has one container."""
    client = mock.Mock()
    client.info.return_value = {"Runtimes": {}}
    client.containers.create.return_value = container
    return Engine(client, "unix:///there", private=False)


def test_without_a_terminal_stdin_stdout_stderr_and_the_status_pass(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    ours, theirs = socket.socketpair()
    container = mock.Mock()
    container.attach_socket.return_value = Attached(ours, "rw")
    container.wait.return_value = {"StatusCode": 7}

    def serve() -> None:
        given = b"".join(iter(lambda: theirs.recv(4096), b""))
        theirs.sendall(frame(1, b"out: " + given) + frame(2, b"err\n"))
        theirs.close()

    container.start.side_effect = lambda: threading.Thread(target=serve).start()
    reader, writer = os.pipe()
    os.write(writer, b"typed\n")
    os.close(writer)
    with stdio(reader):
        assert (
            shell.run(engine_of(container), "gradlock:cpu", ["cat"], request=Request(tmp_path)) == 7
        )
    os.close(reader)
    printed = capfd.readouterr()
    assert printed.out == "out: typed\n"
    assert printed.err.endswith("err\n")
    container.remove.assert_called_once()


def test_a_required_gpu_that_is_not_there_starts_nothing(tmp_path: Path) -> None:
    engine = engine_of(mock.Mock())
    request = Request(tmp_path, gpu=True, gpu_required=True)
    with mock.patch("gradlock.engine.gpus.DRIVER", tmp_path / "none"), pytest.raises(EngineError):
        shell.run(engine, "gradlock:cu125", request=request)
    engine.client.containers.create.assert_not_called()  # type: ignore[attr-defined]


def test_the_container_is_confined_and_gone_though_it_never_started(tmp_path: Path) -> None:
    container = mock.Mock()
    container.attach_socket.side_effect = KeyboardInterrupt
    engine = engine_of(container)
    with pytest.raises(KeyboardInterrupt):
        shell.run(engine, "gradlock:cpu", request=Request(tmp_path))
    container.remove.assert_called_once_with(force=True, v=True)
    options = engine.client.containers.create.call_args.kwargs  # type: ignore[attr-defined]
    assert options["cap_drop"] == ["ALL"]
    assert "gradlock.owner" in options["labels"]


def test_the_terminal_is_given_back_as_it_was_whatever_happens() -> None:
    leader, follower = pty.openpty()
    with stdio(follower):
        before = termios.tcgetattr(0)
        with suppress(KeyError), shell.raw_terminal(mock.Mock()):
            assert not termios.tcgetattr(0)[3] & (termios.ECHO | termios.ISIG)
            raise KeyError
        assert termios.tcgetattr(0) == before
    os.close(leader)
    os.close(follower)


def test_the_window_size_reaches_the_container(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "101")
    monkeypatch.setenv("LINES", "33")
    leader, follower = pty.openpty()
    container = mock.Mock()
    with stdio(follower), shell.raw_terminal(container):
        os.kill(os.getpid(), 28)  # SIGWINCH
        container.resize.assert_called_once_with(33, 101)
    os.close(leader)
    os.close(follower)


def test_where_nothing_can_be_saved_a_line_says_so_and_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    check = mock.Mock(side_effect=InputError("nothing could be saved", mend="do this"))
    monkeypatch.setattr(identity, "check", check)
    container = mock.Mock()
    container.attach_socket.side_effect = KeyboardInterrupt  # it has come as far as this
    with pytest.raises(KeyboardInterrupt):
        shell.run(engine_of(container), "gradlock:cpu", request=Request(tmp_path))
    assert capsys.readouterr().err == "nothing could be saved\n  mend:  do this\n"
