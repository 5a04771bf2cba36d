"""Nothing but the engine need be Linux: the pinned ID on a stand-in for macOS."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from gradlock import store
from gradlock.engine.engine import Engine
from gradlock.inputs import variants
from gradlock.locks import lockfile, paths
from gradlock.locks.resolve import debian, mirrors
from tests.hosts import place

#: What tells a program where the network is.
NETWORK = (*place.NETWORK, *place.CERTIFICATES)
#: A suite of one test. What stands around it is the host's, and tried; within an image nothing is.
SUITE = """\
import tensorflow as tf

def test_it_computes() -> None:
    assert float(tf.reduce_sum(tf.ones(3))) == 3
"""
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
    docker_engine: Engine, cpu_image: str, empty_store: Path, tmp_path: Path
) -> None:
    """A suite of one test: within the image no other machine is."""
    checkout = tmp_path / "checkout"
    place.checkout(checkout)
    (checkout / "tests/image/test_own.py").write_text(SUITE)

    def run(*argv: str) -> str:
        done = elsewhere(docker_engine, empty_store, *argv, root=checkout)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    assert cpu_image in run("image", "--no-smoke", "--channel", "debian")
    assert "1 passed" in run("suite", "own")
    (report,) = ElementTree.parse(checkout / "reports/cpu/own.xml").iter("testsuite")  # noqa: S314 - ours
    assert (report.get("tests"), report.get("failures")) == ("1", "0")


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
