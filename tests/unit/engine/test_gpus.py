"""GPUs: asked for where they are or must be, and what is said where they are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from gradlock.engine import gpus
from gradlock.engine.engine import Engine
from gradlock.errors import EngineError

NONE = {"Runtimes": {"runc": {}}}
TOOLKIT = {"Runtimes": {"nvidia": {}, "runc": {}}}
CDI = {"Runtimes": {}, "DiscoveredDevices": [{"ID": "nvidia.com/gpu=0"}]}


def engine(info: dict[str, Any], where: str = "unix:///there") -> Engine:
    client = mock.Mock()
    client.info.return_value = info
    return Engine(client, where, private=False)


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give this machine an NVIDIA driver with one GPU."""
    home = tmp_path / "nvidia"
    (home / "gpus/0000:01:00.0").mkdir(parents=True)
    (home / "version").write_text("NVRM version: 575.1\n")
    (home / "gpus/0000:01:00.0/information").write_text("Model: NVIDIA X100\n")
    monkeypatch.setattr(gpus, "DRIVER", home)
    return home


@pytest.fixture
def no_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpus, "DRIVER", tmp_path / "nowhere")


@pytest.mark.parametrize("required", [False, True])
@pytest.mark.parametrize(("info", "kind"), [(TOOLKIT, ""), (CDI, "cdi")])
def test_those_that_the_engine_tells_of_are_asked_for(
    info: dict[str, Any], kind: str, required: bool
) -> None:
    (request,) = gpus.requests(engine(info), required=required)
    assert request["Driver"] == kind


@pytest.mark.parametrize(
    "info",
    [
        NONE,
        {"Runtimes": {}, "DiscoveredDevices": [{"ID": "other.com/nic=0"}]},
        {"Runtimes": {}, "DiscoveredDevices": None},
    ],
)
def test_without_one_it_is_said(info: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert gpus.requests(engine(info)) == []
    assert "computing on the CPU" in capsys.readouterr().err


@pytest.mark.usefixtures("no_driver")
def test_a_required_one_without_a_driver_is_an_error() -> None:
    with pytest.raises(EngineError, match="no NVIDIA driver") as caught:
        gpus.requests(engine(NONE), required=True)
    assert "Container Toolkit" in caught.value.mend
    assert "./inv doctor" in caught.value.mend


@pytest.mark.usefixtures("driver")
def test_a_required_one_that_may_be_there_is_asked_of_the_engine() -> None:
    assert len(gpus.requests(engine(NONE), required=True)) == 1


@pytest.mark.usefixtures("no_driver")
def test_what_another_machine_has_only_its_engine_knows() -> None:
    assert len(gpus.requests(engine(NONE, "tcp://far:2376"), required=True)) == 1


def test_what_is_known_changes_with_the_gpus(driver: Path) -> None:
    known = [gpus.present(engine(info)) for info in (NONE, TOOLKIT, CDI)]
    (driver / "version").write_text("NVRM version: 580.1\n")
    known.append(gpus.present(engine(TOOLKIT)))
    (driver / "gpus/0000:01:00.0/information").write_text("Model: NVIDIA X200\n")
    known.append(gpus.present(engine(TOOLKIT)))
    assert len(set(known)) == len(known)
    assert known[0] == ()


def test_twins_are_not_told_apart(driver: Path) -> None:
    """Its number and its place are no part of what a GPU computes."""
    path = driver / "gpus/0000:01:00.0/information"
    path.write_text("Model: \t NVIDIA X100\nGPU UUID: \t GPU-1\nBus Location: \t 0000:01\n")
    before = gpus.present(engine(TOOLKIT))
    path.write_text("Model: \t NVIDIA X100\nGPU UUID: \t GPU-2\nBus Location: \t 0000:02\n")
    assert gpus.present(engine(TOOLKIT)) == before
