"""The verbs together: all of them collected, taught, and alike."""

from __future__ import annotations

import importlib
import inspect
import itertools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from invoke.tasks import Task

import tasks
from gradlock import store

VERBS: dict[str, Task[Any]] = dict(tasks.namespace.tasks)
SHARED = {
    *("building", "changes", "connection", "flags", "outcome", "program", "programs", "sharing"),
    "testing",
}


def modules() -> list[str]:
    folder = Path(store.ROOT / "gradlock/verbs")
    return sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")


def test_every_module_is_one_verb_or_what_verbs_share() -> None:
    assert set(modules()) == VERBS.keys() | SHARED


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["lock", "--check"], {"lock"}),
        (["setup", "image", "--variant", "cpu"], {"setup", "image"}),
        (["tensorboard", "logs"], {"tensorboard", "logs"}),  # a folder of a verb's name
        ([], VERBS.keys()),
        (["--list"], VERBS.keys()),
        (["image", "--list"], VERBS.keys()),
        (["--complete", "--", "lock"], VERBS.keys()),
        (["locks"], VERBS.keys()),
    ],
)
def test_a_command_line_that_begins_with_a_verb_imports_those_that_it_names(
    words: list[str], expected: set[str]
) -> None:
    assert tasks.verbs(words).task_names.keys() == expected


def test_a_check_of_locks_imports_no_client_of_anything() -> None:
    """It runs before each commit, and libraries would take longer than it."""
    argv = [sys.executable, "-X", "importtime", "tasks.py", "lock", "--check"]
    done = subprocess.run(argv, cwd=store.ROOT, capture_output=True, text=True, check=False)
    found = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "gradlock.locks.checking" in found
    assert found.isdisjoint({"docker", "httpx", "rattler", "requests", "uv"})


@pytest.mark.parametrize("name", VERBS)
def test_a_verb_is_the_only_one_of_its_module(name: str) -> None:
    module = importlib.import_module(f"gradlock.verbs.{name}")
    found = [value for value in vars(module).values() if isinstance(value, Task)]
    assert found == [VERBS[name]]


#: Prints the flags of every verb with their help. In a process of its own: what lists a task's
#: arguments takes their help out of it.
FLAGS = """
import json, tasks
print(json.dumps([
    [verb.name, [[flag, verb.flags[flag].help] for flag in verb.flags]]
    for verb in tasks.namespace.to_contexts()
]))
"""


@pytest.fixture(scope="module")
def flags() -> dict[str, list[tuple[str, str | None]]]:
    """Return the flags of every verb, each with its help."""
    argv = [sys.executable, "-c", FLAGS]
    done = subprocess.run(argv, cwd=store.ROOT, capture_output=True, check=True)
    return {name: [(flag, told) for flag, told in found] for name, found in json.loads(done.stdout)}


def test_every_verb_is_taught(flags: dict[str, list[tuple[str, str | None]]]) -> None:
    assert flags.keys() == VERBS.keys()
    for name, verb in VERBS.items():
        line = (inspect.getdoc(verb.body) or "").splitlines()[0]
        assert line.endswith((".", "`.")), name
        assert [flag for flag, told in flags[name] if not told] == [], name


def test_no_verb_has_a_short_flag(flags: dict[str, list[tuple[str, str | None]]]) -> None:
    """One letter would mean another thing in each of them."""
    letters = {(name, flag) for name in flags for flag, _ in flags[name] if len(flag) == 2}
    assert letters == {("drift", "-a"), ("drift", "-b")}  # its two arguments by their names


def test_a_flag_means_the_same_in_every_verb(
    flags: dict[str, list[tuple[str, str | None]]],
) -> None:
    meanings: dict[str, set[str | None]] = {}
    for flag, told in itertools.chain.from_iterable(flags.values()):
        meanings.setdefault(flag, set()).add(told)
    # Of locks, images, artifacts, registries, fingerprints, the table, findings; of a container
    # here, and of each one in a cluster; threads, which are two by default, or one a core.
    own = {"--all", "--check", "--from", "--json", "--load", "--pin", "--to"}
    own |= {"--command", "--image", "--memory", "--threads"}
    assert {flag for flag, found in meanings.items() if len(found) > 1} == own


def test_what_signs_is_read_by_the_verbs_that_sign_alone() -> None:
    """Its libraries take as long as a verb that finds nothing to do."""
    code = "import sys, tasks; sys.exit('securesystemslib' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=store.ROOT, check=True)
