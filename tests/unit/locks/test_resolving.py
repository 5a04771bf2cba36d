"""The graph of resolving: what is current comes back, and each lock after the one it follows."""

from __future__ import annotations

import itertools
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from gradlock.command import Program
from gradlock.errors import InputError
from gradlock.inputs import variants
from gradlock.inputs.variants import Table, Variant
from gradlock.locks import lockfile, paths, resolving, start
from gradlock.locks.lockfile import LockText
from gradlock.locks.pins import WheelPin
from gradlock.locks.pylock import Wheel
from gradlock.locks.refereeing import Programs, Referee
from gradlock.locks.resolve import conda, pip
from gradlock.locks.resolving import Request

#: More rows than any machine has threads by default, each extending the one before.
LINE = ["cpu", *(f"row{number}" for number in range(40))]


def resolve(project: Path, request: Request) -> tuple[Table, dict[Path, LockText]]:
    table = variants.load(project / "variants.toml")
    old = {path: start.read(path) for path in paths.every(table)}
    programs = Programs(lambda *_: nullcontext(Program((), {})), lambda _: None)
    referee = Referee(table, programs.python)
    return table, resolving.resolve(table, request, (), old, programs, referee)


@pytest.fixture
def line(project: Path) -> Path:
    """Return a project with a long line of rows, the uppermost first in its table."""
    rows = ""
    for leader, name in reversed(list(itertools.pairwise(LINE))):
        (project / f"requirements/{name}.in").write_text(f"{name}\n")
        rows += f"\n[variants.{name}]\nextends = '{leader}'\n"
        rows += f"packages = ['requirements/{name}.in']\n"
    table = project / "variants.toml"
    text = table.read_text()
    table.write_text(text.replace("\n[variants.cpu]", f"{rows}\n[variants.cpu]"))
    return project


def test_what_is_current_comes_back_as_it_is(project: Path) -> None:
    _, new = resolve(project, Request())
    assert new == {path: lockfile.read(path) for path in new}


def test_a_long_line_of_rows_is_resolved_each_after_the_one_below(
    line: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wheels(variant: Variant, *_: object, **options: Any) -> tuple[Wheel, ...]:
        pins = [*options["constrain"], WheelPin(variant.name, "1.0", "7" * 64)]
        return tuple(Wheel(pin, f"{pin.name}-{pin.version}-py3-none-any.whl") for pin in pins)

    monkeypatch.setattr(pip, "resolve", wheels)
    monkeypatch.setattr(conda, "compile_lock", lambda *_, **options: options["cpu"].body)
    monkeypatch.setattr(Referee, "call", lambda *_: None)
    table, new = resolve(line, Request())
    cpu = {pin.name for pin in lockfile.parse_wheels(new[paths.pip(table.cpu)])}
    for number, name in enumerate(LINE):
        found = {pin.name for pin in lockfile.parse_wheels(new[paths.pip(table.named(name))])}
        assert found == cpu | set(LINE[1 : number + 1])


def test_a_row_that_fails_leaves_none_waiting(line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise InputError("no solution")

    monkeypatch.setattr(pip, "resolve", fail)
    monkeypatch.setattr(conda, "compile_lock", lambda *_, **options: options["cpu"].body)
    with pytest.raises(InputError, match="no solution"):
        resolve(line, Request())
