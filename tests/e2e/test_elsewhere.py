"""Nothing but the engine need be Linux: the pinned ID on a stand-in for macOS."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gradlock import store
from gradlock.engine.engine import Engine
from gradlock.inputs import variants
from gradlock.locks import lockfile, paths
from gradlock.locks.resolve import debian, mirrors
from tests.hosts import place

#: What tells a program where the network is.
NETWORK = (*place.NETWORK, *place.CERTIFICATES)
STAND_IN = Path(__file__).with_name("elsewhere.py")


def elsewhere(
    engine: Engine, home: Path, *argv: str, root: Path = store.ROOT, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run a verb there, in a checkout."""
    return subprocess.run(
        [sys.executable, "-B", root / STAND_IN.relative_to(store.ROOT), *argv],
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(home),
            "GRADLOCK_STORE": str(home),
            "DOCKER_HOST": engine.where,
            **{name: os.environ[name] for name in NETWORK if name in os.environ},
            **more,
        },
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_image_comes_out_the_same_and_its_suites_run(
    docker_engine: Engine, cpu_image: str, empty_store: Path
) -> None:
    done = elsewhere(docker_engine, empty_store, "image", "--no-smoke", "--channel", "debian")
    assert done.returncode == 0, done.stderr
    assert cpu_image in done.stdout
    done = elsewhere(docker_engine, empty_store, "suite", "smoke")
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


def test_debians_packages_are_resolved_by_the_bases_own_apt(
    docker_engine: Engine, empty_store: Path, tmp_path: Path
) -> None:
    place.checkout(tmp_path)
    wanted = tmp_path / "requirements/apt.in"
    wanted.write_text(f"{wanted.read_text()}hello\n")
    found = mirrors.found()
    named = {mirrors.VARIABLES[archive]: url for archive, url in found.items()}
    done = elsewhere(docker_engine, empty_store, "lock", root=tmp_path, **named)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "changed requirements/apt.lock" in done.stdout
    before, after = (
        {pin.name: pin for pin in lockfile.parse_debs(lockfile.read(path))}
        for path in (paths.APT, tmp_path / "requirements/apt.lock")
    )
    assert after.keys() - before.keys() == {"hello"}
    with debian.own(found, variants.load().debian, "amd64") as install:
        printed = install(["hello"], "")
    (theirs,) = (pin for pin in debian.parse_uris(printed, found) if pin.name == "hello")
    assert after["hello"] == theirs


@pytest.mark.parametrize(
    "code",
    ["open('/proc/self/stat')", "subprocess.run(['dpkg', '--version'])", "os.fork()"],
    ids=["proc", "dpkg", "fork"],
)
def test_the_stand_in_does_refuse(code: str) -> None:
    program = f"""
import os, subprocess, sys
sys.path.insert(0, {str(STAND_IN.parent)!r})
import elsewhere
sys.addaudithook(elsewhere.refuse)
{code}
"""
    done = subprocess.run([sys.executable, "-B", "-c", program], capture_output=True, check=False)
    assert done.returncode == 1
    assert b"not on this machine" in done.stderr or b"no /proc here" in done.stderr
