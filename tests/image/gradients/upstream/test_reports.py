"""What is reported to upstream is still so: each program prints what its report says."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys

import pytest
import tensorflow as tf

from gradients import environment, tiers
from gradients.tiers import Tier
from gradients.upstream import reports
from gradients.upstream.reports import Report

#: Seconds for a program in a process of its own, which starts TensorFlow, some of them twice.
LIMIT = 300
#: What oneDNN's kernels get wrong, or a CPU refuses without them, so that nothing is wrong.
BY_ONEDNN = ("grouped_jacobian", "einsum_half")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Leave them to `--tier all`: the core's records say the same of what they are about."""
    if metafunc.config.stash[tiers.KEY] is Tier.ALL:
        metafunc.parametrize("report", reports.load(), ids=lambda report: report.name)
    else:
        left = pytest.mark.skip(
            reason="reports run with --tier all: the core's records say the same"
        )
        metafunc.parametrize("report", [pytest.param(None, marks=left, id="all")])


def test_it_prints_what_it_says(report: Report, capsys: pytest.CaptureFixture[str]) -> None:
    """On a CPU, whatever else there is."""
    if report.name in BY_ONEDNN and not environment.onednn():
        pytest.skip("without oneDNN's kernels a CPU refuses it, or has it right")
    if report.alone:
        argv, hidden = [sys.executable, report.path], os.environ | {"CUDA_VISIBLE_DEVICES": "-1"}
        printed = subprocess.run(
            argv, env=hidden, stdout=subprocess.PIPE, text=True, timeout=LIMIT, check=True
        ).stdout
    else:
        with tf.device("CPU:0"):
            runpy.run_path(str(report.path))
        printed = capsys.readouterr().out
    found, expected = (line.split(maxsplit=1)[1] for line in printed.splitlines()[:2])
    assert found != expected, "mended upstream: remove the report, and what records it"
    assert printed.strip() == report.printed, "wrong, but otherwise than reported"
