"""Nothing but the engine need be Linux: the pinned ID on a stand-in for macOS."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gradlock import store
from gradlock.engine.engine import Engine

STAND_IN = Path(__file__).with_name("elsewhere.py")


def elsewhere(engine: Engine, home: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    """Run a verb there."""
    return subprocess.run(
        [sys.executable, "-B", STAND_IN, *argv],
        env={
            "PATH": "/usr/bin:/bin",
            "HOME": str(home),
            "GRADLOCK_STORE": str(home),
            "DOCKER_HOST": engine.where,
        },
        cwd=store.ROOT,
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
