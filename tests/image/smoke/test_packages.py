"""The image holds what was asked for, exactly as locked, and serves it to a plain user."""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import os
import subprocess
import sys
import sysconfig

import facts
import pytest


@functools.cache
def top_level_modules() -> dict[str, list[str]]:
    """Return the top-level modules of each installed distribution, by its normalised name.

    What `top_level.txt` has beside them is left out: sentencepiece names files in its own.
    """
    modules: dict[str, list[str]] = {}
    found = importlib.metadata.packages_distributions().items()
    for module, owners in ((name, owners) for name, owners in found if name.isidentifier()):
        for owner in owners:
            modules.setdefault(facts.normalised(owner), []).append(module)
    return modules


def output(*command: str) -> str:
    """Run a command and return what it says; a failure shows it."""
    finished = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    said = finished.stdout + finished.stderr
    assert finished.returncode == 0, f"{command} ended with {finished.returncode}:\n{said}"
    return said


@pytest.mark.parametrize("distribution", facts.requested())
def test_requested_distribution_imports(distribution: str) -> None:
    """Every top-level module of what was asked for imports."""
    for module in top_level_modules()[distribution]:
        importlib.import_module(module)


def test_everything_requested_is_locked() -> None:
    """The lock covers what was asked for."""
    assert set(facts.requested()) <= {pin.name for pin in facts.lock()}


def test_installed_equals_lock() -> None:
    """Every version is the lock's, nothing is missing, and nothing else is installed."""
    assert facts.differences(facts.lock(), facts.installed()) == []


def test_installed_distributions_are_compatible() -> None:
    """`pip check` finds every requirement of every distribution met."""
    assert "No broken requirements found" in output(sys.executable, "-m", "pip", "check")


def test_python_is_the_variants() -> None:
    """The interpreter is the variant's, and its prefix is the one that holds the tools."""
    assert f"{sys.version_info.major}.{sys.version_info.minor}" == facts.variant().python
    assert (facts.PREFIX / "bin/python").exists()


@pytest.mark.parametrize(
    ("tool", "option", "says"),
    [("git", "--version", "git version"), ("dot", "-V", "graphviz version"),
     ("tini", "--version", "tini version")],
)  # fmt: skip
def test_native_tool_runs(tool: str, option: str, says: str) -> None:
    """The tools that conda carries run from its prefix."""
    assert says in output(str(facts.PREFIX / "bin" / tool), option)


def test_runs_as_a_plain_user() -> None:
    """Tests run as users do: not as root, and unable to write to the installed packages."""
    assert os.getuid() != 0
    assert not os.access(sysconfig.get_paths()["purelib"], os.W_OK)
