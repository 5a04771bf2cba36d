"""What CI runs: the README's second command, on what passes for an ordinary machine."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from gradlock import store

#: Stands for ./inv: says what it was given.
PROBE = """#!/bin/sh
echo "arguments=$*"
env
grep SigIgn /proc/self/status
"""
SIGINT_BIT = 1 << (signal.SIGINT - 1)


@pytest.fixture
def ran(tmp_path: Path) -> list[str]:
    """Return what a command sees that .ci/run starts on a peculiar machine, line by line."""
    shutil.copy(store.ROOT / ".ci/run", tmp_path / "run")
    (tmp_path / "inv").write_text(PROBE)
    (tmp_path / "inv").chmod(0o755)
    machine = {
        "PATH": f"/peculiar/bin:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "SSL_CERT_FILE": "/ca.pem",
        "https_proxy": "http://proxy:3128",
        "GRADLOCK_STORE": "/a store",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PIP_FIND_LINKS": "/wheels",
        "LC_ALL": "hu_HU.ISO-8859-2",
        "TZ": "Pacific/Apia",
    }
    done = subprocess.run(
        ["bash", "run"],
        cwd=tmp_path,
        env=machine,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def test_it_runs_the_second_command(ran: list[str]) -> None:
    assert ran[0] == "arguments=setup test"


def test_only_what_every_machine_has_is_left_of_the_environment(ran: list[str]) -> None:
    names = {line.partition("=")[0] for line in ran if "=" in line} - {"arguments"}
    shells = {"PWD", "OLDPWD", "SHLVL", "_"}  # what a shell sets by itself
    kept = {"PATH", "HOME", "SSL_CERT_FILE", "https_proxy", "GRADLOCK_STORE"}
    assert names - shells == kept | {"CI"}  # which has `test` repeat what has passed
    assert "GRADLOCK_STORE=/a store" in ran
    (path,) = (line for line in ran if line.startswith("PATH="))
    assert "/peculiar" not in path


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system has no /proc")
def test_what_it_runs_can_be_interrupted(ran: list[str]) -> None:
    (line,) = (line for line in ran if line.startswith("SigIgn"))
    assert not int(line.split()[1], 16) & SIGINT_BIT
