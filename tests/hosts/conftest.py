"""Hosts to build on, made once: a Debian, the same without its packaging, artifacts to carry."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gradlock import store
from gradlock.engine import engine as engines
from gradlock.engine.engine import Engine
from tests.hosts import place
from tests.hosts.place import Host, Place


@pytest.fixture(scope="session")
def docker_engine() -> Engine:
    """Return the engine whose socket every host gets."""
    found = engines.connect()
    if not found.where.startswith("unix://"):
        pytest.skip(f"hosts are given an engine's socket, and this one is {found.where}")
    return found


@pytest.fixture(scope="session")
def systems(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Path]]:
    """Return a maker of systems: a fresh Debian, its next release, a Linux without apt and dpkg."""
    made: dict[str, Path] = {}

    def of(name: str) -> Path:
        if name in made:
            return made[name]
        root = tmp_path_factory.mktemp(name) / "root"
        if name == place.UNPACKAGED:
            # With its devices and owners, which shutil does not copy.
            argv = ["cp", "--archive", "--one-file-system", of(place.DEBIAN), root]
            subprocess.run(argv, check=True)
            place.without_packages(root)
        else:
            place.debian(root, place.SUITES[name])
            place.inhabit(root)
        made[name] = root
        return root

    yield of
    for root in made.values():
        shutil.rmtree(root)


@pytest.fixture(scope="session")
def carried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Write the CPU image's artifacts to a folder, as to a machine without a network."""
    folder = tmp_path_factory.mktemp("carried")
    folder.chmod(0o755)  # a host's plain user reads it
    argv = [sys.executable, str(store.ROOT / "tasks.py"), "fetch", "--to", str(folder)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def visit(
    systems: Callable[[str], Path], docker_engine: Engine, carried: Path
) -> Iterator[Callable[[Host], Place]]:
    """Return a maker of hosts; what a host made is removed at the end."""
    made: list[Place] = []

    def at(host: Host) -> Place:
        socket = Path(docker_engine.where.removeprefix("unix://"))
        found = Place(host, systems(host.system), socket, carried)
        made.append(found)
        found.move_in()
        return found

    yield at
    for found in made:
        shutil.rmtree(found.home)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip where no other host can be made, and say what is missing."""
    if reason := place.lacking():
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=reason))
