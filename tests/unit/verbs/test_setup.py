"""The verb `setup`: what is missing first, then the engine."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from invoke.context import Context

from gradlock.engine import engine, system
from gradlock.verbs.setup import setup


def test_it_installs_before_it_looks_for_an_engine(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done: list[str] = []

    def connect() -> SimpleNamespace:
        done.append("connect")
        client = SimpleNamespace(version=lambda: {"Version": "26.1"})
        return SimpleNamespace(client=client, where="unix:///socket")

    monkeypatch.setattr(system, "install", lambda: done.append("install"))
    monkeypatch.setattr(engine, "connect", connect)
    setup.body(Context())
    assert done == ["install", "connect"]
    assert "Docker Engine 26.1 answers at unix:///socket" in capsys.readouterr().err
