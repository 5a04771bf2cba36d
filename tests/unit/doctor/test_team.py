"""The team's cache: there, with a login, or not; no registry is no fault."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

pytest.importorskip("cryptography", reason="it makes certificates, and is not locked for all hosts")

from gradlock.doctor import team
from gradlock.doctor.findings import Severity
from gradlock.doctor.question import Question
from gradlock.registry import team as registry
from tests.unit.doctor import secured


def test_the_variable_is_the_registrys() -> None:
    assert team.VARIABLE == registry.VARIABLE


def test_none_that_is_named_is_nothing(asked: Question) -> None:
    assert list(team.cache(asked)) == []


@pytest.mark.parametrize(
    ("status", "severity"),
    [(200, Severity.FINE), (401, Severity.FINE), (404, Severity.WARNING), (503, Severity.WARNING)],
)
def test_one_that_answers_may_ask_for_a_login(
    asked: Question, status: int, severity: Severity
) -> None:
    with secured.serving(status=status) as url:
        named = f"{url.removeprefix('http://')}/team/gradlock"
        (found,) = team.cache(replace(asked, environ={team.VARIABLE: named}))
    assert found.severity is severity


def test_one_that_is_dead_or_no_place_is_a_warning(asked: Question) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for named in (f"127.0.0.1:{port}/team/gradlock", "nonsense", "host/UPPER"):
        (found,) = team.cache(replace(asked, environ={team.VARIABLE: named}))
        assert found.severity is Severity.WARNING
        assert f"unset {team.VARIABLE}" in found.mend
