"""The report: the worst first, each with why and mend; the same as JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from gradlock.doctor import report
from gradlock.doctor.findings import CUDA, DOCKER, MACHINE, broken, fine, unseen, warning

FOUND = (
    replace(broken("no engine answers", "nothing runs", "./inv setup"), about=DOCKER),
    replace(warning("an old driver", "slow", "install a newer one"), about=CUDA),
    replace(unseen("the clock"), about=MACHINE),
    replace(fine("all well"), about=DOCKER),
    replace(fine("Python"), about=MACHINE),
    replace(fine("memory"), about=MACHINE),
)


def test_people_read_the_worst_first_and_how_to_mend_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = report.text(FOUND, "cpu").splitlines()
    assert lines[:3] == [
        "broken    Docker: no engine answers",
        "          why   nothing runs",
        "          mend  ./inv setup",
    ]
    assert lines.index("warning   CUDA and cuDNN: an old driver") < lines.index("fine")
    assert "  machine         Python" in lines
    assert "                  memory" in lines
    assert lines[-1] == "cpu: 1 broken, 1 warning, 1 not seen, 3 fine"


def test_no_word_is_cut_and_quoted_lines_stay_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    command = "export DOCKER_HOST=unix:///a/very/long/path/that/is/longer/than/a/line.sock"
    row = replace(broken("its last lines:\n  one\n  two", "w", command), about=DOCKER)
    printed = report.text([row], "cpu")
    assert command.split()[1] in printed.split()
    assert [line.strip() for line in printed.splitlines()][1:3] == ["one", "two"]


def test_programs_read_one_line_of_json() -> None:
    printed = report.to_json(FOUND, "cpu")
    assert "\n" not in printed
    told = json.loads(printed)
    assert told["asked"] == "cpu"
    assert told["findings"][0] == {
        "severity": "broken",
        "about": "Docker",
        "seen": "no engine answers",
        "why": "nothing runs",
        "mend": "./inv setup",
    }
    assert len(told["findings"]) == len(FOUND)
