"""Hashes: what the locks name, read without their library, as their library reads it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gradlock.doctor import hashes
from gradlock.doctor.question import Question
from gradlock.inputs import variants
from gradlock.locks import freshness


def test_an_empty_store_lacks_all_that_the_locks_name(asked: Question) -> None:
    table = variants.load()
    found = hashes.missing(replace(asked, rows=tuple(table)))
    locks = [freshness.read(row) for row in table]
    assert found.debs == tuple(sorted({(pin.archive, pin.path) for pin in locks[0].debs}))
    assert set(found.wheels) == {pin.name for lock in locks for pin in lock.wheels}


def test_what_is_kept_is_not_missing(asked: Question, own_store: Path) -> None:
    assert asked.table is not None
    first, second, *_ = freshness.read(asked.table.cpu).debs
    for pin, name in ((first, pin_name := "a.deb"), (second, f".{pin_name}.part")):
        (own_store / "artifacts" / pin.sha256).mkdir(parents=True)
        (own_store / "artifacts" / pin.sha256 / name).touch()
    found = hashes.missing(asked).debs
    assert (first.archive, first.path) not in found
    assert (second.archive, second.path) in found


def test_locks_that_cannot_be_read_name_nothing(asked: Question, project: Path) -> None:
    for path in (project / "requirements").iterdir():
        path.unlink()
    assert hashes.missing(asked) == hashes.Missing((), ())
