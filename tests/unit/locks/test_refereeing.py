"""The referee of a run: one Python for those that share it, and one refusal that is heard."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

import pytest

from gradlock.command import Program
from gradlock.errors import LockError
from gradlock.inputs import variants
from gradlock.inputs.variants import Variant
from gradlock.locks import lockfile, paths
from gradlock.locks.lockfile import LockText
from gradlock.locks.refereeing import Referee
from gradlock.locks.resolve import pip_tools
from gradlock.locks.resolve.pip_tools import Case

TABLE = variants.load()
ARM = dataclasses.replace(TABLE.cpu, name="arm", platform="linux/arm64")


class Pythons:
    """Pythons, how many were started and how many ended."""

    def __init__(self) -> None:
        self.started = self.ended = 0
        self.ready = threading.Event()

    @contextmanager
    def python(self, _variant: Variant, _debs: LockText) -> Iterator[Program]:
        """Take the place of an image's Python."""
        self.started += 1
        self.ready.set()
        yield Program(("python",), {})
        self.ended += 1


def debs() -> Future[LockText]:
    found: Future[LockText] = Future()
    found.set_result(lockfile.read(paths.APT))
    return found


def case(row: Variant) -> Case:
    return Case(row, ())


def test_rows_of_one_python_share_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    checked: list[list[str]] = []
    monkeypatch.setattr(
        pip_tools,
        "referee",
        lambda cases, *_: checked.append([each.variant.name for each in cases]),
    )
    pythons = Pythons()
    with Referee(TABLE, pythons.python) as referee:
        referee.call(map(case, (*TABLE, ARM)), lambda _: debs())
        referee.verdict()
        assert (pythons.started, pythons.ended) == (2, 0)
    assert pythons.ended == 2
    assert sorted(checked) == [["arm"], [row.name for row in TABLE]]
    assert "agrees on cpu, cu125, cu129" in capsys.readouterr().err


def test_a_python_is_made_ready_before_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    pythons, found = Pythons(), debs()
    monkeypatch.setattr(pip_tools, "referee", lambda *_: None)
    with Referee(TABLE, pythons.python) as referee:
        for row in TABLE:
            referee.expect(row, found)
        assert pythons.ready.wait(10)
        referee.call([case(TABLE.cpu)], lambda _: found)
        referee.verdict()
    assert (pythons.started, pythons.ended) == (1, 1)


def test_a_refusal_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise LockError("they disagree")

    monkeypatch.setattr(pip_tools, "referee", refuse)
    pythons = Pythons()
    with Referee(TABLE, pythons.python) as referee:
        referee.call([case(TABLE.cpu)], lambda _: debs())
        with pytest.raises(LockError, match="they disagree"):
            referee.verdict()
    assert pythons.ended == 1


def test_who_was_not_called_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Referee(TABLE, Pythons().python) as referee:
        referee.verdict()
    assert capsys.readouterr().err == ""
