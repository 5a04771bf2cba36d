"""The core of `gradients` passes with other settings and other releases, each with its records."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from docker.errors import ImageNotFound

from gradlock import command, store
from gradlock.engine.engine import Engine
from gradlock.inputs import variants
from gradlock.inside import suites
from gradlock.locks import lockfile, paths
from tests.e2e.conftest import Invoke, copy, cpu_image, docker_engine, invoke

__all__ = ["cpu_image", "docker_engine", "invoke"]

#: A release that a row of the table may have, and one that has wheels for older Pythons alone.
RELEASE, OLDER, PYTHON = "2.20.0", "2.19.1", "python3.12"
#: What the older release runs with: what the suite imports, as the CPU's row has it locked.
TOOLS = ("jinja2", "keras", "matplotlib", "pytest", "pytest-xdist", "scikit-learn", "scipy")


def done(invoke: Invoke, *argv: str, root: Path = store.ROOT) -> None:
    """Run a verb that must succeed; one that fails shows the end of what it said."""
    running = invoke(*argv, root=root)
    out, err = running.communicate()
    assert running.returncode == 0, (out + err)[-5000:]


@pytest.mark.usefixtures("cpu_image")
@pytest.mark.parametrize("setting", [("onednn", "off"), ("threads", "1")], ids="-".join)
def test_setting(invoke: Invoke, setting: tuple[str, str]) -> None:
    name, value = setting
    done(invoke, "suite", "gradients", f"--{name}", value)


@pytest.fixture
def row(tmp_path: Path, docker_engine: Engine) -> Iterator[tuple[Path, str]]:
    """Yield a checkout with a row of another release, and the row's name; its image goes."""
    checkout, name = tmp_path / "gradlock", "other"
    copy(checkout)
    with (checkout / "variants.toml").open("a", encoding="utf-8") as table:
        table.write(f'\n[variants.{name}]\ntensorflow = "{RELEASE}"\n')
    yield checkout, name
    with suppress(ImageNotFound):
        docker_engine.client.images.remove(f"gradlock:{name}", force=True)


def test_release(invoke: Invoke, row: tuple[Path, str]) -> None:
    """Locked, built, and tested as any row is."""
    checkout, name = row
    done(invoke, "lock", root=checkout)
    done(invoke, "image", "--variant", name, "--no-smoke", root=checkout)
    done(invoke, "suite", "smoke,gradients", "--variant", name, root=checkout)


def test_older_release(tmp_path: Path) -> None:
    """In a virtual environment of an older Python: no suite of Debian has one that fits."""
    python = shutil.which(PYTHON)
    if python is None or subprocess.run([python, "--version"], check=False).returncode:
        pytest.skip(f"no {PYTHON}: TensorFlow {OLDER} has no wheels for newer ones")
    pins = lockfile.parse_wheels(lockfile.read(paths.pip(variants.load().cpu)))
    tools = [f"{pin.name}=={pin.version}" for pin in pins if pin.name in TOOLS]
    home = tmp_path / "venv"
    subprocess.run([python, "-m", "venv", home], check=True)
    asked = [f"tensorflow-cpu=={OLDER}", *tools]
    environment = command.networked()
    subprocess.run([home / "bin/pip", "install", "--quiet", *asked], check=True, env=environment)
    # What to make its records from, where it fails.
    reports = store.ROOT / "reports" / f"tensorflow-{OLDER}"
    reports.mkdir(parents=True, exist_ok=True)
    passed = subprocess.run(
        [
            *(home / "bin/python", "-m", "pytest", "gradients", *suites.ARGUMENTS["gradients"]),
            f"--junitxml={reports}/gradients.xml",
        ],
        cwd=store.ROOT / "tests/image",
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
    )
    assert passed.returncode == 0
