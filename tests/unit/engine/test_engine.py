"""Finding an engine, starting a private one, and what is said of one that fails."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest
import requests
from docker.errors import APIError

from gradlock.engine import dockerd
from gradlock.engine import engine as engines
from gradlock.engine.engine import Engine
from gradlock.errors import EngineError


@pytest.fixture(autouse=True)
def no_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no engine answer on this machine."""
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.delenv("DOCKER_CONTEXT", raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("GRADLOCK_STORE", str(tmp_path / "store"))
    monkeypatch.setattr(engines, "usual_sockets", lambda: (tmp_path / "docker.sock",))
    monkeypatch.setattr(dockerd, "folder", lambda: tmp_path / "run")


@pytest.fixture
def engine() -> Engine:
    return Engine(mock.Mock(), "unix:///there", private=False)


# Errors


@pytest.mark.parametrize(
    "fault",
    [requests.ConnectionError("reset"), requests.Timeout("slow"), ConnectionResetError()],
)
def test_an_engine_that_dies_is_named_with_what_was_done(engine: Engine, fault: Exception) -> None:
    with pytest.raises(EngineError) as caught, engines.working(engine, "loading gradlock:cpu"):
        raise fault
    assert "loading gradlock:cpu: the Docker Engine stopped answering" in caught.value.what
    assert caught.value.where == engine.where
    assert "run the command again" in caught.value.mend


@pytest.mark.parametrize(
    ("refusal", "what", "mend"),
    [
        ("write /data/x: no space left on device", "disk is full", "free some space"),
        ("No such image: gradlock:cpu", "refused: No such image", "./inv image"),
        ('could not select device driver "" with [[gpu]]', "NVIDIA GPU", "Container Toolkit"),
        ("nvidia-container-cli: initialization error", "NVIDIA GPU", "driver"),
        ("unresolvable CDI devices nvidia.com/gpu=all", "NVIDIA GPU", "Container Toolkit"),
        ("conflict", "refused: conflict", ""),
    ],
)
def test_a_refusal_says_how_to_mend_it(engine: Engine, refusal: str, what: str, mend: str) -> None:
    with pytest.raises(EngineError, match=what) as caught, engines.working(engine, "testing"):
        raise APIError("500 Server Error", explanation=refusal)
    assert mend in caught.value.mend


# Finding


def test_no_engine_is_found_where_there_is_none() -> None:
    assert engines.find() is None


def test_a_socket_that_nobody_listens_on_is_passed_over(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(tmp_path / "docker.sock"))
    assert engines.find() is None


@pytest.mark.parametrize(
    "host", ["tcp://127.0.0.1:9", "unix:///no/such.sock", "nonsense://x", "ssh://x/y"]
)
def test_a_named_engine_is_the_only_one_asked(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    with pytest.raises(EngineError, match=r"DOCKER_HOST|address") as caught:
        engines.find()
    assert caught.value.where == host


def test_what_can_do_without_an_engine_is_told_of_a_dead_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
    assert engines.seek() is None
    printed = capsys.readouterr().err
    assert "DOCKER_HOST" in printed
    assert "unset DOCKER_HOST" in printed


def test_the_private_engine_is_started_again_where_its_address_was_exported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After a reboot the address is still in the shell, and nobody listens."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{dockerd.listens()}")
    started = Engine(mock.Mock(), "unix:///started", private=True)
    monkeypatch.setattr(engines, "start_private", lambda: started)
    assert engines.find() is None
    assert engines.connect() is started


def context(folder: Path, name: str, host: str) -> None:
    """Write a Docker context, and make it the current one."""
    home = folder / "config/contexts/meta" / hashlib.sha256(name.encode()).hexdigest()
    home.mkdir(parents=True)
    endpoints = {"docker": {"Host": host, "SkipTLSVerify": False}}
    (home / "meta.json").write_text(
        json.dumps({"Name": name, "Metadata": {}, "Endpoints": endpoints})
    )
    (folder / "config/config.json").write_text(json.dumps({"currentContext": name}))


def test_the_current_docker_context_is_the_only_one_asked(tmp_path: Path) -> None:
    context(tmp_path, "far", "tcp://127.0.0.1:9")
    with pytest.raises(EngineError, match="context far names does not answer") as caught:
        engines.find()
    assert caught.value.where == "tcp://127.0.0.1:9"
    assert "docker context use default" in caught.value.mend


def test_docker_host_goes_before_a_context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context(tmp_path, "far", "tcp://127.0.0.1:9")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{dockerd.listens()}")
    assert engines.find() is None


@pytest.mark.parametrize("fault", ["absent", "no-json", "no-host"])
def test_a_context_that_is_none_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    context(tmp_path, "far", "tcp://127.0.0.1:9")
    (meta,) = tmp_path.rglob("meta.json")
    if fault == "absent":
        monkeypatch.setenv("DOCKER_CONTEXT", "nowhere")
    else:
        meta.write_text("{" if fault == "no-json" else '{"Name": "far", "Endpoints": {}}')
    with pytest.raises(EngineError, match="no such Docker context") as caught:
        engines.find()
    assert caught.value.where == ("nowhere" if fault == "absent" else "far")


def test_a_socket_that_is_not_permitted_is_named(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.socket(socket.AF_UNIX) as server, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "docker.sock"
        monkeypatch.setattr(engines, "usual_sockets", lambda: (path,))
        server.bind(str(path))
        server.listen()
        path.chmod(0)
        Path(folder).chmod(0o755)
        status = _as_nobody(engines.find)
    printed = capfd.readouterr().out
    assert status == 1
    assert "this user may not talk to it" in printed
    assert str(path) in printed
    assert "usermod" in printed


def _as_nobody(call: Callable[[], object]) -> int:
    """Call a function without root's rights, print its error, return 1 if it had one."""
    child = os.fork()
    if child == 0:
        try:
            if os.getuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            call()
        except EngineError as error:
            os.write(1, str(error).encode())
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_the_usual_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/7")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert [str(path) for path in engines.usual_sockets()] == [
        "/var/run/docker.sock",
        "/run/user/7/docker.sock",
        "/home/somebody/.docker/run/docker.sock",
        "/home/somebody/.docker/desktop/docker.sock",
    ]
