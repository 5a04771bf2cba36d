"""The verb `lab`: ending what runs starts nothing."""

from __future__ import annotations

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from gradlock.engine import engine
from gradlock.verbs.lab import lab

pytestmark = pytest.mark.usefixtures("no_engine")


def test_stopping_starts_no_engine(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(engine, "find", lambda: None)
    lab.body(Context(), stop=True)
    assert capsys.readouterr().out == "ended 0\n"


def test_a_port_that_is_no_number_is_told_before_an_engine_is_sought() -> None:
    with pytest.raises(Exit, match="--port takes a whole number"):
        lab.body(Context(), port="http")
