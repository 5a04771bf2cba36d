"""The tables of bugs that people wrote."""

from __future__ import annotations

import ast
import importlib
import itertools
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

from gradlock.errors import InputError
from tests.mutation import table

SUITES = Path(__file__).parents[1] / "image"
HEAD = '[["keras/src/a.py"."f"]]\n'
WHAT, OLD, NEW = 'what = "a sign"\n', 'old = "-x"\n', 'new = "x"\n'


def written(folder: Path, *parts: str) -> Path:
    """Write a table."""
    path = folder / "area.toml"
    path.write_text("".join(parts))
    return path


def test_a_row_says_where_it_is_and_what_sees_it(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD, WHAT, OLD, NEW, 'by = "test_a.py::test_sign"\n')
    (row,) = table.read([path])
    assert row == {
        "table": "area.toml",
        "file": "keras/src/a.py",
        "function": "f",
        "what": "a sign",
        "old": "-x",
        "new": "x",
        "by": "gradients/test_a.py::test_sign",
    }


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ((HEAD, OLD, NEW), "area.toml: keras/src/a.py: f: no 'what'"),
        ((HEAD, WHAT, OLD, NEW, 'test = ""\n'), "'test' says nothing here"),
        ((HEAD, WHAT, OLD, 'new = "-x"\n'), "'old' is 'new'"),
        ((HEAD, WHAT, OLD, NEW, 'missed = "a"\n', 'equivalent = "b"\n'), "either a test sees it"),
        ((HEAD, WHAT, OLD, NEW, 'missed = "a"\n', 'by = "b"\n'), "either a test sees it"),
        ((HEAD, WHAT, OLD, NEW) * 2, "twice: keras/src/a.py"),
    ],
)
def test_a_row_that_cannot_be_planted_is_refused(
    tmp_path: Path, parts: tuple[str, ...], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        table.read([written(tmp_path, *parts)])


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"(?s)no 'what'.*no 'old'"):
        table.read([written(tmp_path, HEAD, OLD, NEW, HEAD, WHAT, NEW)])


def test_no_bug_stands_twice() -> None:
    """Of what is planted, a longer piece may hold a shorter one that is changed alike."""
    of_function: dict[tuple[str, str], list[table.Row]] = defaultdict(list)
    for row in table.read():
        of_function[row["file"], row["function"]].append(row)
    twice = [
        (one["what"], other["what"])
        for rows in of_function.values()
        for one, other in itertools.permutations(rows, 2)
        if one["old"] in other["old"]
        and other["old"].replace(one["old"], one["new"]) == other["new"]
    ]
    assert twice == []


def test_a_sample_is_of_what_a_test_is_known_to_see() -> None:
    """And another seed's is another."""
    rows = [{"what": str(number), "by": "a test"} for number in range(50)] + [{"what": "missed"}]
    samples = [table.sample(rows, seed, 10) for seed in ("one", "one", "other")]
    assert samples[0] == samples[1] != samples[2]
    assert all("by" in row for sample in samples for row in sample)
    assert len(table.sample(rows, "one", 99)) == 50


@cache
def functions(path: Path) -> set[str]:
    """Return the names of the functions of a test's module."""
    return {
        node.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    }


def test_the_tests_that_the_committed_tables_name_are_there() -> None:
    """Else `nox -s mutation -- --bugs` says which test sees a bug now."""
    rows = table.read()
    assert rows
    gone = []
    for row in rows:
        file, _, test = row.get("by", "").partition("::")
        if file and not (
            (SUITES / file).exists() and test.partition("[")[0] in functions(SUITES / file)
        ):
            gone.append(f"{row['table']}: {row['function']}: {row['by']}")
    assert gone == []


def test_the_files_of_the_committed_tables_are_in_scope(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else nothing notes which test runs which of their lines."""
    monkeypatch.syspath_prepend(str(SUITES))
    scope = importlib.import_module("gradients.coverage.scope")
    assert {row["file"] for row in table.read() if not scope.holds(row["file"])} == set()
