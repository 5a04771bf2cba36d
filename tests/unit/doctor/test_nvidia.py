"""NVIDIA: every way in which a GPU is not there for a container, staged."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gradlock.doctor import driver, nvidia, question
from gradlock.doctor.findings import Finding, Severity
from gradlock.doctor.question import Question
from tests.unit.doctor.conftest import Play

Check = Callable[[Question], Iterator[Finding]]


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Have the machine have no GPU, no driver, no toolkit."""
    monkeypatch.setattr(driver, "MODULE", tmp_path / "version")
    monkeypatch.setattr(driver, "WSL", str(tmp_path / "wsl"))
    monkeypatch.setattr(question, "PCI", tmp_path / "bus")
    monkeypatch.setattr(question, "DRIVER", (str(tmp_path / "version"),))
    monkeypatch.setattr(nvidia, "DEVICES", tmp_path / "dev")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    (tmp_path / "bin").mkdir()
    return tmp_path


def program(bare: Path, name: str, script: str = "") -> None:
    path = bare / "bin" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def module(bare: Path, release: str) -> None:
    (bare / "version").write_text(f"NVRM version: NVIDIA UNIX x86_64 Kernel Module  {release}  x\n")


def only(found: Iterator[Finding]) -> Finding:
    (row,) = found
    return row


def test_no_gpu_is_fine_for_the_cpu_variant_and_not_for_another(play: Play) -> None:
    assert only(nvidia.gpu(play())).severity is Severity.FINE
    found = only(nvidia.gpu(play(variant="cu129")))
    assert found.severity is Severity.BROKEN
    assert "no NVIDIA GPU and no driver here" in found.seen


def test_a_gpu_without_a_driver_is_seen_on_the_bus(play: Play, bare: Path) -> None:
    device = bare / "bus/0000:65:00.0"
    device.mkdir(parents=True)
    (device / "vendor").write_text("0x10de\n")
    (device / "class").write_text("0x030200\n")
    found = only(nvidia.gpu(play(variant="cu129")))
    assert "0000:65:00.0" in found.seen
    assert "its driver is not loaded" in found.seen
    assert "525.60.13 or newer" in found.mend


@pytest.mark.parametrize(
    ("release", "severity"),
    [
        ("470.57.02", Severity.BROKEN),
        ("525.60.11", Severity.BROKEN),
        ("525.60.13", Severity.FINE),
        ("525.105.17", Severity.FINE),
        ("580.65.06", Severity.FINE),
    ],
)
def test_the_driver_is_held_to_the_variants_least(
    play: Play, bare: Path, release: str, severity: Severity
) -> None:
    program(bare, "nvidia-smi", f"echo 'Tesla T4, {release}, 7.5'")
    found = list(nvidia.gpu(play(variant="cu129")))
    assert [row.severity for row in found] == [severity, Severity.FINE]
    assert release in found[0].seen


@pytest.mark.parametrize("words", [words for words, _, _ in nvidia.SAYINGS[:-1]])
def test_what_nvidia_smi_says_is_understood(play: Play, bare: Path, words: str) -> None:
    program(bare, "nvidia-smi", f'echo "NVIDIA-SMI has failed: {words}."; exit 9')
    found = only(nvidia.gpu(play(variant="cu129")))
    assert found.severity is Severity.BROKEN
    assert words in found.seen
    assert found.mend


def test_what_is_not_understood_is_shown(play: Play, bare: Path) -> None:
    program(bare, "nvidia-smi", "echo 'the moon is full'; exit 9")
    assert "the moon is full" in only(nvidia.gpu(play(variant="cu129"))).seen


def test_programs_and_module_of_two_releases_are_told(play: Play, bare: Path) -> None:
    module(bare, "550.54.14")
    program(bare, "nvidia-smi", "echo 'Tesla T4, 560.35.03, 7.5'")
    assert "the kernel's module is 550.54.14" in next(nvidia.gpu(play(variant="cu129"))).seen


def test_an_engine_elsewhere_has_gpus_that_are_not_seen_from_here(play: Play, bare: Path) -> None:
    program(bare, "nvidia-smi", "echo 'Tesla T4, 470.57.02, 7.5'")
    far = play(variant="cu129", KernelVersion="other")
    assert only(nvidia.gpu(far)).severity is Severity.UNSEEN


