"""The mutants of gradient code: which there are, and that one is planted in what is loaded."""

from __future__ import annotations

import ast
import importlib
import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

IMAGE_SUITES = Path(__file__).parents[1] / "image"
SOURCE = '''\
class Layer:
    def call(self, x):
        """1 + 2."""
        return x - 2


def gradient(op, grad, axis=0):
    if op < 0:
        raise ValueError(1 + 1)
    if op and not grad:
        grad = -grad
    def inner(x):
        return matmul(x, grad, transpose_a=True)
    total = reduce_sum(cast(grad, "float64"), axis=1)
    return inner(total) * 0.5
'''


@pytest.fixture
def mutation(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Return the modules."""
    monkeypatch.syspath_prepend(str(IMAGE_SUITES))
    names = ("mutants", "planting", "plugin")
    return SimpleNamespace(
        **{name: importlib.import_module(f"gradients.mutation.{name}") for name in names}
    )


@pytest.fixture
def found(mutation: SimpleNamespace) -> list[Any]:
    """Return the mutants of the source."""
    return list(mutation.mutants.mutants(SOURCE))


@pytest.mark.parametrize(
    ("pattern", "after"),
    [
        ("operands swapped", "return 2 - x"),
        ("operands swapped", "return matmul(grad, x, transpose_a=True)"),
        ("operator changed", "return x + 2"),
        ("term dropped", "return x"),
        ("term dropped", "return inner(total)"),
        ("sign lost", "grad = grad"),
        ("condition negated", "if op and grad:"),
        ("and for or", "if op or not grad:"),
        ("comparison moved", "if op <= 0:"),
        ("flag flipped", "return matmul(x, grad, transpose_a=False)"),
        ("reduction left out", "total = cast(grad, 'float64')"),
        ("cast lost", "total = reduce_sum(grad, axis=1)"),
        ("axis off by one", "total = reduce_sum(cast(grad, 'float64'), axis=0)"),
        ("constant moved", "return inner(total) * 0.75"),
    ],
)
def test_mistakes(found: list[Any], pattern: str, after: str) -> None:
    assert (pattern, after) in {(one.pattern, one.after) for one in found}


def test_each_differs_from_what_was_there_and_from_the_others(found: list[Any]) -> None:
    assert all(one.before != one.after for one in found)
    assert len({(one.node, one.choice) for one in found}) == len(found)


def test_no_docstring_default_or_refusal_is_touched(found: list[Any]) -> None:
    assert not {3, 7, 9} & {one.line for one in found}


def test_lines_stay_where_they_are(mutation: SimpleNamespace, found: list[Any]) -> None:
    lines = [one.lineno for one in ast.walk(ast.parse(SOURCE)) if isinstance(one, ast.stmt)]
    for one in found:
        tree = mutation.mutants.mutated(SOURCE, one.node, one.choice)
        assert [node.lineno for node in ast.walk(tree) if isinstance(node, ast.stmt)] == lines
        compile(tree, "made_up.py", "exec")


def test_a_mutant_is_planted_where_a_function_is_held(
    mutation: SimpleNamespace, found: list[Any]
) -> None:
    """Not by its name in a module: a registry that holds it has the mutant, too."""
    module: dict[str, Any] = {}
    exec(compile(SOURCE, "made_up.py", "exec"), module)  # noqa: S102 - our own
    registry = {"call": module["Layer"].call}
    functions = mutation.planting.loaded(["made_up.py"])
    (mutant,) = (one for one in found if one.after == "return 2 - x")
    assert registry["call"](None, 5) == 3
    assert mutation.planting.plant(mutant, SOURCE, "made_up.py", functions)
    assert registry["call"](None, 5) == -3
    assert not mutation.planting.plant(mutant, SOURCE, "made_up.py", {})


def test_survivors_are_told_with_their_diff(mutation: SimpleNamespace) -> None:
    common = {"file": "a.py", "line": 3, "outermost": "f", "pattern": "sign lost"}
    diff = {"before": "return -x", "after": "return x"}
    statuses = ("caught", "survived", "hangs", "not planted")
    said = list(mutation.plugin.summary([common | diff | {"status": one} for one in statuses]))
    assert said == [
        *("survived: a.py:3: f: sign lost", "  - return -x", "  + return x"),
        "2 of 3 mutants caught; 1 not planted",
    ]


def test_a_process_of_its_own_answers_or_dies_or_is_ended(mutation: SimpleNamespace) -> None:
    forked = mutation.plugin._forked
    assert forked(lambda: ["caught", "name"], 30) == ["caught", "name"]
    assert forked(lambda: os._exit(3), 30) == mutation.plugin.DIED
    assert forked(lambda: time.sleep(60), 0.2) is None
