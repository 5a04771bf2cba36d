"""JupyterLab: a taken port, an empty token, a folder that nothing can be saved in."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from gradlock.doctor import jupyter
from gradlock.doctor.findings import Severity
from gradlock.doctor.question import Question
from tests.unit.doctor.conftest import Play


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> int:
    """Return a port on which this process listens."""
    with socket.socket() as server:
        server.bind((jupyter.HOST, 0))
        server.listen()
        monkeypatch.setattr(jupyter, "PORT", server.getsockname()[1])
        yield server.getsockname()[1]


def test_a_taken_port_is_told_with_who_has_it(asked: Question, taken: int) -> None:
    (found,) = jupyter.port(asked)
    assert found.severity is Severity.WARNING
    assert f"port {taken} is taken" in found.seen
    if Path("/proc/net/tcp").exists():
        assert f"(process {os.getpid()})" in found.seen
    assert "./inv lab takes" in found.why


def test_a_container_that_has_the_port_is_named(play: Play, taken: int) -> None:
    row = {"Names": ["/mylab"], "Ports": [{"PrivatePort": 8888, "PublicPort": taken}]}
    (found,) = jupyter.port(play({"/containers/json": [{"Names": ["/a"], "Ports": None}, row]}))
    assert "by the container mylab" in found.seen


def test_no_free_port_is_broken(
    asked: Question, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jupyter, "PORTS", 1)
    (found,) = jupyter.port(asked)
    assert found.severity is Severity.BROKEN


def test_a_free_port_is_fine(asked: Question, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind((jupyter.HOST, 0))
        port = probe.getsockname()[1]
    monkeypatch.setattr(jupyter, "PORT", port)
    (found,) = jupyter.port(asked)
    assert found.severity is Severity.FINE


@pytest.mark.parametrize(("environ", "count"), [({}, 0), ({"JUPYTER_TOKEN": "x"}, 0)])
def test_a_token_or_none_is_fine(asked: Question, environ: dict[str, str], count: int) -> None:
    assert len(list(jupyter.token(replace(asked, environ=environ)))) == count


def test_an_empty_token_is_told(asked: Question) -> None:
    (found,) = jupyter.token(replace(asked, environ={"JUPYTER_TOKEN": ""}))
    assert found.severity is Severity.WARNING
    assert "64" in found.why


def test_a_folder_that_is_gone_is_told(asked: Question, tmp_path: Path) -> None:
    (found,) = jupyter.folder(replace(asked, folder=tmp_path / "gone"))
    assert found.severity is Severity.BROKEN


def test_a_folder_that_may_not_be_written_to_is_told(
    asked: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    (found,) = jupyter.folder(asked)
    assert "may not write" in found.seen


def test_a_folder_of_ones_own_is_fine(play: Play) -> None:
    (found,) = jupyter.folder(play())
    assert found.severity is Severity.FINE


def test_a_folder_above_that_others_may_not_enter_is_told(
    play: Play, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.chmod(0o700)
    (folder / "below").mkdir()
    asked = replace(play(), folder=folder / "below")
    uid = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: uid + 1)
    if folder.stat().st_uid == 0:
        assert len(list(jupyter.folder(asked))) == 1  # root's folders are seen by root's engine
        os.chown(folder, 12345, -1)
    found = list(jupyter.folder(asked))
    assert str(folder) in found[-1].seen
