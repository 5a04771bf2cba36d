"""What the machine lacks: named, installed where that is possible, else told how to."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from gradlock import command
from gradlock.engine import engine, system
from gradlock.engine.system import Need
from gradlock.errors import GradlockError


class Machine:
    """A machine whose programs lie in one folder, and what was run on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ran: list[list[str]] = []

    def has(self, *programs: str) -> None:
        """Put programs on the machine."""
        for program in programs:
            (self.folder / program).touch(mode=0o755)

    def run(self, argv: Sequence[str], **_: Any) -> str:
        """Take the place of `command.run`."""
        self.ran.append(list(argv))
        return ""


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Machine:
    """Make a machine of root's with apt, and nothing that gradlock needs."""
    made = Machine(tmp_path)
    made.has("apt-get")
    monkeypatch.setattr(system, "PATH", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    keyring = Need(str(tmp_path / "keyring.gpg"), "debian-archive-keyring", "verifies lists")
    monkeypatch.setattr(system, "FOR_LOCKS", keyring)
    monkeypatch.setattr(engine, "find", lambda: None)
    monkeypatch.setattr(os, "getuid", lambda: 0)
    monkeypatch.setattr(command, "run", made.run)
    return made


def test_a_bare_machine_lacks_everything(machine: Machine) -> None:
    packages = {need.package for need in system.missing()}
    assert packages == {"debian-archive-keyring", "docker.io"}


def test_an_engine_that_answers_needs_no_other(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "find", lambda: object())
    assert "docker.io" not in {need.package for need in system.missing()}


def test_what_is_missing_is_said_and_installed(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    machine.has("keyring.gpg")
    assert [need.package for need in system.install()] == ["docker.io"]
    assert "installing Debian's docker.io: runs the images" in capsys.readouterr().err
    update, install = machine.ran
    assert update == ["apt-get", "update"]
    assert install[-1] == "docker.io"
    assert "--yes" in install


def test_a_machine_with_everything_is_left_alone(machine: Machine) -> None:
    machine.has("keyring.gpg", "dockerd")
    assert system.install() == ()
    assert machine.ran == []


@pytest.mark.parametrize("lack", ["root", "apt"])
def test_who_cannot_install_is_told_exactly_what_to(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, lack: str
) -> None:
    if lack == "root":
        monkeypatch.setattr(os, "getuid", lambda: 1000)
    else:
        (machine.folder / "apt-get").unlink()
    with pytest.raises(GradlockError, match="some programs are missing") as caught:
        system.install()
    assert "dockerd: runs the images" in caught.value.what
    assert "docker.io" in caught.value.mend
    assert machine.ran == []


def test_who_has_an_engine_and_no_apt_lacks_nothing(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    (machine.folder / "apt-get").unlink()
    monkeypatch.setattr(engine, "find", lambda: object())
    assert system.install() == ()
