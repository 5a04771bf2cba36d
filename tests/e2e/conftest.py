"""What the end-to-end tests share: a real engine, with the CPU image in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gradlock import store
from gradlock.engine import engine as engines
from gradlock.engine.engine import Engine
from gradlock.images import pins
from gradlock.inputs import variants

Invoke = Callable[..., subprocess.Popen[str]]

#: How often a build is killed by default: some 25 s each. The session `faults` does it more often.
KILLS = 3
#: What a copy of the checkout does without.
LEFT_OUT = (".git", ".venv", ".venv.lock", ".nox", ".*_cache", "__pycache__", "reports")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take how often a build is killed."""
    parser.addoption("--kills", type=int, default=KILLS, help="how often a build is killed")


def copy(checkout: Path) -> None:
    """Copy the project to a folder, to change it there."""
    shutil.copytree(store.ROOT, checkout, ignore=shutil.ignore_patterns(*LEFT_OUT))


@pytest.fixture(scope="session")
def docker_engine() -> Engine:
    """Return the engine that answers, a private one where none does; without one, fail."""
    return engines.connect()


@pytest.fixture(scope="session")
def invoke(docker_engine: Engine) -> Invoke:
    """Return a starter of gradlock's commands, with this engine, from any checkout."""

    def start(*argv: str, root: Path = store.ROOT, **env: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "invoke", "--search-root", str(root), *argv],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=root,
            env={**os.environ, "DOCKER_HOST": docker_engine.where, **env},
            start_new_session=True,
        )

    return start


@pytest.fixture(scope="session")
def cpu_image(invoke: Invoke, docker_engine: Engine) -> str:
    """Return the ID of the CPU image, built and loaded as images.lock has it."""
    built = invoke("image", "--no-smoke", "--channel", "debian")
    out, err = built.communicate()
    assert built.returncode == 0, err
    pin = pins.find("debian", variants.load().cpu.name)
    assert pin is not None
    assert pin.id in out
    return pin.id


@pytest.fixture
def empty_store(tmp_path: Path, cpu_image: str) -> Path:
    """Return a store that has the artifacts, and no layer."""
    home = tmp_path / "store"
    shutil.copytree(store.folder("artifacts"), home / "artifacts", copy_function=os.link)
    return home
