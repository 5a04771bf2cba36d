"""Engines of several kinds, each started for its test and ended after it."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gradlock.engine import engine as engines
from tests.hosts import place

#: What a fresh Debian has of engines: Docker, which stores images in two ways, and podman.
PACKAGES = ("ca-certificates", "docker.io", "podman", "runc")
#: Seconds that an engine may take until it answers.
START = 60
#: Starts an engine with another root, in namespaces of its own, which end it with this process.
ENTER = """
root=$1; shift
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
mount -t tmpfs tmpfs "$root/run"
mkdir "$root/run/engine"
mount --bind "$root/engine" "$root/run/engine"
exec chroot "$root" "$@"
"""


@pytest.fixture(scope="session")
def debian(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make a fresh Debian with the engines that it has; without one, say why."""
    if reason := place.lacking():
        pytest.skip(reason)
    root = tmp_path_factory.mktemp("engines") / "root"
    place.debian(root, place.SUITES[place.DEBIAN], PACKAGES)
    (root / "engine").mkdir()
    yield root
    shutil.rmtree(root)


def docker(root: Path, *, containerd: bool) -> list[str]:
    """Return the command of a Docker Engine in a root, with one of its two stores."""
    settings = {"features": {"containerd-snapshotter": containerd}}
    (root / "engine/daemon.json").write_text(json.dumps(settings))
    return [
        "dockerd",
        "--config-file=/run/engine/daemon.json",
        "--data-root=/engine/data",
        "--host=unix:///run/engine/socket",
        *("--bridge=none", "--iptables=false"),
    ]


def podman(_root: Path) -> list[str]:
    """Return the command of podman's service in a root.

    With Docker's runc: podman's own crun refuses kernels with cgroups of both versions.
    """
    return [
        *("podman", "--root=/engine/data", "--runroot=/run/podman"),
        *("--runtime=runc", "--cgroup-manager=cgroupfs", "--events-backend=file"),
        *("system", "service", "--time=0", "unix:///run/engine/socket"),
    ]


@contextmanager
def running(root: Path, argv: Sequence[str]) -> Iterator[str]:
    """Run an engine in a root; yield its address. What it holds is gone at the end."""
    socket = root / "engine/socket"
    log = root / "engine/log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [
                *("unshare", "--mount", "--pid", "--fork", "--kill-child"),
                *("sh", "-euc", ENTER, "enter", root, *argv),
            ],
            env={"PATH": place.PATH},
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
        )
    try:
        _wait(process, f"unix://{socket}", log)
        yield f"unix://{socket}"
    finally:
        process.kill()
        process.wait()
        _remove(root / "engine")
        (root / "engine").mkdir()


def _wait(process: subprocess.Popen[Any], where: str, log: Path) -> None:
    """Wait until an engine answers, as long as it lives."""
    deadline = time.monotonic() + START
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", where)
        while not _answers():
            dead = process.poll() is not None or time.monotonic() > deadline
            assert not dead, log.read_text(errors="replace")[-3000:]
            time.sleep(0.2)


def _answers() -> bool:
    try:
        return engines.find() is not None
    except engines.EngineError:
        return False


def _remove(folder: Path) -> None:
    """Remove what an engine held; what it started may hold it for a moment more."""
    deadline = time.monotonic() + START
    while folder.exists():
        shutil.rmtree(folder, ignore_errors=time.monotonic() < deadline)
        time.sleep(0.2)
