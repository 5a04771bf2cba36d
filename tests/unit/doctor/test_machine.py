"""The machine: a processor, memory, a clock, as systems tell of them."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import pytest

from gradlock.doctor import machine, needs
from gradlock.doctor.findings import Severity
from gradlock.doctor.question import Question
from gradlock.inputs import variants


def test_this_python_is_fine(asked: Question) -> None:
    (found,) = machine.python(asked)
    assert found.severity is Severity.FINE


def test_a_python_without_a_part_is_told_what_that_breaks(
    asked: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(machine.PARTS, "lzma_that_is_not_there", "unpacks Debian's packages")
    (found,) = machine.python(asked)
    assert found.severity is Severity.BROKEN
    assert "unpacks Debian's packages" in found.why


@pytest.mark.parametrize(
    ("flags", "severity", "words"),
    [
        ("fpu sse4_2 avx avx2", Severity.FINE, "AVX2"),
        ("fpu sse4_2 avx", Severity.FINE, "AVX"),
        ("fpu sse4_2", Severity.BROKEN, "no AVX"),
        ("", Severity.UNSEEN, "does not tell"),
    ],
)
def test_avx_is_read_from_the_flags(
    asked: Question,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    flags: str,
    severity: Severity,
    words: str,
) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor\t: 0\nmodel name\t: QEMU Virtual CPU\nflags\t\t: {flags}\n\n")
    monkeypatch.setattr(machine, "CPUINFO", cpuinfo)
    monkeypatch.setattr(machine.platform, "machine", lambda: "x86_64")
    (found,) = machine.processor(asked)
    assert found.severity is severity
    assert words in found.seen


def test_another_processor_is_told(asked: Question, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.platform, "machine", lambda: "aarch64")
    (found,) = machine.processor(asked)
    assert found.severity is Severity.WARNING
    assert "aarch64" in found.seen


@pytest.mark.parametrize("here", ["aarch64", "x86_64"])
def test_avx_is_no_matter_of_a_row_for_another_platform(
    asked: Question, monkeypatch: pytest.MonkeyPatch, here: str
) -> None:
    """What its images are run by, the engine's check says."""
    monkeypatch.setattr(machine.platform, "machine", lambda: here)
    arm = dataclasses.replace(variants.load().cpu, name="arm", platform="linux/arm64")
    found = list(machine.processor(dataclasses.replace(asked, rows=(arm,))))
    assert [row.severity for row in found] == [Severity.FINE] * (here == "aarch64")


@pytest.mark.parametrize(
    ("total", "free", "limit", "words"),
    [
        (16 * 10**6, 12 * 10**6, "max", "of memory free"),
        (1 * 10**6, 1 * 10**6, "max", "needs"),
        (16 * 10**6, 12 * 10**6, "1073741824", "by the limit"),
        (16 * 10**6, 10**5, "9223372036854771712", "are free"),
    ],
)
def test_memory_is_held_to_the_variants_need(
    asked: Question,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    total: int,
    free: int,
    limit: str,
    words: str,
) -> None:
    (tmp_path / "meminfo").write_text(f"MemTotal: {total} kB\nMemAvailable: {free} kB\n")
    (tmp_path / "limit").write_text(f"{limit}\n")
    monkeypatch.setattr(machine, "MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(machine, "LIMITS", (tmp_path / "limit", tmp_path / "none"))
    (found,) = machine.memory(asked)
    assert words in found.seen
    assert (found.severity is Severity.FINE) == (words == "of memory free")


def test_a_clock_before_the_locks_is_wrong(
    asked: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list(machine.clock(asked)) == []
    monkeypatch.setattr(machine.time, "time", lambda: 0.0)
    (found,) = machine.clock(asked)
    assert found.severity is Severity.BROKEN
    assert time.strftime("%Y") in found.seen


def test_a_limit_of_files_is_told(asked: Question, monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    limits = {resource.RLIMIT_NOFILE: (64, 64), resource.RLIMIT_FSIZE: (10**6, 10**6)}
    monkeypatch.setattr(resource, "getrlimit", limits.__getitem__)
    found = list(machine.terminal(asked))
    assert [row.mend for row in found] == ["ulimit -n 4096", "ulimit -f unlimited"]
    assert needs.CPU.engine > 10**6


def test_a_path_without_programs_is_told(asked: Question, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert "PATH has no sh" in next(machine.terminal(asked)).seen


def test_the_system_is_named(asked: Question) -> None:
    assert next(machine.system(asked)).severity is Severity.FINE


@pytest.mark.parametrize(
    ("release", "severity"),
    [
        ("4.4.0-19041-Microsoft", Severity.BROKEN),
        ("5.15.153.1-microsoft-standard-WSL2", Severity.FINE),
    ],
)
def test_the_two_kinds_of_wsl_are_told_apart(
    asked: Question, monkeypatch: pytest.MonkeyPatch, release: str, severity: Severity
) -> None:
    monkeypatch.setattr(machine.engines, "kernel", lambda: release)
    (found,) = machine.system(asked)
    assert found.severity is severity
    assert "WSL" in found.seen
