"""Bugs that people wrote: found in a source, planted in what is loaded, and judged."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

IMAGE_SUITES = Path(__file__).parents[1] / "image"
SOURCE = '''\
def scaled(x, by=2):
    """x by 2."""
    if x < 0:
        y = -x
    else:
        y = x
    return (
        y
        * by
    )


def other(x):
    return x + 1 + 1


def rule(by):
    def times(x):
        return x * by
    return times


class Layer:
    @property
    def rate(self):
        return self._rate

    @rate.setter
    def rate(self, value):
        def inner():
            return value
        self._rate = inner()
'''
FILE = "keras/src/optimizers/made_up.py"


@pytest.fixture
def mutation(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Return the modules."""
    monkeypatch.syspath_prepend(str(IMAGE_SUITES))
    names = ("bugs", "corpus", "planting", "tasks")
    return SimpleNamespace(
        **{name: importlib.import_module(f"gradients.mutation.{name}") for name in names}
    )


def row(function: str, old: str, new: str, **words: str) -> dict[str, str]:
    """Return a row of a table."""
    place = {"table": "area.toml", "file": FILE, "function": function}
    return place | {"what": "made up", "old": old, "new": new} | words


@pytest.mark.parametrize(
    ("function", "old", "lines"),
    [
        ("scaled", "* by", (7,)),
        ("scaled", "\n        y = -x\n", (4,)),
        ("scaled", "x < 0", (3,)),
        ("scaled", "y = -x\n    else:\n        y = x", (3, 4, 6)),
        ("other", "x + 1", (14,)),
        ("Layer.rate", "return self._rate", (26,)),
        ("Layer.rate", "return value", (31,)),
        ("Layer.rate.<locals>.inner", "return value", (31,)),
    ],
)
def test_it_is_held_to_the_statements_that_it_touches(
    mutation: SimpleNamespace, function: str, old: str, lines: tuple[int, ...]
) -> None:
    """One that stands on several lines begins on its first."""
    assert mutation.bugs.found(row(function, old, "pass"), SOURCE).lines == lines


@pytest.mark.parametrize(
    ("function", "old", "said"),
    [
        ("other", "+ 1", "2 times"),
        ("other", "y = x", "0 times"),
        ("scaled", "by=2", "0 times"),
        ("inner", "return value", "no function of that name"),
    ],
)
def test_what_does_not_stand_once_in_a_functions_body_is_gone(
    mutation: SimpleNamespace, function: str, old: str, said: str
) -> None:
    """A default is no part of it: it was computed when the function was made."""
    with pytest.raises(mutation.bugs.GoneError, match=said):
        mutation.bugs.found(row(function, old, ""), SOURCE)


def test_it_is_planted_where_a_function_is_held(mutation: SimpleNamespace) -> None:
    """And nowhere else, though it has more lines than what it replaces.

    What the function made before has it, too.
    """
    module: dict[str, Any] = {}
    exec(compile(SOURCE, FILE, "exec"), module)  # noqa: S102 - our own
    registry = {"scaled": module["scaled"], "times": module["rule"](3)}
    layer = module["Layer"]()
    functions = mutation.planting.loaded([FILE])
    for function, old, new in (
        ("scaled", "y = -x", "y = -x\n        y = y + 1"),
        ("Layer.rate", "return value", "return -value"),
        ("rule", "return x * by", "return x + by"),
    ):
        bug = mutation.bugs.found(row(function, old, new), SOURCE)
        assert mutation.planting.plant(bug, SOURCE, FILE, functions)
    assert [registry["scaled"](x) for x in (-3, 3)] == [8, 6]
    assert registry["times"](5) == module["rule"](3)(5) == 8
    layer.rate = 1
    assert layer.rate == -1
    assert module["other"](1) == 3


def test_it_is_known_by_what_it_does_and_not_by_what_is_said_of_it(
    mutation: SimpleNamespace,
) -> None:
    one, moved, other = (
        mutation.bugs.found(row("scaled", "y = -x", new, **words), source).id
        for new, words, source in (
            ("y = x", {}, SOURCE),
            ("y = x", {"what": "another", "by": "a test", "missed": "a row"}, f"\n\n{SOURCE}"),
            ("y = 0", {}, SOURCE),
        )
    )
    assert one == moved
    assert one != other


@pytest.mark.parametrize(
    ("status", "words", "failed"),
    [
        ("caught", {}, False),
        ("died", {}, False),
        ("hangs", {}, False),
        ("survived", {}, True),
        ("unrun", {}, True),
        ("not planted", {}, True),
        ("survived", {"missed": "a row"}, False),
        ("unrun", {"missed": "a row"}, False),
        ("survived", {"equivalent": "it is 0"}, False),
        ("not planted", {"missed": "a row"}, True),
        ("not planted", {"equivalent": "it is 0"}, True),
        ("caught", {"missed": "a row"}, True),
        ("caught", {"equivalent": "it is 0"}, True),
    ],
)
def test_each_must_be_what_its_table_says(
    mutation: SimpleNamespace, status: str, words: dict[str, str], failed: bool
) -> None:
    """What is known to be missed is told; once it is caught, the table is wrong."""
    task = mutation.tasks.Bugs.of([row("scaled", "y = -x", "y = x", **words)], {FILE: SOURCE})
    assert task.failed([entry(status, words)]) == failed
    said = "\n".join(task.lines([entry(status, words)]))
    assert ("- y = -x\n  + y = x" in said) == failed
    assert ("known to be missed: " in said) == (bool(words.get("missed")) and not failed)


def test_what_was_not_tried_or_is_not_in_the_release_fails(mutation: SimpleNamespace) -> None:
    there, gone = row("scaled", "y = -x", "y = x"), row("scaled", "y = +x", "y = x")
    sources = {FILE: SOURCE}
    assert mutation.tasks.Bugs.of([there, there], sources).failed([entry("caught", {})])
    assert mutation.tasks.Bugs.of([], sources).failed([])
    for wrong, why in ((gone, "stands 0 times"), (there | {"file": "keras/a.py"}, "scope.py")):
        task = mutation.tasks.Bugs.of([there, wrong], sources)
        assert task.failed([entry("caught", {})])
        (said,) = task.gone
        assert said.startswith("area.toml: keras/")
        assert why in said
        assert "write the bug for this release, or take it out" in said
        assert said in task.lines([entry("caught", {})])


def entry(status: str, words: dict[str, str]) -> dict[str, Any]:
    """Return what is found of a bug."""
    place = {"file": FILE, "line": 4, "outermost": "scaled", "pattern": "made up"}
    diff = {"before": "y = -x", "after": "y = x", "ran": 1, "tests": 2, "by": "a test"}
    return place | diff | {"status": status, "equivalent": "", "missed": ""} | words
