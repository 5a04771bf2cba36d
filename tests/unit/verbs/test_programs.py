"""Which apt and which Python resolve for a lock."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradlock.engine import room
from gradlock.errors import LockError
from gradlock.layers.apt import BaseApt
from gradlock.locks import lockfile, paths
from gradlock.locks.resolve import debian
from gradlock.verbs import programs


def test_a_machine_without_apt_resolves_with_the_locks_own(
    monkeypatch: pytest.MonkeyPatch, project: Path
) -> None:
    monkeypatch.setattr(debian, "here", lambda: False)
    monkeypatch.setattr(room, "here", lambda: "the room")
    apt = programs.apt(lockfile.read(paths.APT))
    assert isinstance(apt, BaseApt)
    assert (apt.room, "apt" in {pin.name for pin in apt.debs}) == ("the room", True)
    with pytest.raises(LockError, match="no apt") as caught:
        programs.apt(None)
    assert caught.value.where == "requirements/apt.lock"


def test_a_machine_with_apt_resolves_with_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "here", lambda: True)
    assert programs.here().apt(None) is debian.own
