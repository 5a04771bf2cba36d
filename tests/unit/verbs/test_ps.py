"""The verb `ps`: all that runs, and no engine for it."""

from __future__ import annotations

import dataclasses
import json

import pytest
from invoke.context import Context

from gradlock.engine import engine, removal
from gradlock.inside.running import Running
from gradlock.verbs.ps import ps


@pytest.mark.usefixtures("no_engine")
def test_where_no_engine_is_nothing_runs_and_none_is_started(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(engine, "find", lambda: None)
    ps.body(Context())
    ps.body(Context(), json_=True)
    assert capsys.readouterr().out == "nothing is running\n[]\n"


def test_everything_is_shown_with_its_whole_address(
    services: list[Running], capsys: pytest.CaptureFixture[str]
) -> None:
    ps.body(Context())
    printed = capsys.readouterr().out
    for one in services:
        assert one.name in printed
        assert one.kind in printed
    assert "Up, detached" in printed
    assert "\nhttp://there/\n" in printed


def test_no_cell_is_cut(services: list[Running], capsys: pytest.CaptureFixture[str]) -> None:
    long = dataclasses.replace(services[0], folder="/a" * 200)
    services.append(long)
    ps.body(Context())
    printed = capsys.readouterr().out
    assert long.folder in printed
    assert services[2].name in printed


def test_programs_get_the_same(services: list[Running], capsys: pytest.CaptureFixture[str]) -> None:
    ps.body(Context(), json_=True)
    (line,) = capsys.readouterr().out.splitlines()
    assert [row["name"] for row in json.loads(line)] == [one.name for one in services]


@pytest.mark.usefixtures("services")
def test_what_killed_runs_left_is_removed_and_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(removal, "sweep", lambda _: 2)
    ps.body(Context())
    assert "removed 2" in capsys.readouterr().err
