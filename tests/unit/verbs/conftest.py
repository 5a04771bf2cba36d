"""What the tests of verbs share: a verb run as ./inv does, and no engine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from gradlock import store
from gradlock.engine import engine, removal
from gradlock.inside import running
from gradlock.inside.running import Running

Inv = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def inv() -> Inv:
    """Return a runner of command lines, as ./inv runs them."""

    def run(*argv: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, store.ROOT / "tasks.py", *argv],
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail where an engine is asked for, or started."""

    def connect() -> None:
        raise AssertionError("an engine was sought")

    monkeypatch.setattr(engine, "connect", connect)


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch, no_engine: None) -> list[Running]:
    """Have an engine run a JupyterLab, a shell and a test; return them."""
    found = [
        Running("8888", "lab", "gradlock:cpu", "Up", "/there", "http://there/", True, "a" * 64),
        Running("bbbbbbbbbbbb", "shell", "gradlock:cpu", "Up", "/there", "", False, "b" * 64),
        Running("cccccccccccc", "tests", "gradlock:cpu", "Up", "", "", False, "c" * 64),
    ]
    monkeypatch.setattr(engine, "find", lambda: "engine")
    monkeypatch.setattr(removal, "sweep", lambda _: 0)
    monkeypatch.setattr(running, "every", lambda _: found)
    return found
