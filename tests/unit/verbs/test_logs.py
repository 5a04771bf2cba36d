"""The verb `logs`: results on stdout."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from gradlock.engine import engine
from gradlock.inside import running
from gradlock.verbs.logs import logs


@pytest.mark.usefixtures("services")
def test_a_log_goes_to_stdout_as_it_is(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    asked: list[tuple[str, bool]] = []

    def log(_engine: Any, chosen: running.Running, *, follow: bool) -> Iterator[bytes]:
        asked.append((chosen.name, follow))
        yield b"one\n\xff"

    monkeypatch.setattr(running, "log", log)
    logs.body(Context(), name="8888", follow=True)
    assert capfdbinary.readouterr().out == b"one\n\xff"
    assert asked == [("8888", True)]


@pytest.mark.usefixtures("no_engine")
def test_where_no_engine_is_nothing_is_read_and_none_is_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine, "find", lambda: None)
    with pytest.raises(Exit, match="nothing is running"):
        logs.body(Context())
