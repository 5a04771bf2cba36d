"""The program that lists and installs conda packages: what it prints, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gradlock import store
from gradlock.layers import conda_rattler
from tests.unit.layers.condas import package


def program(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", conda_rattler.__name__, *map(str, arguments)]
    return subprocess.run(command, cwd=store.ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("ending", [".conda", ".tar.bz2"])
def test_a_package_is_listed_whole(ending: str, tmp_path: Path) -> None:
    path = package(
        tmp_path,
        "tool",
        {"bin/tool": "tool"},
        links={"bin/alias": "tool"},
        index={"noarch": "python"},
        commands=["run = tool:main"],
        ending=ending,
    )
    (row,) = json.loads(program("list", path).stdout)
    assert ["bin/alias", "symlink", "tool"] in row["entries"]
    assert ["bin/tool", "file", None] in row["entries"]
    assert sorted(row["paths"]) == [["bin/alias", "softlink"], ["bin/tool", "hardlink"]]
    assert (row["index"]["name"], row["commands"]) == ("tool", ["run"])


def test_what_cannot_be_read_is_a_problem_beside_what_can(tmp_path: Path) -> None:
    good = package(tmp_path, "good", {"bin/good": "good"})
    (tmp_path / "bad-1-0.conda").write_bytes(b"no package")
    ended = program("list", tmp_path / "bad-1-0.conda", good)
    bad, listed = json.loads(ended.stdout)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert list(bad) == ["problem"]
    assert "problem" not in listed


def test_a_failed_installation_is_told_without_a_traceback(tmp_path: Path) -> None:
    lost = tmp_path / "lost-1-0.conda"
    ended = program(
        "install", tmp_path / "stage", "/opt/conda", tmp_path / "cache", "linux-64", lost
    )
    assert ended.returncode == 1
    assert ended.stderr
    assert "Traceback" not in ended.stderr
