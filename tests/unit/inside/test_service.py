"""Serving, against an engine whose container is a small server of this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from docker.errors import NotFound

from gradlock.engine.engine import Engine
from gradlock.errors import EngineError, InputError
from gradlock.inside import browser, ports, service
from gradlock.inside.request import Request
from gradlock.inside.service import Service
from tests.unit.inside.conftest import Server

pytestmark = pytest.mark.usefixtures("seen")

FIRST = 18888
SERVED = Service(
    kind="lab",
    name="The server",
    argv=lambda port: ["serve", str(port)],
    url=lambda port: f"http://127.0.0.1:{port}/for?people",
    probe=lambda port: f"http://127.0.0.1:{port}/probe",
    first=FIRST,
    headers={"Authorization": "token right"},
)


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have nobody come by ssh."""
    monkeypatch.delenv("SSH_CONNECTION", raising=False)


def run(engine: Engine, folder: Path, **how: Any) -> None:
    """Serve a folder."""
    service.run(engine, "gradlock:cpu", SERVED, Request(folder), **how)


def bindings(server: Server) -> list[tuple[str, int]]:
    """Return the address and port of every container that was made."""
    return [next(iter(options["ports"].values())) for _, options in server.created]


def test_it_prints_an_address_that_answers_on_this_machine_only(
    server: Server, engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(engine, tmp_path)
    ((host, port),) = bindings(server)
    ((argv, _),) = server.created
    printed = capsys.readouterr()
    assert host == "127.0.0.1"
    assert printed.out == f"http://127.0.0.1:{port}/for?people\n"
    assert argv == ["serve", str(port)]
    assert "The server answers after" in printed.err
    assert "log\n" in printed.err
    assert server.asked[-1] == ("/probe", "token right")
    server.containers[0].remove.assert_called_once()


def test_the_container_is_confined_labelled_and_swept_with_its_process(
    server: Server, engine: Engine, tmp_path: Path
) -> None:
    run(engine, tmp_path)
    ((_, options),) = server.created
    ((_, port),) = bindings(server)
    assert options["cap_drop"] == ["ALL"]
    assert options["security_opt"] == ["no-new-privileges"]
    labels = options["labels"]
    assert labels.pop("gradlock.owner")
    assert labels == {
        "gradlock": "lab",
        "gradlock.folder": str(tmp_path),
        "gradlock.url": f"http://127.0.0.1:{port}/for?people",
    }


def test_a_server_that_ends_shows_its_last_lines_and_is_removed(
    server: Server, engine: Engine, tmp_path: Path
) -> None:
    server.serves, server.status = False, "exited"
    server.state["ExitCode"] = 1
    with pytest.raises(EngineError, match=r"did not answer on port \d+ \(status 1\)") as caught:
        run(engine, tmp_path)
    assert "a traceback" in caught.value.mend
    assert "./inv doctor" in caught.value.mend
    server.containers[0].remove.assert_called_once()


@pytest.mark.parametrize(
    ("state", "told", "mend"),
    [
        ({"ExitCode": 137, "OOMKilled": True}, "out of memory", "--memory"),
        ({"ExitCode": 73, "OOMKilled": False}, "status 73", "--folder"),
    ],
    ids=["memory", "saving"],
)
def test_a_known_end_is_told_with_what_mends_it(
    server: Server,
    engine: Engine,
    tmp_path: Path,
    state: dict[str, Any],
    told: str,
    mend: str,
) -> None:
    server.status, server.state = "exited", state
    with pytest.raises(EngineError, match="ended by itself") as caught:
        run(engine, tmp_path)
    assert told in caught.value.what
    assert mend in caught.value.mend


def test_who_is_stopped_from_elsewhere_ends_well(
    server: Server, engine: Engine, tmp_path: Path
) -> None:
    create = server.create

    def made(*args: Any, **options: Any) -> mock.Mock:
        container = create(*args, **options)
        container.reload.side_effect = NotFound("gone")
        return container

    engine.client.containers.create.side_effect = made  # type: ignore[attr-defined]
    run(engine, tmp_path)


def test_a_port_that_the_engine_cannot_have_is_passed_over(
    server: Server, engine: Engine, tmp_path: Path
) -> None:
    first = next(ports.chosen(None, FIRST))
    server.taken = {first}
    run(engine, tmp_path)
    assert [port > first for _, port in bindings(server)] == [False, True]
    assert all(container.remove.called for container in server.containers)


def test_a_named_port_that_the_engine_cannot_have_is_an_error(
    server: Server, engine: Engine, tmp_path: Path
) -> None:
    server.taken = {19999}
    with pytest.raises(InputError, match="port 19999 is taken"):
        run(engine, tmp_path, port=19999)
    server.containers[0].remove.assert_called_once()


def test_detached_it_goes_on(
    server: Server, engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(engine, tmp_path, detach=True)
    server.containers[0].remove.assert_not_called()
    ((_, port),) = bindings(server)
    assert f"./inv stop {port}" in capsys.readouterr().err
    ((_, options),) = server.created
    assert "gradlock.owner" not in options["labels"]  # no process owns it


def test_an_interrupt_while_it_starts_leaves_no_container(
    server: Server, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "start", mock.Mock(side_effect=KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        run(engine, tmp_path, detach=True)
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

    engine.client.containers.create.side_effect = made  # type: ignore[attr-defined]
    run(engine, tmp_path)
    server.containers[0].stop.assert_called_once()
    server.containers[0].remove.assert_called_once()


def test_who_came_by_ssh_is_told_how_to_reach_it(
    server: Server,
    engine: Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "198.51.100.7 50022 198.51.100.9 22")
    monkeypatch.setenv("USER", "ada")
    run(engine, tmp_path)
    ((_, port),) = bindings(server)
    printed = capsys.readouterr()
    assert f"ssh -N -L {port}:127.0.0.1:{port} ada@198.51.100.9\n" in printed.err
    assert printed.out.startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    ("how", "opened"),
    [({}, True), ({"browse": False}, False), ({"detach": True}, False)],
    ids=["asked", "not asked", "detached"],
)
def test_a_browser_is_opened_where_there_is_one_and_it_is_wanted(
    server: Server,
    engine: Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    how: dict[str, bool],
    opened: bool,
) -> None:
    shown = mock.MagicMock()
    monkeypatch.setattr(browser, "wanted", lambda: True)
    monkeypatch.setattr(browser, "shown", shown)
    run(engine, tmp_path, **how)
    assert shown.called == opened
