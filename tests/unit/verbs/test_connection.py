"""The engine as verbs ask for it: what killed runs left in it goes first."""

from __future__ import annotations

import pytest

from gradlock.engine import engine, removal
from gradlock.verbs import connection


def test_what_killed_runs_left_is_swept_once_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    swept: list[str] = []
    monkeypatch.setattr(engine, "connect", lambda: "engine")
    monkeypatch.setattr(removal, "sweep", swept.append)
    assert connection.connect() == "engine"  # type: ignore[comparison-overlap]
    assert swept == ["engine"]
