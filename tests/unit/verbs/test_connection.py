"""The engine as verbs ask for it."""

from __future__ import annotations

import pytest

from gradlock.engine import engine, removal
from gradlock.verbs import connection


def test_what_killed_runs_left_goes_before_anything_is_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    swept: list[object] = []
    monkeypatch.setattr(engine, "connect", lambda: "the engine")
    monkeypatch.setattr(removal, "sweep", swept.append)
    assert connection.connect() == "the engine"
    assert swept == ["the engine"]
