"""audit.toml: what it must say, and when it says too much."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gradlock.audit import acceptance
from gradlock.audit.acceptance import Acceptance
from gradlock.audit.findings import Finding, Vulnerability
from gradlock.errors import InputError
from tests.unit.audit.recorded import CURL, KERAS

ROW = '[[accept]]\nid = "CVE-2026-1"\npackage = "keras"\nreason = "unused"\nexpires = 2026-12-31\n'
ONE = Acceptance("CVE-2026-1", "keras", "unused", date(2026, 12, 31))
FINDING = Finding(KERAS, Vulnerability(("CVE-2026-1", "GHSA-1")))


def problems(one: Acceptance, *findings: Finding, today: date = date(2026, 12, 31)) -> list[str]:
    return acceptance.problems([one], findings, {"keras"}, {"keras", "numpy"}, today)


@pytest.mark.usefixtures("project")
def test_without_a_file_nothing_is_accepted() -> None:
    assert acceptance.read() == ()


def test_a_file_is_read(project: Path) -> None:
    (project / "audit.toml").write_text(ROW)
    assert acceptance.read() == (ONE,)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('reason = "unused"\n', "", "it must have id, package, reason, expires"),
        ('"unused"', '" "', "reason must be text"),
        ("2026-12-31", '"2026-12-31"', "expires must be a day, unquoted"),
        ("2026-12-31", "2026-12-31T00:00:00Z", "expires must be a day, unquoted"),
        ("[[accept]]", "[[ignore]]", "and nothing else"),
        ("[[accept]]", "[[accept", "not TOML"),
    ],
)
def test_what_says_too_little_is_refused(project: Path, old: str, new: str, said: str) -> None:
    (project / "audit.toml").write_text(ROW.replace(old, new))
    with pytest.raises(InputError, match=said):
        acceptance.read()


def test_any_identifier_and_any_name_will_do() -> None:
    assert ONE.covers(FINDING)
    assert Acceptance("GHSA-1", "keras", "", date.max).covers(FINDING)
    assert not Acceptance("CVE-2026-1", "curl", "", date.max).covers(FINDING)
    deb = Finding(CURL, Vulnerability(("CVE-2026-1",)))
    assert Acceptance("CVE-2026-1", "curl", "", date.max).covers(deb)
    assert Acceptance("CVE-2026-1", "libcurl4t64", "", date.max).covers(deb)


def test_one_holds_through_its_last_day() -> None:
    assert problems(ONE, FINDING) == []
    (said,) = problems(ONE, FINDING, today=date(2027, 1, 1))
    assert "accepted until 2026-12-31" in said


def test_one_that_is_of_no_use_is_told() -> None:
    (said,) = problems(ONE)
    assert "the package does not have it" in said


def test_of_what_was_not_asked_about_nothing_is_told() -> None:
    assert problems(Acceptance("CVE-2026-1", "numpy", "", date.max)) == []


def test_a_package_that_no_lock_holds_is_told() -> None:
    (said,) = problems(Acceptance("CVE-2026-1", "nonsense", "", date.max))
    assert "no lock holds that package" in said
