"""The driver: read from whatever nvidia-smi prints, or told why it prints nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gradlock.doctor import driver
from gradlock.doctor.driver import Gpu

#: The table for people, as drivers print it.
TABLE = """\
+-----------------------------------------------------------------------------------------+
| NVIDIA-SMI 550.54.14              Driver Version: 550.54.14      CUDA Version: 12.4     |
|-----------------------------------------+------------------------+----------------------+
"""

Smi = Callable[[str], None]


@pytest.fixture
def smi(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Smi:
    """Return what puts a script of the shell into PATH as nvidia-smi; no driver is loaded."""
    monkeypatch.setattr(driver, "MODULE", tmp_path / "version")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")

    def put(script: str) -> None:
        (tmp_path / "bin").mkdir(exist_ok=True)
        path = tmp_path / "bin/nvidia-smi"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    return put


def test_rows_are_read(smi: Smi) -> None:
    smi("echo 'NVIDIA H100 80GB HBM3, 550.54.14, 9.0'; echo 'Tesla T4, 550.54.14, 7.5'")
    known = driver.ask()
    assert known.release == "550.54.14"
    assert known.gpus == (Gpu("NVIDIA H100 80GB HBM3", (9, 0)), Gpu("Tesla T4", (7, 5)))


def test_an_old_driver_that_knows_no_capability_is_asked_again(smi: Smi) -> None:
    smi(
        'case "$*" in *compute_cap*) echo \'Field "compute_cap" is not a valid field\'; exit 2;; '
        "*driver_version*) echo 'Tesla K80, 470.57.02' ;; esac"
    )
    known = driver.ask()
    assert (known.release, known.gpus) == ("470.57.02", (Gpu("Tesla K80", None),))


def test_the_table_for_people_is_read_where_nothing_else_comes(smi: Smi) -> None:
    smi(f"cat <<'X'\n{TABLE}X")
    assert driver.ask().release == "550.54.14"


def test_what_it_says_when_it_fails_is_kept(smi: Smi) -> None:
    smi("echo 'Failed to initialize NVML: Driver/library version mismatch'; exit 18")
    known = driver.ask()
    assert (known.release, known.gpus) == ("", ())
    assert "Driver/library version mismatch" in known.said


def test_one_that_hangs_is_ended(smi: Smi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "PATIENCE", 0.3)
    smi("sleep 60")
    begin = time.monotonic()
    assert "did not end within" in driver.ask().said
    assert time.monotonic() - begin < 10


@pytest.mark.parametrize("script", ["", "echo rubbish", "echo 'a, b, c'", "printf '\\377\\376'"])
def test_rubbish_is_no_driver(smi: Smi, script: str) -> None:
    smi(script)
    known = driver.ask()
    assert known.release == ""
    assert known.said


def test_the_kernels_own_release_is_read(smi: Smi) -> None:
    smi("exit 1")
    driver.MODULE.write_text(
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.161.07  Sat Feb 17 22:55:48 UTC 2024\n"
    )
    assert driver.ask().module == "535.161.07"
