"""All checks together: each has a subject and a name, and none changes anything."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from gradlock.doctor import examination
from gradlock.doctor.checks import CHECKS
from gradlock.doctor.findings import SUBJECTS, Severity
from tests.unit.doctor.conftest import Play


def test_every_check_has_a_name_of_its_own_and_says_what_it_looks_at() -> None:
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    for check in CHECKS:
        assert check.about in SUBJECTS
        assert check.look.__doc__


def test_every_subject_has_a_check() -> None:
    assert {check.about for check in CHECKS} == set(SUBJECTS)


def test_what_is_bad_always_comes_with_its_reason_and_its_mend(play: Play) -> None:
    for row in examination.examine(play(Architecture="aarch64", Driver="vfs"), CHECKS):
        if row.severity in (Severity.WARNING, Severity.BROKEN):
            assert row.seen, row
            assert row.why, row
            assert row.mend, row


WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
HEARD: list[str] = []
LISTENING = False


def hear(event: str, args: tuple[object, ...]) -> None:
    """Note what changes a file, as Python's audit tells it."""
    if not LISTENING:
        return
    if event == "open" and isinstance(args[2], int) and args[2] & WRITES:
        if str(args[0]) != os.devnull and not isinstance(args[0], int):
            HEARD.append(f"{event} {args[0]}")
    elif event in ("os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.utime", "os.chmod"):
        HEARD.append(f"{event} {args[0]}")


def test_no_check_writes(play: Play, own_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    global LISTENING
    (own_store / "artifacts" / ("0" * 64)).mkdir(parents=True)
    (own_store / "artifacts" / ("0" * 64) / "broken.whl").write_bytes(b"other bytes")
    before = sorted(str(path) for path in own_store.rglob("*"))
    asked = play()
    sys.addaudithook(hear)
    LISTENING = True
    try:
        examination.examine(asked, CHECKS)
    finally:
        LISTENING = False
    assert HEARD == []
    assert sorted(str(path) for path in own_store.rglob("*")) == before
