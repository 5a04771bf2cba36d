"""Serving JupyterLab: its token, and that work in it can be saved."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from gradlock.engine.engine import Engine
from gradlock.errors import EngineError, InputError
from gradlock.inside import identity, lab
from gradlock.inside.request import Request
from tests.unit.inside.conftest import Server

pytestmark = pytest.mark.usefixtures("seen")


def environments(server: Server) -> list[dict[str, str]]:
    """Return the variables of every container that was made."""
    return [options["environment"] for _, options in server.created]


def test_the_printed_address_holds_the_token_that_opens_it(
    server: Server, engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab.run(engine, "gradlock:cpu", Request(tmp_path))
    ((argv, options),) = server.created
    ((_, port),) = options["ports"].values()
    token = options["environment"]["JUPYTER_TOKEN"]
    assert capsys.readouterr().out == f"http://127.0.0.1:{port}/lab?token={token}\n"
    assert f"--ServerApp.port={port}" in argv
    assert f"--ServerApp.custom_display_url=http://127.0.0.1:{port}" in argv
    assert server.asked[-1] == ("/api/status", f"token {token}")


def test_each_run_has_its_own_token_of_192_bits(
    server: Server, engine: Engine, tmp_path: Path
) -> None:
    server.serves, server.status = False, "exited"
    for _ in range(2):
        with pytest.raises(EngineError):
            lab.run(engine, "gradlock:cpu", Request(tmp_path))
    first, second = (found["JUPYTER_TOKEN"] for found in environments(server))
    assert first != second
    assert len(bytes.fromhex(first)) == 24


def test_a_token_of_ones_own_is_taken_and_an_empty_one_refused(
    server: Server, engine: Engine, tmp_path: Path
) -> None:
    own = Request(tmp_path, environment={"JUPYTER_TOKEN": "own", "OTHER": "1"})
    lab.run(engine, "gradlock:cpu", own, detach=True)
    (found,) = environments(server)
    assert (found["JUPYTER_TOKEN"], found["OTHER"]) == ("own", "1")
    with pytest.raises(InputError, match="empty JUPYTER_TOKEN"):
        lab.run(engine, "i", Request(tmp_path, environment={"JUPYTER_TOKEN": ""}))
    assert len(server.created) == 1


def test_the_server_ends_where_it_finds_that_nothing_can_be_saved(
    server: Server, engine: Engine, tmp_path: Path
) -> None:
    lab.run(engine, "gradlock:cpu", Request(tmp_path), detach=True)
    (found,) = environments(server)
    assert found["GRADLOCK_MUST_SAVE"]


def test_a_folder_in_which_nothing_can_be_saved_is_refused_before_anything_starts(
    server: Server, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise InputError("nothing could be saved")

    monkeypatch.setattr(identity, "check", refuse)
    with pytest.raises(InputError, match="nothing could be saved"):
        lab.run(engine, "gradlock:cpu", Request(tmp_path))
    assert not server.created


def test_a_folder_that_is_not_there_is_named(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        lab.run(engine, "gradlock:cpu", Request(tmp_path / "absent"))


def test_the_server_runs_as_who_started_it(server: Server, engine: Engine, tmp_path: Path) -> None:
    lab.run(engine, "gradlock:cpu", Request(tmp_path), detach=True)
    ((_, options),) = server.created
    assert options["user"] == f"{os.geteuid()}:{os.getegid()}"


def test_without_a_gpu_it_says_so_and_with_a_required_one_it_does_not_start(
    server: Server,
    engine: Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lab.run(engine, "gradlock:cu125", Request(tmp_path, gpu=True))
    assert "computing on the CPU" in capsys.readouterr().err
    monkeypatch.setattr("gradlock.engine.gpus.DRIVER", tmp_path / "none")
    with pytest.raises(EngineError):
        lab.run(engine, "gradlock:cu125", Request(tmp_path, gpu=True, gpu_required=True))
    assert len(server.created) == 1
