"""The class of a machine: what results may depend on, and nothing that tells one from its twin."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from gradlock.engine import gpus, hardware
from gradlock.engine.engine import Engine
from gradlock.inputs.platforms import PLATFORMS, Platform

V3 = "fpu sse4_2 avx avx2"


def engine(where: str = "unix:///there", **info: Any) -> Engine:
    client = mock.Mock()
    told = {"ID": "one", "Architecture": "x86_64", "ServerVersion": "1", "Runtimes": {}}
    client.info.return_value = {**told, **info}
    return Engine(client, where, private=False)


@pytest.fixture(autouse=True)
def processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "cpuinfo"
    path.write_text(f"processor\t: 0\nflags\t\t: {V3}\n\nprocessor\t: 1\nflags\t\t: {V3}\n")
    monkeypatch.setattr(hardware, "PROCESSOR", path)
    monkeypatch.setattr(gpus, "DRIVER", tmp_path / "nowhere")
    return path


@pytest.mark.parametrize(
    ("flags", "name"),
    [
        ("fpu", "x86-64"),
        ("sse4_2", "x86-64-v2"),
        (V3, "x86-64-v3"),
        (f"{V3} avx512f", "x86-64-v4"),
    ],
)
def test_a_processor_is_what_it_can_run(flags: str, name: str) -> None:
    assert hardware.level(flags.split()) == name


@pytest.mark.parametrize("platform", PLATFORMS.values(), ids=lambda platform: platform.name)
def test_only_what_is_for_another_processor_is_emulated(platform: Platform) -> None:
    for other in PLATFORMS.values():
        for name in (other.machine, other.debian):
            slow = hardware.slowness(engine(Architecture=name), platform)
            assert slow == (1 if other == platform else hardware.EMULATED)


def test_two_machines_of_a_kind_are_of_one_class() -> None:
    assert hardware.kind(engine(), gpu=False) == ("x86_64", "x86-64-v3")
    assert hardware.kind(engine(ID="two"), gpu=False) == hardware.kind(engine(), gpu=False)


def test_another_processor_is_another_class(processor: Path) -> None:
    before = hardware.kind(engine(), gpu=False)
    processor.write_text("flags : fpu")
    assert hardware.kind(engine(), gpu=False) != before


@pytest.mark.parametrize("where", ["tcp://far:2376", "unix:///there"])
def test_where_nobody_tells_the_engine_is_a_class_of_its_own(where: str, processor: Path) -> None:
    if where.startswith("unix"):
        processor.unlink()  # a virtual machine is behind it
    one, two = (hardware.kind(engine(where, ID=name), gpu=False) for name in ("one", "two"))
    assert one != two


def test_a_gpu_counts_where_one_is_used() -> None:
    with_one = engine(Runtimes={"nvidia": {}})
    assert hardware.kind(with_one, gpu=False) == hardware.kind(engine(), gpu=False)
    assert hardware.kind(with_one, gpu=True) != hardware.kind(engine(), gpu=True)


@pytest.mark.parametrize(
    "change",
    [{"ServerVersion": "2"}, {"Driver": "btrfs"}, {"SecurityOptions": ["name=rootless"]}],
    ids=str,
)
def test_another_engine_is_another_class(change: dict[str, Any]) -> None:
    assert hardware.engine_kind(engine(**change)) != hardware.engine_kind(engine())
