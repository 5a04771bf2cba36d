"""A drift as a person reads it."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from gradlock.fingerprint import drift, table
from gradlock.fingerprint.document import Fingerprint
from tests.unit.fingerprints import (
    FAR,
    FINGERPRINT,
    OPERATION,
    TRAINING,
    changed,
    elsewhere,
    moved,
)

WRONG = moved(OPERATION, FAR)
FEWER = replace(WRONG, metrics={TRAINING: FINGERPRINT.metrics[TRAINING]})


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


def test_a_metric_of_one_alone_is_said_to_be_that_ones() -> None:
    assert f"only B has {OPERATION}" in printed(FEWER, FINGERPRINT)
    assert f"only A has {OPERATION}" in printed(FINGERPRINT, FEWER)


@pytest.mark.parametrize(
    ("taken", "said", "pinned"),
    [
        (replace(WRONG, image=FINGERPRINT.image), "run it again", False),
        (changed(WRONG, threads=1), "without --threads and --onednn", False),
        (changed(WRONG, packages={"tensorflow-cpu": "2.20.0"}), "the packages that differ", True),
        (changed(WRONG, python="3.14.0"), "the packages that differ", True),
        (FEWER, "the metrics were changed on purpose", True),
        (WRONG, "no package moved: find out first", True),
    ],
    ids=["the same image", "threads", "package", "python", "metrics", "nothing known"],
)
def test_a_failed_check_is_mended_by_what_moved(
    taken: Fingerprint, said: str, pinned: bool
) -> None:
    """A new fingerprint is offered where it can be right, and for that variant alone."""
    found = drift.hold(taken, FINGERPRINT)
    assert found.failed
    told = table.mend(found, "cu125")
    assert said in told
    assert ("./inv fingerprint --variant cu125 --pin" in told) == pinned
