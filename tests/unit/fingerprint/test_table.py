"""A drift as a person reads it."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from gradlock.fingerprint import drift, table
from gradlock.fingerprint.document import Fingerprint
from tests.unit.fingerprints import FAR, FINGERPRINT, OPERATION, elsewhere, moved


def printed(ours: Fingerprint, theirs: Fingerprint) -> str:
    console = Console(file=StringIO(), width=120)
    for line in table.lines(ours, theirs, drift.compare(ours, theirs)):
        console.print(line)
    file = console.file
    assert isinstance(file, StringIO)
    return file.getvalue()


def test_the_table_says_what_a_person_asks() -> None:
    assert "2 of 2 metrics are bit-identical" in printed(FINGERPRINT, FINGERPRINT)
    other = moved(OPERATION, FAR)
    other = elsewhere(other)
    said = printed(other, FINGERPRINT)
    assert "different CPU, not comparable bit for bit: compared by norm-ulp" in said
    assert "past it" in said
    assert "1 of 2 metrics are bit-identical, the worst of the rest is 70 norm-ulp" in said
