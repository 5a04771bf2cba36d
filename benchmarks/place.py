"""A place of its own for what is measured: a checkout, a store, caches, an engine; and a meter."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from benchmarks.report import Cost
from gradlock import progress, store
from gradlock.engine import dockerd, engine
from gradlock.engine.engine import Engine
from gradlock.errors import CommandError

#: What a copy of the checkout does without. Other locks have no pinned ID.
LEFT_OUT = (".git", ".venv", ".venv.lock", ".nox", ".*_cache", "__pycache__", "reports")
#: Seconds between two looks at how much memory is in use.
TICK = 0.1
#: A disk is at rest that worked for a smaller part of so many seconds; it is waited for so long.
IDLE, LOOK, REST = 0.05, 2.0, 120.0


@dataclass(frozen=True)
class Place:
    """Where gradlock is measured: a checkout of its own, with the environment that it gets."""

    checkout: Path
    env: Mapping[str, str]

    def run(self, *argv: str | Path) -> Cost:
        """Run a Python module in the checkout; return what it cost.

        Raises:
            CommandError: it failed; with its last lines.

        """
        words = [str(word) for word in argv]
        settle()
        begin, engine_before = time.monotonic(), engine_seconds()
        with subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=self.checkout,
            env={**os.environ, **self.env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            usage = Usage(process.pid)
            printed, _ = process.communicate()
            usage.stop()
        seconds = time.monotonic() - begin
        if process.returncode:
            tail = "\n".join(printed.splitlines()[-25:])
            raise CommandError(f"{' '.join(words)} failed:\n{tail}")
        progress.say(f"{' '.join(words)}: {seconds:.1f} s")
        return Cost(seconds, usage.core_seconds + engine_seconds() - engine_before, usage.peak)

    def inv(self, *argv: str) -> Cost:
        """Run a verb; return what it cost."""
        return self.run("invoke", *argv)


def settle() -> None:
    """Wait until the disk rests: nothing is left for the next measurement to wait for.

    What is in memory is written, and a disk goes on after that: a file system tells it, bit by bit,
    of the gigabytes that were removed (ext4's `discard`).
    """
    os.sync()
    deadline = time.monotonic() + REST
    while time.monotonic() < deadline:
        before = disk_seconds()
        time.sleep(LOOK)
        if disk_seconds() - before < IDLE * LOOK:
            return
    progress.say(f"the disk is busy, even after {REST:.0f} s: what follows is measured beside that")


def disk_seconds() -> float:
    """Return how long the busiest disk has worked since the machine started."""
    disks = psutil.disk_io_counters(perdisk=True).values()
    return max((disk.busy_time / 1000 for disk in disks), default=0.0)


class Usage:
    """Watches a process and its children until it is stopped: their cores, and their memory."""

    def __init__(self, pid: int) -> None:
        self.peak = 0
        self._spent: dict[tuple[int, float], float] = {}
        self._process = psutil.Process(pid)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    @property
    def core_seconds(self) -> float:
        """The seconds of all cores, user and system, as far as they were seen."""
        return sum(self._spent.values())

    def stop(self) -> None:
        """End watching."""
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(TICK):
            memory = 0
            with suppress(psutil.NoSuchProcess):
                for one in (self._process, *self._process.children(recursive=True)):
                    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                        times = one.cpu_times()
                        self._spent[one.pid, one.create_time()] = times.user + times.system
                        memory += one.memory_full_info().pss
            self.peak = max(self.peak, memory)


#: Where kernels count what all containers used that they ever held, in which form, and how many of
#: it are a second: for engines that manage cgroups themselves, as a private one does.
CONTAINERS = (
    (Path("/sys/fs/cgroup/cpuacct/docker/cpuacct.usage"), r"(\d+)", 1e9),
    (Path("/sys/fs/cgroup/docker/cpu.stat"), r"usage_usec (\d+)", 1e6),
)


def engine_seconds() -> float:
    """Return the core-seconds that this store's private engine has spent, containers included.

    Containers of other engines of this machine count, too: it is to be quiet.
    """
    return _daemon_seconds() + _container_seconds()


def _container_seconds() -> float:
    for path, form, unit in CONTAINERS:
        with suppress(OSError):
            if found := re.search(form, path.read_text()):
                return int(found[1]) / unit
    return 0.0


def _daemon_seconds() -> float:
    pid = dockerd.running()
    if pid is None:
        return 0.0
    daemon = psutil.Process(pid)
    spent = 0.0
    for one in (daemon, *daemon.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = one.cpu_times()  # `children_*` are those that ended: unpackers of layers
            spent += times.user + times.system + times.children_user + times.children_system
    return spent


def place(work: Path) -> Place:
    """Copy the checkout into a folder, with a store and caches beside it, all empty."""
    shutil.copytree(store.ROOT, work / "checkout", ignore=shutil.ignore_patterns(*LEFT_OUT))
    (work / "checkout/images.lock").unlink(missing_ok=True)
    caches = {
        "GRADLOCK_STORE": work / "store",
        "UV_CACHE_DIR": work / "uv",
        "PIP_CACHE_DIR": work / "pip",
        "XDG_CACHE_HOME": work / "cache",
    }
    none = {"GRADLOCK_CACHE": ""}  # a team's would make what is to be measured
    return Place(work / "checkout", {name: str(path) for name, path in caches.items()} | none)


@contextmanager
def with_engine(work: Path) -> Iterator[tuple[Place, Engine]]:
    """Yield a place with a private engine of its own, ended when the block ends."""
    here = place(work)
    os.environ.update(here.env)  # the engine and the artifacts are this store's, here too
    docker = engine.start_private()
    try:
        yield replace(here, env={**here.env, "DOCKER_HOST": docker.where}), docker
    finally:
        engine.stop_private()
