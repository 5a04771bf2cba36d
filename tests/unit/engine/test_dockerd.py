"""The private engine's process: when it is started, what it says when it dies, who is ended."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gradlock import command, store
from gradlock.engine import dockerd
from gradlock.engine import engine as engines
from gradlock.errors import CommandError, EngineError


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give this test a store, and a place for its engine to run, of its own."""
    monkeypatch.setenv("GRADLOCK_STORE", str(tmp_path / "store"))
    monkeypatch.setattr(dockerd, "folder", lambda: tmp_path / "run")


def test_the_private_socket_has_a_short_path_whatever_the_store(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("GRADLOCK_STORE", "/very" * 60)
    first = dockerd.listens()
    # What lies deepest there is the socket of dockerd's own containerd.
    deepest = dockerd.folder() / "exec/containerd/containerd-debug.sock.ttrpc"
    assert len(bytes(deepest)) < 108
    monkeypatch.setenv("GRADLOCK_STORE", "/other")
    assert dockerd.listens() != first


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a program in the place of dockerd; let this user count as root."""
    path = tmp_path / "bin" / "dockerd"
    path.parent.mkdir()
    path.touch(0o755)
    monkeypatch.setenv("PATH", str(path.parent), prepend=os.pathsep)
    monkeypatch.setattr(os, "getuid", lambda: 0)
    return path


def test_without_root_none_is_started(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    with pytest.raises(EngineError, match="only root can start") as caught:
        engines.start_private()
    assert "systemctl start docker" in caught.value.mend


def test_without_dockerd_none_is_started(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(EngineError, match="dockerd is not installed") as caught:
        engines.start_private()
    assert "./inv setup" in caught.value.mend


def test_one_that_dies_shows_its_last_lines(program: Path) -> None:
    program.write_text(
        "#!/bin/sh\necho first\necho failed to start daemon: no overlay >&2\nexit 1\n"
    )
    with pytest.raises(EngineError, match="died as it started") as caught:
        engines.start_private()
    assert "failed to start daemon: no overlay" in caught.value.mend
    assert caught.value.where == str(store.folder("engine") / "dockerd.log")


def test_stopping_leaves_a_stranger_with_the_same_pid_alone() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as stranger:
        dockerd.folder().mkdir()
        (dockerd.folder() / "pid").write_text(str(stranger.pid))
        assert engines.stop_private() is False
        assert stranger.poll() is None
        stranger.kill()


def test_stopping_ends_this_stores_own() -> None:
    data = store.folder("engine") / "data"
    argv = [sys.executable, "-c", "import time; time.sleep(60)", f"--data-root={data}"]
    with subprocess.Popen(argv) as ours:
        # The kernel lays out a new program's arguments a moment after it has started.
        while str(data) not in Path(f"/proc/{ours.pid}/cmdline").read_text():
            time.sleep(0.01)
        dockerd.folder().mkdir()
        (dockerd.folder() / "pid").write_text(str(ours.pid))
        # A dead child keeps its pid, without a command line, until its parent asks for it.
        assert engines.stop_private() is True
        assert ours.wait(10) == -15
    assert not dockerd.folder().exists()


def test_stopping_none_is_no_error() -> None:
    assert engines.stop_private() is False


@pytest.mark.parametrize(
    ("busy", "seconds"), [(2, 20.0), (10**6, 0.3)], ids=["a-moment", "for-good"]
)
def test_what_is_still_in_use_is_unmounted_a_moment_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, busy: int, seconds: float
) -> None:
    """A child of a killed engine may hold its data for a while; not for ever."""
    tries = tmp_path / "tries"
    program = tmp_path / "bin/umount"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\necho "$1" >>"{tries}"\n'
        f'[ "$(wc -l <"{tries}")" -gt {busy} ] || {{ echo target is busy >&2; exit 32; }}\n'
    )
    program.chmod(0o755)
    monkeypatch.setattr(command, "PATH", f"{program.parent}:{command.PATH}")
    monkeypatch.setattr(dockerd, "RELEASE", seconds)
    if busy < 10:
        dockerd._release("/data")
        assert tries.read_text() == "/data\n" * (busy + 1)
        return
    with pytest.raises(CommandError, match="status 32"):
        dockerd._release("/data")
    assert len(tries.read_text().splitlines()) > 1
