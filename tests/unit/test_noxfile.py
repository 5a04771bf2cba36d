"""The sessions: parametrised from the table, each with a line that says what it does."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from gradlock import store
from gradlock.inputs import variants


@pytest.fixture(scope="module")
def sessions() -> list[dict[str, Any]]:
    """Return what `nox --list` knows of every session."""
    done = subprocess.run(
        [sys.executable, "-m", "nox", "--list", "--json", "--noxfile", store.ROOT / "noxfile.py"],
        capture_output=True,
        check=True,
    )
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def test_sessions_in_images_follow_the_table(sessions: list[dict[str, Any]]) -> None:
    for name in ("smoke", "gradients"):
        found = [row["call_spec"]["variant"] for row in sessions if row["name"] == name]
        assert found == [row.name for row in variants.load()]


def test_every_session_says_what_it_does(sessions: list[dict[str, Any]]) -> None:
    assert sessions
    for row in sessions:
        assert row["description"], row["session"]


def test_the_checks_that_need_no_engine_are_there(sessions: list[dict[str, Any]]) -> None:
    assert {"lint", "types", "unit"} <= {row["name"] for row in sessions}


def test_sessions_use_the_locked_tools(sessions: list[dict[str, Any]]) -> None:
    assert {row["python"] for row in sessions} <= {None, ""}
