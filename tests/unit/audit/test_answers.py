"""Answers: kept by what the locks name, the latest of each."""

from __future__ import annotations

import pytest

from gradlock import store
from gradlock.audit import answers
from gradlock.audit.findings import Vulnerability
from tests.unit.audit.recorded import CURL, KERAS

PIN = ("pip", "keras", "3.14.0")
PINS = {KERAS: [PIN], CURL: [("apt", "libcurl4t64", "8.14.1-2+b1")]}

pytestmark = pytest.mark.usefixtures("own_store")


def test_nothing_is_known_at_first() -> None:
    assert answers.known() == {}


def test_the_latest_answer_stays() -> None:
    minor = Vulnerability(("CVE-2026-2",), minor=True)
    answers.note({KERAS: [Vulnerability(("CVE-2026-1", "GHSA-1"))], CURL: [minor]}, PINS)
    assert answers.known() == {PIN: {"CVE-2026-1"}, PINS[CURL][0]: frozenset()}
    answers.note({KERAS: []}, PINS)
    assert answers.known() == {PIN: frozenset(), PINS[CURL][0]: frozenset()}


def test_what_is_broken_is_written_anew() -> None:
    (store.folder("audit") / "answers.json").write_text('{"pip keras')
    assert answers.known() == {}
    answers.note({KERAS: []}, PINS)
    assert answers.known() == {PIN: frozenset()}
