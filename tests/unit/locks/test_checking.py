"""What `lock --check` finds; test_locking.py has it after each run of a lock."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradlock.inputs import variants
from gradlock.locks import checking, lockfile, paths


def test_the_projects_own_locks_have_no_problem() -> None:
    assert checking.problems(variants.load()) == []


def test_all_that_is_wrong_is_said_at_once_and_each_once(project: Path) -> None:
    """What all rows share is read for each of them."""
    paths.APT.unlink()
    paths.pip(variants.load().cpu).write_text("numpy\n")
    found = checking.problems(variants.load())
    assert len(found) == 2
    assert any("a lock is missing" in said and "apt.lock" in said for said in found)
    assert any("has no header" in said and "cpu.txt" in said for said in found)


def test_each_rows_locks_are_read_once(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A conda lock takes longer to read than all that is checked of it."""
    read: list[str] = []
    parse = lockfile.parse_conda
    monkeypatch.setattr(
        lockfile, "parse_conda", lambda lock: read.append(lock.path.name) or parse(lock)
    )
    assert checking.problems(variants.load()) == []
    assert sorted(read) == sorted(paths.conda(row).name for row in variants.load())
