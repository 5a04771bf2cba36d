"""The verb `setup`: what is missing first, then the engine."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from invoke.context import Context

from gradlock.engine import engine, system
from gradlock.verbs.setup import setup


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what is done: nothing is missing, and no engine answers until one is started."""
    found: list[str] = []

    def connect() -> SimpleNamespace:
        found.append("connect")
        client = SimpleNamespace(version=lambda: {"Version": "26.1"})
        return SimpleNamespace(client=client, where="unix:///socket")

    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(system, "install", lambda: found.append("install"))
    monkeypatch.setattr(engine, "seek", lambda: found.append("seek"))
    monkeypatch.setattr(engine, "connect", connect)
    return found


def test_it_installs_before_it_looks_for_an_engine(
    done: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    setup.body(Context())
    assert done == ["install", "seek", "connect"]
    assert "Docker Engine 26.1 answers at unix:///socket" in capsys.readouterr().err


def test_an_engine_that_is_named_and_dead_stops_no_set_up(
    done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shell keeps the address of an engine that is gone since the last boot."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///dead.sock")
    setup.body(Context())
    assert done == ["install", "seek"]
