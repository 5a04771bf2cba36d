"""What is reported to upstream is still so: each program prints what its report says."""

from __future__ import annotations

import runpy
import subprocess
import sys

import pytest

from gradients import tiers
from gradients.tiers import Tier
from gradients.upstream import reports
from gradients.upstream.reports import Report

#: Seconds for a program in a process of its own, which starts TensorFlow, some of them twice.
LIMIT = 300


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Leave to `--tier all` what starts TensorFlow anew: `distributed` has the same records."""
    everything = metafunc.config.stash[tiers.KEY] is Tier.ALL
    asked = [report for report in reports.load() if everything or not report.alone]
    metafunc.parametrize("report", asked, ids=lambda report: report.name)


def test_it_prints_what_it_says(report: Report, capsys: pytest.CaptureFixture[str]) -> None:
    if report.alone:
        argv = [sys.executable, report.path]
        ended = subprocess.run(argv, stdout=subprocess.PIPE, text=True, timeout=LIMIT, check=True)
        printed = ended.stdout
    else:
        runpy.run_path(str(report.path))
        printed = capsys.readouterr().out
    found, expected = (line.split(maxsplit=1)[1] for line in printed.splitlines()[:2])
    assert found != expected, "mended upstream: remove the report, and what records it"
    assert printed.strip() == report.printed, "wrong, but otherwise than reported"
