"""The verb `lock`: a check that says what it found."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from gradlock.engine import room
from gradlock.errors import LockError
from gradlock.layers.apt import BaseApt
from gradlock.locks import lockfile, locking, paths
from gradlock.locks.resolve import debian
from gradlock.verbs.lock import lock

verb: Any = importlib.import_module("gradlock.verbs.lock")


def test_a_check_of_good_locks_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(locking, "problems", lambda _: [])
    lock.body(Context(), check=True)
    assert capsys.readouterr().out == "every lock is current\n"


def test_a_check_of_broken_locks_fails_with_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locking, "problems", lambda _: ["one is stale", "another is cut"])
    with pytest.raises(Exit, match="one is stale\nanother is cut"):
        lock.body(Context(), check=True)


def test_a_machine_without_apt_resolves_with_the_locks_own(
    monkeypatch: pytest.MonkeyPatch, project: Path
) -> None:
    monkeypatch.setattr(debian, "here", lambda: False)
    monkeypatch.setattr(room, "here", lambda: "the room")
    apt = verb._apt(lockfile.read(paths.APT))
    assert isinstance(apt, BaseApt)
    assert (apt.room, "apt" in {pin.name for pin in apt.debs}) == ("the room", True)
    with pytest.raises(LockError, match="no apt") as caught:
        verb._apt(None)
    assert caught.value.where == "requirements/apt.lock"


def test_a_machine_with_apt_resolves_with_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "here", lambda: True)
    assert verb._apt(None) is debian.own
