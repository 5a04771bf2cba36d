"""Debian's tracker: fixed, not affected, minor, and still open."""

from __future__ import annotations

from typing import Any

import pytest

from gradlock.artifacts import network
from gradlock.audit import tracker
from gradlock.audit.findings import Vulnerability
from gradlock.errors import AuditError
from tests.unit.audit.recorded import CURL, Service


@pytest.fixture
def named(service: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    """Have this machine be told where the tracker is."""
    monkeypatch.setenv(tracker.VARIABLE, f"{service.url}/tracker")
    return service


def ask() -> tuple[Vulnerability, ...]:
    with network.client() as client:
        return tracker.ask(client, network.Stop(), [CURL], "trixie")[CURL]


def issue(status: str, fixed: str = "", **more: Any) -> dict[str, Any]:
    row = {"status": status, "repositories": {"trixie": "8.14.1-2"}, "urgency": "low", **more}
    row |= {"fixed_version": fixed} if fixed else {}
    return {"scope": "remote", "description": "made up", "releases": {"trixie": row}}


@pytest.mark.parametrize(
    ("told", "fixed", "minor"),
    [
        (issue("resolved", "8.14.1-2+deb13u1"), "8.14.1-2+deb13u1", False),
        (issue("open"), "", False),
        (issue("undetermined"), "", False),
        (issue("open", urgency="unimportant"), "", True),
        (issue("open", nodsa="Minor issue", nodsa_reason=""), "", True),
        (issue("resolved", "8.14.1-2+deb13u1", urgency="unimportant"), "8.14.1-2+deb13u1", False),
    ],
)
def test_what_a_suite_has_is_found(
    named: Service, told: dict[str, Any], fixed: str, minor: bool
) -> None:
    named.tracker = {"curl": {"CVE-2026-4": told}}
    assert ask() == (Vulnerability(("CVE-2026-4",), "made up", fixed, minor),)


@pytest.mark.parametrize("fixed", ["0", "8.14.1-2", "8.14.0-1"])
def test_what_our_version_is_free_of_is_not(named: Service, fixed: str) -> None:
    named.tracker = {"curl": {"CVE-2026-4": issue("resolved", fixed)}}
    assert ask() == ()


@pytest.mark.parametrize("told", [{}, {"curl": {"CVE-2026-4": {"releases": {"sid": {}}}}}, []])
def test_a_file_that_does_not_know_the_suite_tells_nothing(named: Service, told: Any) -> None:
    named.tracker = told
    with pytest.raises(AuditError, match="not its own"):
        ask()


def test_half_of_the_file_tells_nothing(named: Service) -> None:
    named.tracker, named.fault = {"curl": {"CVE-2026-4": issue("open")}}, "truncated"
    with pytest.raises(AuditError, match="half of it"):
        ask()
