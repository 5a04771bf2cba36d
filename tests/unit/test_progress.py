"""What a user sees: lines on stderr, never on stdout; bars only on a terminal."""

from __future__ import annotations

import io
import time

import pytest
from rich.console import Console

from gradlock import progress
from gradlock.progress import Stopwatch


def test_a_line_goes_to_stderr_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    line = "[bold]not markup[/bold] " + "x" * 200
    progress.say(line)
    captured = capsys.readouterr()
    assert captured.err == f"{line}\n"
    assert captured.out == ""


def test_a_log_gets_no_bars(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.meter("working", 10) as meter:
        meter.advance(10)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("unit", "shown"), [("bytes", "7/10 bytes"), ("wheels", "7/10 wheels")])
def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch, unit: str, shown: str) -> None:
    screen = io.StringIO()
    monkeypatch.setenv("TERM", "xterm")  # a dumb one cannot draw any
    console = Console(file=screen, force_terminal=True, width=100)
    monkeypatch.setattr(progress, "console", console)
    with progress.meter("working", 10, unit=unit) as meter:
        meter.advance(7)
    assert "working" in screen.getvalue()
    assert shown in screen.getvalue()


def test_stages_add_up_in_order_and_count_when_they_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 1.0, 10.0, 12.0, 20.0, 20.5])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    watch = Stopwatch()
    with watch.stage("fetch"):
        pass
    with pytest.raises(KeyError), watch.stage("layers"):
        raise KeyError
    with watch.stage("fetch"):
        pass
    assert watch.line() == "fetch 1.5 s, layers 2.0 s"
