"""The verb `stop`: what is meant, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from gradlock.engine import engine
from gradlock.inside import running
from gradlock.inside.running import Running
from gradlock.verbs.stop import stop


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of what is ended."""
    names: list[str] = []

    def end(_engine: Any, chosen: list[Running]) -> None:
        names.extend(one.name for one in chosen)

    monkeypatch.setattr(running, "stop", end)
    return names


@pytest.mark.usefixtures("no_engine")
@pytest.mark.parametrize("flags", [{}, {"all": True}], ids=str)
def test_where_no_engine_is_nothing_is_ended_and_none_is_started(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], flags: dict[str, bool]
) -> None:
    monkeypatch.setattr(engine, "find", lambda: None)
    stop.body(Context(), **flags)
    assert capsys.readouterr().out == "ended 0\n"


@pytest.mark.usefixtures("services")
@pytest.mark.parametrize(
    ("flags", "names"),
    [
        ({"name": "8888"}, ["8888"]),
        ({"name": "cccc"}, ["cccccccccccc"]),
        ({"all": True}, ["8888", "bbbbbbbbbbbb"]),
    ],
    ids=str,
)
def test_what_is_named_is_ended_and_with_all_every_service(
    ended: list[str], flags: dict[str, Any], names: list[str]
) -> None:
    stop.body(Context(), **flags)
    assert ended == names


def test_the_only_service_needs_no_name(services: list[Running], ended: list[str]) -> None:
    del services[1]
    stop.body(Context())
    assert ended == ["8888"]


@pytest.mark.usefixtures("services")
@pytest.mark.parametrize("flags", [{}, {"name": "9999"}, {"name": "8888", "all": True}], ids=str)
def test_what_is_not_clear_ends_nothing(ended: list[str], flags: dict[str, Any]) -> None:
    with pytest.raises(Exit) as caught:
        stop.body(Context(), **flags)
    assert (caught.value.code, ended) == (1, [])
