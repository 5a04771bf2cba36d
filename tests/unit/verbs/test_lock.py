"""The verb `lock`: a check that says what it found."""

from __future__ import annotations

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from gradlock.locks import checking
from gradlock.verbs.lock import lock


def test_a_check_of_good_locks_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(checking, "problems", lambda _: [])
    lock.body(Context(), check=True)
    assert capsys.readouterr().out == "every lock is current\n"


def test_a_check_of_broken_locks_fails_with_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "problems", lambda _: ["one is stale", "another is cut"])
    with pytest.raises(Exit, match="one is stale\nanother is cut"):
        lock.body(Context(), check=True)
