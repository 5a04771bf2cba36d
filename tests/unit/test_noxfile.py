"""The sessions: parametrised from the table, each with a line that says what it does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import noxfile
from gradlock import store
from gradlock.inputs import variants


@pytest.fixture(scope="module")
def sessions() -> list[dict[str, Any]]:
    """Return what `nox --list` knows of every session."""
    done = subprocess.run(
        [sys.executable, "-m", "nox", "--list", "--json", "--noxfile", store.ROOT / "noxfile.py"],
        capture_output=True,
        check=True,
    )
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def test_sessions_in_images_follow_the_table(sessions: list[dict[str, Any]]) -> None:
    table = variants.load()
    rows, cpu = [row.name for row in table.plain], table.cpu.name
    # By default what takes long runs in one image.
    wanted_of = {"smoke": rows, "gradients": [cpu], "notebooks": [cpu], "distributed": [cpu]}
    for name, wanted in wanted_of.items():
        found = [row["call_spec"]["variant"] for row in sessions if row["name"] == name]
        assert found == wanted


def test_every_session_says_what_it_does(sessions: list[dict[str, Any]]) -> None:
    assert sessions
    for row in sessions:
        assert row["description"], row["session"]


def test_the_checks_that_need_no_engine_are_there(sessions: list[dict[str, Any]]) -> None:
    assert {"lint", "types", "unit"} <= {row["name"] for row in sessions}


def test_sessions_use_the_locked_tools(sessions: list[dict[str, Any]]) -> None:
    assert {row["python"] for row in sessions} <= {None, ""}


class Recorder:
    """Stands for a session: notes what it would run."""

    def __init__(self, *posargs: str) -> None:
        self.posargs = list(posargs)
        self.ran: list[list[str]] = []

    def run(self, *argv: str) -> None:
        """Note a command, without the program that runs it."""
        self.ran.append(list(argv[1:]))

    def run_install(
        self, *argv: str, env: dict[str, str], include_outer_env: bool, **_: Any
    ) -> None:
        """Note a command that changes the session's environment, and nothing of the shell's."""
        assert not include_outer_env
        assert "PYTHONPATH" not in env
        self.ran.append(list(argv[1:]))

    @property
    def virtualenv(self) -> Any:
        """The session's own environment."""
        return SimpleNamespace(location="/venv")


def ran(name: str, *posargs: str, **arguments: str) -> list[list[str]]:
    """Return what a session runs."""
    session = Recorder(*posargs)
    getattr(noxfile, name).func(session, **arguments)
    return session.ran


@pytest.mark.parametrize("name", ["smoke", "gradients", "notebooks"])
def test_a_gpu_is_required_of_gpu_variants_alone(name: str) -> None:
    for row in variants.load().plain:
        (words,) = ran(name, "--gpu-required", "--tier=all", variant=row.name)
        assert ("--gpu-required" in words) == row.gpu
        assert "--tier=all" in words


def test_no_test_of_the_host_is_told_of_gpus() -> None:
    for name in ("unit", "e2e", "hosts", "lab"):
        words = ran(name, "--gpu-required", "-x")[-1]
        assert words[-1] == "-x"
        assert "--gpu-required" not in words


def test_a_row_without_a_pin_or_a_fingerprint_fails() -> None:
    """The verbs' own tests show that these flags do it."""
    assert "--pinned" in ran("images")[0]
    assert "--check" in ran("fingerprint", variant="cpu")[0]


def test_an_environment_of_a_session_holds_what_is_locked_by_hash() -> None:
    installed, _ = ran("lab")
    assert {"sync", "--require-hashes", "requirements/desk.txt"} <= set(installed)
    assert installed[installed.index("--python") + 1] == "/venv"


def test_every_tool_of_the_sessions_is_locked() -> None:
    names = (store.ROOT / "requirements/dev.txt").read_text(encoding="utf-8")
    for program, package in (("ruff", "ruff"), ("lint-imports", "import-linter"), ("zizmor",) * 2):
        assert Path(sys.executable).with_name(program).exists()
        assert f"\n{package}==" in names
