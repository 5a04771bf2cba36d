"""Locks of a row that is gone are told, and nothing that a person wrote is taken for one."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from gradlock.inputs import variants
from gradlock.inputs.variants import Table
from gradlock.locks import checking, leftovers, lockfile

TABLE = variants.load()


def without(name: str) -> Table:
    rows = tuple(row for row in TABLE if row.name != name)
    return dataclasses.replace(TABLE, variants=rows)


def test_the_projects_own_locks_are_all_of_rows() -> None:
    assert list(leftovers.find(TABLE)) == []


def test_the_locks_of_a_row_that_is_gone_are_named(project: Path) -> None:
    found = [path.name for path in leftovers.find(without("cu129"))]
    assert found == ["cu129.txt", "cu129.conda-lock.yml", "pylock.cu129.toml"]
    said = checking.problems(without("cu129"))
    assert len(said) == 3
    for name, problem in zip(found, said, strict=True):
        assert f"where: requirements/{name}" in problem
        assert "./inv lock removes it" in problem


def test_debians_lock_for_a_platform_that_no_row_has_is_one(project: Path) -> None:
    path = project / "requirements/apt-arm64.lock"
    path.write_text(lockfile.with_header("# none\n", "0" * 64))
    assert list(leftovers.find(TABLE)) == [path]


def test_what_a_person_wrote_is_none(project: Path) -> None:
    (project / "requirements/ours.txt").write_text("numpy\n")
    (project / "requirements/pylock.ours.toml").write_text("")
    assert list(leftovers.find(TABLE)) == []
