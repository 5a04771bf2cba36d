"""The page on gradients says what the report says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from website import gradients


def result(case: str, status: str, error: float | None = 1e-9) -> dict[str, Any]:
    return {
        "case": case,
        "check": "reverse",
        "device": "CPU:0",
        "status": status,
        "error": error,
        "tolerance": 1e-6,
        "outcome": "",
        "why": "",
        "issue": "",
        "seconds": 0.1,
    }


def report(*results: dict[str, Any]) -> dict[str, Any]:
    names = ("passed", "expected", "failed")
    counts = {name: sum(one["status"] == name for one in results) for name in names}
    facts = {"tensorflow": "2.21.0", "keras": "3", "tier": "core", "seconds": 9, "devices": ["C"]}
    return {**facts, "counts": counts, "results": list(results)}


def test_groups_count_what_passed_and_what_was_expected() -> None:
    found = report(
        result("fft/a", "passed"),
        result("fft/b", "passed", error=0.0),
        result("fft/c", "expected", error=None),
        result("loss/a", "passed", error=5e-7),
    )
    page = gradients.page({"cpu": found})
    assert "| fft | 2 (1) |" in page
    assert "| loss | 1 |" in page
    assert "| reverse | `loss/a` | 5.0e-07 | 1e-06 |" in page
    assert "[Every number, and every reason](gradients-cpu.html)" in page


def test_a_failure_stands_out() -> None:
    page = gradients.page({"cpu": report(result("fft/a", "failed", error=None))})
    assert "**1 failed**" in page


def test_no_report_is_said() -> None:
    assert "Not run" in gradients.page({})


def test_reports_are_those_that_are_whole(tmp_path: Path) -> None:
    for variant, endings in (("cpu", ("json", "html")), ("cu125", ("json",))):
        (tmp_path / variant).mkdir()
        for ending in endings:
            (tmp_path / variant / f"gradients.{ending}").write_text(json.dumps(report()))
    assert list(gradients.reports(tmp_path, ["cpu", "cu125", "cu129"])) == ["cpu"]
