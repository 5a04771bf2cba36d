"""What the tests of verbs share: a verb run as ./inv does, and no engine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from gradlock import store
from gradlock.engine import engine

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