def test_missing_device_files_are_named(play: Play, bare: Path) -> None:
    asked = play(variant="cu129")
    assert list(nvidia.devices(asked)) == []
    module(bare, "550.54.14")
    (bare / "dev").mkdir()
    (bare / "dev/nvidiactl").touch()
    assert "/dev/nvidia0, /dev/nvidia-uvm are missing" in only(nvidia.devices(asked)).seen
    for name in ("nvidia0", "nvidia-uvm"):
        (bare / "dev" / name).touch()
    for path in (bare / "dev").iterdir():
        path.chmod(0o666)
    assert list(nvidia.devices(asked)) == []
    (bare / "dev/nvidia0").chmod(0o660)
    assert "/dev/nvidia0 may not be opened" in only(nvidia.devices(asked)).seen


def test_a_driver_without_the_toolkit_is_told(
    play: Play, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module(bare, "550.54.14")
    monkeypatch.setenv("PATH", str(bare / "bin"))
    found = only(nvidia.toolkit(play(variant="cu129")))
    assert "the NVIDIA Container Toolkit is not" in found.seen
    assert "nvidia-ctk runtime configure" in found.mend


def test_a_toolkit_that_the_engine_does_not_know_is_told(play: Play, bare: Path) -> None:
    module(bare, "550.54.14")
    program(bare, "nvidia-ctk")
    found = only(nvidia.toolkit(play(variant="cu129")))
    assert "is installed (nvidia-ctk)" in found.seen


def test_a_runtime_or_cdi_is_fine(play: Play) -> None:
    runtime = play(variant="cu129", Runtimes={"runc": {}, "nvidia": {}})
    assert only(nvidia.toolkit(runtime)).severity is Severity.FINE
    device = {"ID": "nvidia.com/gpu=0", "Source": "cdi"}
    cdi = play(variant="cu129", DiscoveredDevices=[device])
    assert "by CDI" in next(nvidia.toolkit(cdi)).seen


def test_a_description_of_another_driver_is_told(play: Play, bare: Path) -> None:
    module(bare, "560.35.03")
    (bare / "cdi").mkdir()
    spec = bare / "cdi/nvidia.yaml"
    spec.write_text("hostPath: /usr/lib/x86_64-linux-gnu/libcuda.so.550.54.14\n")
    device = {"ID": "nvidia.com/gpu=0", "Source": "cdi"}
    asked = play(variant="cu129", DiscoveredDevices=[device], CDISpecDirs=[str(bare / "cdi")])
    _, found = nvidia.toolkit(asked)
    assert "550.54.14" in found.seen
    assert "nvidia-ctk cdi generate" in found.mend
    spec.write_text("hostPath: /usr/lib/x86_64-linux-gnu/libcuda.so.560.35.03\n")
    assert len(list(nvidia.toolkit(asked))) == 1


def test_a_gpu_that_a_reload_would_take_is_told_before(play: Play, bare: Path) -> None:
    (bare / "dev/char").mkdir(parents=True)
    (bare / "dev/nvidiactl").touch()
    asked = play(variant="cu129", Runtimes={"nvidia": {}}, CgroupDriver="systemd")
    _, found = nvidia.toolkit(asked)
    assert "daemon-reload" in found.why
    (bare / "dev/char/195:255").touch()
    assert len(list(nvidia.toolkit(asked))) == 1


def test_wsl_needs_windows_driver_and_none_of_linux(
    play: Play, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nvidia.engines, "kernel", lambda: "5.15.153.1-microsoft-standard-WSL2")
    asked = play(variant="cu129")
    assert "WSL without" in next(nvidia.wsl(asked)).seen
    module(bare, "550.54.14")
    assert "installed in WSL" in list(nvidia.wsl(asked))[-1].seen


@pytest.mark.parametrize("check", [nvidia.devices, nvidia.toolkit, nvidia.wsl])
def test_nothing_is_asked_about_gpus_for_the_cpu(play: Play, check: Check) -> None:
    assert list(check(play())) == []


def test_without_an_engine_the_driver_is_looked_at_all_the_same(
    asked: Question, bare: Path
) -> None:
    assert asked.table is not None
    program(bare, "nvidia-smi", "echo 'Tesla K80, 470.57.02, 3.7'")
    found = list(nvidia.gpu(replace(asked, rows=(asked.table.newest_gpu,))))
    assert [row.severity for row in found] == [Severity.BROKEN, Severity.BROKEN]
