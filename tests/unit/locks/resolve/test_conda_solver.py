"""The executable that conda-lock drives: its protocol; test_resolve_conda.py solves with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gradlock import store
from gradlock.locks.resolve import conda_solver
from gradlock.locks.resolve.conda_solver import Request


def run(*argv: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the solver in a process of its own: rattler may abort the one that it is in."""
    return subprocess.run(
        [sys.executable, "-m", conda_solver.__name__, *argv],
        env={**os.environ, "PYTHONPATH": str(store.ROOT), **env},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_request_makes_a_round_trip(tmp_path: Path) -> None:
    request = Request(
        cache="/cache",
        snapshot="/snapshot",
        as_of="2026-11-20T00:00:00+00:00",
        keep=("git-1-0.conda",),
        pin=("tini-1-0.conda", "dot-1-0.conda"),
    )
    request.write(tmp_path / "request.json")
    assert Request.read(tmp_path / "request.json") == request


def test_it_tells_what_it_is() -> None:
    done = run("--version")
    assert done.returncode == 0
    assert done.stdout.strip() == conda_solver.VERSION


def test_only_a_refusal_leaves_one(tmp_path: Path) -> None:
    assert conda_solver.refusal(tmp_path / "request.json") is None


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("git-2.47.3-pl5321h6d3cee1_0.conda", "git"),
        ("at-spi2-core-2.40.3-h0630a04_0.tar.bz2", "at-spi2-core"),
    ],
)
def test_a_file_tells_its_package(file: str, name: str) -> None:
    assert conda_solver.name_of(file) == name


def test_the_chosen_files_are_read_from_an_answer() -> None:
    links = [{"fn": "b-1-0.conda", "url": "u"}, {"fn": "a-1-0.conda", "url": "u"}]
    answer = json.dumps({"actions": {"FETCH": links, "LINK": links}})
    assert sorted(conda_solver.chosen(answer)) == ["a-1-0.conda", "b-1-0.conda"]
