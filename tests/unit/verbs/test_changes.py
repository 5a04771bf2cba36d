"""What moved, as people and programs read it."""

from __future__ import annotations

import dataclasses
import json

import pytest

from gradlock.audit.changes import Exposure, Exposures
from gradlock.images.changes import ImageChange
from gradlock.locks.diff import Change, Difference, Fact, Package
from gradlock.verbs import changes
from gradlock.verbs.changes import Numbers, Report

NUMPY = (Package("pip", "numpy", "2.0", "a", 1_000_000), Package("pip", "numpy", "2.1", "b", 500))
REPORT = Report(
    "HEAD",
    "the working tree",
    ("cpu", "cu125"),
    Difference(
        (Fact("cu125", "cudnn", "9.3", "9.4"),),
        (
            Change("pip", "numpy", *NUMPY, ("cpu", "cu125")),
            Change("pip", "idna", None, NUMPY[1], ("cpu",)),
            Change("apt", "git", NUMPY[0], None, ("cpu", "cu125")),
            Change(
                "conda",
                "git",
                Package("conda", "git", "1", "a"),
                Package("conda", "git", "1", "b"),
                ("cpu",),
            ),
        ),
    ),
    (ImageChange("cpu", "debian", "sha256:1", "sha256:2", 10**7, None, None, ("base",)),),
    (Numbers("cpu", 160, 3, "1.5 (train/mlp)", 0),),
)


def test_markdown_has_every_change_in_a_table() -> None:
    text = changes.markdown(REPORT)
    for line in (
        "### HEAD → the working tree",
        "- cu125: cudnn 9.3 → 9.4",
        "| numpy | pip | 2.0 | 2.1 | -1.0 MB | all |",
        "| idna | pip | - | 2.1 | +0.5 kB | cpu |",
        "| git | apt | 2.0 | - | -1.0 MB | all |",
        "| git | conda | 1 | 1, another file | ? | cpu |",
        "| cpu (debian) | sha256:1 | sha256:2 | 10.0 MB -> ? | 1, ? |",
        "| cpu | 160 | 3 | 1.5 (train/mlp) | 0 |",
        "1 added, 1 removed, 1 moved, 1 rebuilt, -2.0 MB to fetch (1 of unknown size)",
    ):
        assert line in text.splitlines()


def test_json_says_the_same() -> None:
    found = json.loads(changes.to_json(REPORT))
    assert [one["what"] for one in found["locks"]["changes"]] == [
        "moved",
        "added",
        "removed",
        "rebuilt",
    ]
    assert found["locks"]["changes"][0]["bytes"] == 500 - 1_000_000
    assert found["images"][0]["layers"] == ["base"]
    assert found["numbers"][0]["alarms"] == 0


def test_the_table_cuts_no_name(capsys: pytest.CaptureFixture[str]) -> None:
    changes.show(REPORT)
    shown = capsys.readouterr().out
    assert "1, another file" in shown
    assert "cu125: cudnn 9.3 -> 9.4" in shown


def test_what_is_the_same_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    changes.show(Report("a", "b", (), Difference((), ())))
    assert capsys.readouterr().out == "nothing differs between a and b\n"


def test_what_was_closed_and_opened_is_in_every_form() -> None:
    closed = Exposure("CVE-2026-1", "closed", "pip", "numpy", "2.0", "2.1", ("cpu", "cu125"))
    report = dataclasses.replace(REPORT, vulnerabilities=Exposures((closed,), 2))
    text = changes.markdown(report)
    assert "| CVE-2026-1 | closed | numpy | pip | 2.0 | 2.1 | all |" in text.splitlines()
    assert "known vulnerabilities: 1 closed" in text
    told = json.loads(changes.to_json(report))["vulnerabilities"]
    assert (told["changes"][0]["id"], told["untold"]) == ("CVE-2026-1", 2)
    assert "closed" not in changes.markdown(REPORT)
