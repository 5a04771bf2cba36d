"""The engine that answers: whether it can run the images, and at what cost."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from gradlock.doctor import docker
from gradlock.doctor.findings import Severity
from gradlock.doctor.question import Question
from gradlock.inputs import variants
from tests.unit.doctor.conftest import VERSION, Play


def test_an_engine_of_today_is_fine(play: Play) -> None:
    asked = play()
    for check in (docker.engine, docker.platform, docker.storage, docker.isolation):
        assert {row.severity for row in check(asked)} <= {Severity.FINE}


def test_an_old_engine_is_broken(play: Play) -> None:
    (found,) = docker.engine(play({"/version": {**VERSION, "Version": "19.03.15"}}))
    assert (found.severity, "19.03.15" in found.seen) == (Severity.BROKEN, True)


def test_podman_is_taken_by_its_name(play: Play) -> None:
    told = {"Version": "4.3.1", "Components": [{"Name": "Podman Engine"}]}
    (found,) = docker.engine(play({"/version": told}))
    assert found.seen.startswith("Podman 4.3.1")


@pytest.mark.parametrize("told", [{}, {"Version": None}, {"Version": "dev", "Components": None}])
def test_an_engine_that_tells_little_is_taken(play: Play, told: dict[str, object]) -> None:
    (found,) = docker.engine(play({"/version": told}))
    assert found.severity is Severity.FINE


@pytest.mark.parametrize("machine", ["aarch64", "arm64", "riscv64", "i686"])
def test_another_architecture_is_broken(play: Play, machine: str) -> None:
    (found,) = docker.platform(play(Architecture=machine))
    assert found.severity is Severity.BROKEN
    assert machine in found.seen


@pytest.mark.parametrize(
    ("engine", "severity"),
    [("aarch64", Severity.FINE), ("arm64", Severity.FINE), ("x86_64", Severity.WARNING)],
)
def test_a_row_of_another_platform_is_held_to_its_own(
    play: Play, engine: str, severity: Severity
) -> None:
    asked = play(Architecture=engine)
    arm = dataclasses.replace(variants.load().cpu, name="arm", platform="linux/arm64")
    (found,) = docker.platform(dataclasses.replace(asked, rows=(arm,)))
    assert found.severity is severity
    assert "linux/arm64" in found.seen
    if severity is Severity.WARNING:
        assert "qemu-user-static" in found.mend


def test_windows_containers_are_broken(play: Play) -> None:
    (found,) = docker.platform(play(OSType="windows"))
    assert "windows containers" in found.seen


def test_an_engine_with_little_memory_is_a_warning(play: Play) -> None:
    _, found = docker.platform(play(MemTotal=2 * 10**9))
    assert found.severity is Severity.WARNING


@pytest.mark.parametrize("driver", docker.SLOW)
def test_a_slow_storage_driver_is_a_warning(play: Play, driver: str) -> None:
    (found,) = docker.storage(play(Driver=driver))
    assert found.severity is Severity.WARNING
    assert driver in found.seen


def test_the_engines_disk_is_looked_at_where_it_is_here(
    play: Play, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = play(DockerRootDir=str(tmp_path))
    real = os.statvfs(tmp_path)
    state = type("State", (), {**{n: getattr(real, n) for n in dir(real) if n[:2] == "f_"}})
    state.f_bavail = 1
    monkeypatch.setattr(os, "statvfs", lambda _: state)
    _, found = docker.storage(asked)
    assert "the engine's images" in found.seen
    assert found.severity is Severity.BROKEN
    far = play(DockerRootDir=str(tmp_path), KernelVersion="6.10.14-linuxkit")
    assert len(list(docker.storage(far))) == 1


def test_rootless_is_said_and_fine(play: Play) -> None:
    (found,) = docker.isolation(play(SecurityOptions=["name=rootless", "name=cgroupns"]))
    assert (found.severity, "rootless" in found.seen) == (Severity.FINE, True)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"SecurityOptions": ["name=userns"]}, "maps users"),
        ({"MemoryLimit": False}, "cannot hold limits"),
        ({"DockerRootDir": "/var/snap/docker/common/var-lib-docker"}, "snap"),
    ],
)
def test_what_surprises_users_is_a_warning(play: Play, told: dict[str, object], words: str) -> None:
    (found,) = docker.isolation(play(**told))
    assert found.severity is Severity.WARNING
    assert words in found.seen


def test_selinux_is_told_where_both_use_it(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = play(SecurityOptions=["name=selinux"])
    assert list(docker.isolation(asked)) == []
    monkeypatch.setattr(docker, "_enforcing", lambda: True)
    assert "SELinux" in next(docker.isolation(asked)).seen


def test_without_an_engine_only_that_is_told(asked: Question) -> None:
    assert len(list(docker.engine(asked))) == 1
    for check in (docker.platform, docker.storage, docker.isolation):
        assert list(check(asked)) == []
