"""Which tests the core leaves out: never the known one to see a bug, nor the last of a line."""

from __future__ import annotations

import importlib
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.mutation import choice, table
from tests.mutation.choice import LEAST, Line
from tests.unit.test_mutation_table import SUITES, functions

DEAR = 10 * choice.DEAR


def line(*tests: str, least: int = LEAST) -> Line:
    """Return a line that some tests run."""
    return Line(frozenset(tests), least)


def test_what_takes_longest_for_what_it_runs_goes_first_until_the_goal_is_met() -> None:
    took = {"a": DEAR, "b": 4 * DEAR, "c": 2 * DEAR, "d": DEAR, "e": DEAR}
    lines = [line(*took), line(*took)]
    assert choice.choose(took, lines, set(), 6 * DEAR) == ["b"]
    assert choice.choose(took, lines, set(), 4 * DEAR) == ["b", "c"]
    assert choice.choose(took, lines, set(), 9 * DEAR) == []


def test_the_last_tests_of_a_line_stay() -> None:
    """However long they take; of what three or less run, all."""
    took = dict.fromkeys("abcde", DEAR)
    assert len(choice.choose(took, [line(*took)], set(), 0)) == len(took) - LEAST
    lines = [line(*took, least=1), line("a", "b"), line("c", "d", "e")]
    assert choice.choose(took, lines, set(), 0) == []


def test_a_test_that_runs_what_few_run_is_worth_more() -> None:
    took = dict.fromkeys("abcdefgh", DEAR)
    lines = [line(*took, least=1), line("a", "b", least=1)]
    assert choice.choose(took, lines, set(), 6 * DEAR) == ["c", "d"]


def test_of_two_that_run_the_same_one_goes() -> None:
    """The other is worth more then than those that it was worth less than."""
    took = {"a": 2 * DEAR, "b": 2 * DEAR, "c": DEAR, "d": DEAR}
    lines = [line("a", "b", least=1), line(*"cd", least=0), line(*"cd", least=0)]
    assert choice.choose(took, lines, set(), 3 * DEAR)[0] == "a"
    assert "b" not in choice.choose(took, lines, set(), 0)


def test_what_is_needed_or_cheap_stays() -> None:
    took = {"needed": DEAR, "cheap": choice.DEAR / 2, "a": DEAR}
    assert choice.choose(took, [line(*took, least=0)], {"needed"}, 0) == ["a"]


def test_a_line_of_a_file_that_must_be_run_keeps_more_tests() -> None:
    rows = {"tests": ["a", "b"], "lines": {"x_grad.py:7": [0, 1], "helper.py:8": [1]}}
    found = choice.lines(json.dumps(rows).encode(), {"x_grad.py": {}})
    assert found == [line("a", "b"), line("b", least=choice.LEAST_OF_OTHERS)]
    assert choice.LEAST_OF_OTHERS < LEAST


def test_a_test_has_the_name_and_time_that_its_report_says() -> None:
    case = '<testcase classname="gradients.values.test_a" name="test_b[x]" time="0.25"/>'
    found = choice.seconds(f"<testsuites><testsuite>{case}</testsuite></testsuites>".encode())
    assert found == {"gradients/values/test_a.py::test_b[x]": 0.25}


def test_of_a_mutant_the_test_that_saw_it_last_counts() -> None:
    entries = [{"id": "1", "by": "a"}, {"id": "2", "by": ""}, {"id": "1", "by": "b"}]
    assert choice.catchers(map(json.dumps, entries)) == {"b"}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (
            "test_cases.py::test_case[axes/reduce(axis=-1)-relaxed]",
            "test_cases.py::test_case relaxed",
        ),
        ("test_machinery.py::test_a_loop[while-xla]", "test_machinery.py::test_a_loop"),
        ("test_learning.py::test_digits", "test_learning.py::test_digits"),
    ],
)
def test_a_test_is_a_row_of_its_function_or_of_a_check_of_the_table(name: str, kind: str) -> None:
    assert choice.kind(name) == kind


def test_what_nothing_is_like_stays() -> None:
    """What has no other row, what asks about a kernel or a check, what often sees a bug."""
    case = "test_cases.py::test_case"
    rows = [f"{file}::test[{number}]" for file in ("often", "seldom") for number in range(10)]
    tests = [
        f"{case}[a-xla]",
        f"{case}[b-xla]",
        f"{case}[a-relaxed]",
        f"{case}[b-relaxed]",
        "alone",
    ]
    own = [f"{choice.OWN}::test[{number}]" for number in range(2)]
    seen = ["often::test[1]", "often::test[2]", "seldom::test[1]"]
    found = choice.telling(tests + rows + own, seen)
    assert found == {*tests[:2], "alone", *own, *(row for row in rows if row.startswith("often"))}


@pytest.fixture
def spared(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the suite's module that reads the file."""
    monkeypatch.syspath_prepend(str(SUITES))
    return importlib.import_module("gradients.spared")


def test_the_suite_reads_what_is_written(
    tmp_path: Path, spared: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {'gradients/test_a.py::test_b[a "quoted" name]', "gradients/values/test_c.py::test_d"}
    monkeypatch.setattr(spared, "FILE", tmp_path / "spared.toml")
    spared.FILE.write_text(choice.text(names), encoding="utf-8")
    spared.names.cache_clear()
    try:
        assert spared.names() == names
        there = ["gradients/test_a.py::test_b[x]", "gradients/test_e.py::test_f"]
        assert spared.unknown(there) == ['gradients/test_a.py::test_b[a "quoted" name]']
        assert spared.unknown([*there, *names]) == []
    finally:
        spared.names.cache_clear()


def test_no_test_that_a_table_names_is_left_out(spared: Any) -> None:
    """The core sees every bug: `by` is what nothing else is known to see."""
    assert spared.names() & {row.get("by", "") for row in table.read()} == set()


def test_the_functions_of_the_tests_that_are_left_out_are_there() -> None:
    files = tomllib.loads(choice.FILE.read_text(encoding="utf-8"))
    gone = {
        f"{file}::{name}"
        for file, names in files.items()
        for name in names
        if name.partition("[")[0] not in functions(choice.SUITE / file)
    }
    assert gone == set()
