"""The examination: no check can stop the others, whatever it does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from gradlock.doctor import examination
from gradlock.doctor.examination import Check
from gradlock.doctor.findings import (
    DOCKER,
    MACHINE,
    Finding,
    Severity,
    broken,
    fine,
    warning,
)
from gradlock.doctor.question import Question


def good(_: Question) -> Iterator[Finding]:
    yield fine("good")


def test_a_check_that_raises_keeps_what_it_found_and_says_that_it_could_not_look() -> None:
    def raises(_: Question) -> Iterator[Finding]:
        yield warning("half", "why", "mend")
        raise ZeroDivisionError("no way")

    checks = [Check(DOCKER, "a check", raises), Check(MACHINE, "another", good)]
    found = examination.examine(Question(), checks)
    assert [(row.severity, row.about) for row in found] == [
        (Severity.WARNING, DOCKER),
        (Severity.UNSEEN, DOCKER),
        (Severity.FINE, MACHINE),
    ]
    assert found[1].seen == "a check: could not look (ZeroDivisionError: no way)"


def test_a_check_that_hangs_is_left_behind() -> None:
    ends = threading.Event()

    def hangs(_: Question) -> Iterator[Finding]:
        yield fine("before")
        ends.wait(30)

    checks = [Check(DOCKER, "it", hangs), Check(DOCKER, "it too", hangs), Check(MACHINE, "x", good)]
    begin = time.monotonic()
    found = examination.examine(Question(), checks, limit=0.3)
    ends.set()
    assert time.monotonic() - begin < 2
    assert [row.seen for row in found if row.severity is Severity.UNSEEN] == [
        "it: no answer within 0.3 s",
        "it too: no answer within 0.3 s",
    ]
    assert "before" in [row.seen for row in found if row.severity is Severity.FINE]


def test_checks_run_side_by_side() -> None:
    barrier = threading.Barrier(8, timeout=5)

    def meets(_: Question) -> Iterator[Finding]:
        yield fine(f"met {barrier.wait()}")

    found = examination.examine(Question(), [Check(MACHINE, "m", meets)] * 8)
    assert {row.seen for row in found} == {f"met {number}" for number in range(8)}


def test_what_two_checks_meet_is_one_finding() -> None:
    checks = [Check(MACHINE, "a", good), Check(MACHINE, "b", good), Check(DOCKER, "c", good)]
    assert [row.about for row in examination.examine(Question(), checks)] == [MACHINE, DOCKER]


@pytest.mark.parametrize(
    ("rows", "status"),
    [([], 0), ([warning("a", "b", "c"), fine("d")], 0), ([broken("a", "b", "c")], 1)],
)
def test_only_what_is_broken_fails(rows: list[Finding], status: int) -> None:
    assert examination.status(rows) == status


def test_a_login_without_threads_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none)
    (found,) = examination.examine(Question(), [Check(MACHINE, "it", good)])
    assert found.seen == "it: could not look (can't start new thread)"


@pytest.mark.parametrize(("load", "limit"), [(0.1, "5 s"), (10**6, "10 s")])
def test_a_busy_machine_is_given_more_time(
    monkeypatch: pytest.MonkeyPatch, load: float, limit: str
) -> None:
    def silent(_: threading.Thread, _seconds: float) -> None:
        """Wait for nothing: the time is over at once."""

    ends = threading.Event()

    def hangs(_: Question) -> Iterator[Finding]:
        ends.wait(30)
        yield fine("late")

    monkeypatch.setattr(examination.os, "getloadavg", lambda: (load, load, load))
    monkeypatch.setattr(threading.Thread, "join", silent)
    (found,) = examination.examine(Question(), [Check(MACHINE, "it", hangs)])
    ends.set()
    assert found.seen == f"it: no answer within {limit}"
