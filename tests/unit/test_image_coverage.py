"""Coverage of gradient code: what there is to run, what ran, and the record of what did not."""

from __future__ import annotations

import importlib
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gradlock.inputs import variants

IMAGE_SUITES = Path(__file__).parents[1] / "image"
SOURCE = '''\
VERSION = 1 if True else 2


def gradient(op, grad):
    """Explain."""
    if op < 0:
        raise ValueError("negative")
    if op is None or grad > 3:
        return [
            grad,
            None,
        ]
    for part in range(op):
        grad += part
    return grad


def _idle(op):
    return op
'''
#: The image's Python is 3.13; the bytecode of others has other jumps.
needs_monitoring = pytest.mark.skipif(
    sys.version_info[:2] != (3, 13), reason="sys.monitoring as the image's Python 3.13 has it"
)


@pytest.fixture
def coverage(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Return the modules."""
    monkeypatch.syspath_prepend(str(IMAGE_SUITES))
    names = ("places", "record", "collector", "measured", "page", "rows")
    return SimpleNamespace(
        environment=importlib.import_module("gradients.environment"),
        **{name: importlib.import_module(f"gradients.coverage.{name}") for name in names},
    )


def statements(coverage: SimpleNamespace) -> dict[str, Any]:
    """Return the statements of the source, by their text."""
    found = coverage.places.Places(SOURCE, "made_up.py").all
    return {place.text: place for place in found if not place.way}


def test_statements_are_those_of_functions(coverage: SimpleNamespace) -> None:
    """Not what runs at import, no docstring; one of three lines is one."""
    found = statements(coverage)
    assert set(found) == {
        *("if op < 0:", 'raise ValueError("negative")', "if op is None or grad > 3:"),
        *("return [", "for part in range(op):", "grad += part", "return grad", "return op"),
    }
    assert (found["return ["].first, found["return ["].last) == (9, 12)
    assert found["return op"].function == "_idle"


def test_what_only_raises_is_a_refusal(coverage: SimpleNamespace) -> None:
    found = coverage.places.Places(SOURCE, "made_up.py").all
    refusals = {place.key for place in found if place.refusal}
    assert 'raise ValueError("negative")' in refusals
    assert "return grad" not in refusals


@needs_monitoring
def test_both_ways_of_each_condition(coverage: SimpleNamespace) -> None:
    ways = {place.key for place in coverage.places.Places(SOURCE, "made_up.py").all if place.way}
    assert ways == {
        *("op < 0 -> true", "op < 0 -> false", "op is None -> true", "op is None -> false"),
        *("grad > 3 -> true", "grad > 3 -> false", "range(op) -> enters", "range(op) -> ends"),
    }


@needs_monitoring
@pytest.mark.parametrize("rows", [False, True])
def test_collector_tells_what_ran(coverage: SimpleNamespace, tmp_path: Path, rows: bool) -> None:
    path = tmp_path / "made_up.py"
    path.write_text(SOURCE)
    module: dict[str, Any] = {}
    exec(compile(SOURCE, str(path), "exec"), module)  # noqa: S102 - our own
    collector = coverage.collector.Collector({str(path): "made_up.py"}, rows=rows, tool=4)
    collector.start()
    try:
        module["gradient"](1, 9)
        first = {place.key for _, place in collector.take()}
        module["gradient"](1, 0)
        second = {place.key for _, place in collector.take()}
    finally:
        collector.stop()
    assert {"grad > 3 -> true", "return [", "op < 0 -> false"} <= first
    assert "return grad" not in first
    assert {
        "grad > 3 -> false",
        "range(op) -> enters",
        "range(op) -> ends",
        "return grad",
    } <= second
    # Of a row all is told, of a session what is new.
    assert ("if op < 0:" in second) == rows


def test_a_record_is_read_as_it_was_written(coverage: SimpleNamespace, tmp_path: Path) -> None:
    record = coverage.record
    unrun = {
        "a/b.py": {"f.<locals>.g": {'x = "\\n"': "tf1", "y -> true": "missing"}, "h": {"*": "tf1"}}
    }
    written = record.Record({"tf1": "TensorFlow 1", "missing": "no row yet"}, unrun)
    record.write(written, tmp_path / "unrun.toml")
    assert record.read(tmp_path / "unrun.toml") == written


def test_a_reason_is_explained(coverage: SimpleNamespace, tmp_path: Path) -> None:
    (tmp_path / "unrun.toml").write_text('["a.py"]\nf.tpu = ["x"]\n')
    with pytest.raises(ValueError, match="no reason 'tpu'"):
        coverage.record.read(tmp_path / "unrun.toml")


def test_a_release_has_a_record_of_what_it_does_not_run_besides(
    coverage: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Joined to the common one; what is left over of it is what was written."""
    record = coverage.record
    monkeypatch.setattr(record, "PATH", tmp_path / "unrun.toml")
    reasons = {"tf1": "TensorFlow 1", "gpu": "of a GPU"}
    common = record.Record(reasons, {"a.py": {"f": {"x = 1": "tf1", "y = 1": "gpu"}}})
    record.write(common, record.PATH)
    monkeypatch.setattr(record.read, "__defaults__", (record.PATH,))
    assert record.held("2.20") == common
    besides = {"a.py": {"f": {"z = 1": "tf1"}, "g": {"*": "tf1"}}, "b.py": {"h": {"*": "tf1"}}}
    other = record.Record({"tf1": "TensorFlow 1"}, besides)
    record.write(other, record.of_release("2.20"))
    held = record.held("2.20")
    assert held.unrun["a.py"]["f"] == {"x = 1": "tf1", "y = 1": "gpu", "z = 1": "tf1"}
    assert held.beyond(common) == other
    assert record.held("2.19") == common


def test_one_word_speaks_for_a_function_that_never_runs(coverage: SimpleNamespace) -> None:
    record = coverage.record.Record({"tf1": "TensorFlow 1"}, {"a.py": {"_idle": {"*": "tf1"}}})
    place = statements(coverage)["return op"]
    assert record.reason("a.py", place, whole=True) == "tf1"
    assert record.reason("a.py", place, whole=False) == ""
    assert record.gone({"a.py": [place]}) == []
    assert record.gone({"a.py": []}) == [("a.py", "_idle", "*")]


def test_what_is_new_is_missing_until_it_has_a_reason(coverage: SimpleNamespace) -> None:
    record = coverage.record
    before = record.Record({"tf1": "", "missing": ""}, {"a.py": {"_idle": {"*": "tf1"}}})
    found = statements(coverage)
    unrun = {"a.py": [found["return op"], found["return ["]]}
    after = record.renewed(before, unrun, {"a.py::_idle"})
    assert after.unrun["a.py"] == {"_idle": {"*": "tf1"}, "gradient": {"return [": "missing"}}


def test_measured_and_its_page(
    coverage: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ran counts, what is new is told by file and line, and the source is text on the page."""
    path = tmp_path / "a.py"
    path.write_text(SOURCE)
    monkeypatch.setattr(coverage.measured.scope, "files", lambda: iter([("keras/a.py", path)]))
    record = coverage.record.Record(
        {"tf1": "of TensorFlow 1"}, {"keras/a.py": {"_idle": {"*": "tf1"}}}
    )
    ran = {
        "keras/a.py": {place for text, place in statements(coverage).items() if text == "return ["}
    }
    measured = coverage.measured.Measured.of(ran, record)
    run, there = measured.share("keras", branches=False)
    assert (run, there) == (1, 7)
    assert any("keras/a.py:15: return grad" in line for line in measured.news())
    page = coverage.page.page(measured)
    assert "of TensorFlow 1" in page
    assert "if op &lt; 0:" in page
    assert not any(loads in page for loads in ("<script", "<link", "src=", "@import"))


def test_rows_of_several_workers_are_joined(coverage: SimpleNamespace) -> None:
    """Both number their tests from 0."""
    one, other = coverage.rows.Rows(), coverage.rows.Rows()
    one.add("a", {"x.py:1", "x.py:2"})
    other.add("b", {"x.py:2"})
    other.add("c", {"x.py:3"})
    one.join(coverage.rows.Rows.of(other.to_json()))
    told = coverage.rows.Rows.of(one.to_json())
    assert [told.of_line(f"x.py:{line}") for line in (1, 2, 3, 4)] == [
        {"a"},
        {"a", "b"},
        {"c"},
        set(),
    ]
    assert "x.py:3" in told
    assert "x.py:4" not in told


def test_a_way_of_a_branch_is_told_beside_its_line(coverage: SimpleNamespace) -> None:
    """Mutants ask for the line alone."""
    statement = coverage.places.Place("f", "if op < 0:", 6, 7)
    way = coverage.places.Place("f", "op < 0", 6, 6, "true")
    assert set(coverage.rows.names("x.py", statement)) == {"x.py:6"}
    assert set(coverage.rows.names("x.py", way)) == {"x.py:6", "x.py:6:op < 0 -> true"}


def test_what_nobody_has_looked_at_is_new(
    coverage: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record that a run wrote itself opens no gate."""
    path = tmp_path / "a.py"
    path.write_text(SOURCE)
    monkeypatch.setattr(coverage.measured.scope, "files", lambda: iter([("keras/a.py", path)]))
    missing = coverage.record.MISSING
    record = coverage.record.Record(
        {missing: "no row yet", "tf1": "of TensorFlow 1"},
        {"keras/a.py": {"_idle": {"*": missing}, "gradient": {"*": "tf1"}}},
    )
    measured = coverage.measured.Measured.of({}, record)
    new = list(measured.kind(coverage.measured.NEW))
    assert {place.function for _, place, _ in new} == {"_idle"}
    assert any("without a reason: keras/a.py:19: return op" in line for line in measured.news())


#: A session of two rows, held to a record of what neither runs.
CONFTEST = """\
from pathlib import Path

from gradients import environment
from gradients.coverage import plugin, record, scope

environment.release = lambda: "{release}" or environment.RECORDED
SOURCE = Path(__file__).with_name("made_up.py")
scope.files = lambda: iter([("keras/made_up.py", SOURCE)])
unrun = {{
    "keras/made_up.py": {{"_idle": {{"*": "tf1"}}, "gradient": {{"op is None -> true": "tf1"}}}}
}}
record.read = lambda: record.Record({{"tf1": "of TensorFlow 1"}}, unrun)
pytest_addoption = plugin.add_option


def pytest_configure(config):
    config.pluginmanager.register(plugin.Coverage(config))
"""
ROWS = """\
import made_up


def test_early():
    assert made_up.gradient(1, 9) == [9, None]


def test_late():
    assert made_up.gradient(1, 0) == 0
"""


def session(
    folder: Path, *words: str, release: str = "", more: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run the two rows, or some, with a release of TensorFlow, else the one of the record."""
    conftest = CONFTEST.format(release=release) + more
    for name, text in (("made_up", SOURCE), ("conftest", conftest), ("test_rows", ROWS)):
        (folder / f"{name}.py").write_text(text)
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--coverage=gate", "-p", "no:cacheprovider"),
            *("--rootdir", ".", "--junitxml=rows.xml", "test_rows.py", *words),
        ],
        cwd=folder,
        env={"PYTHONPATH": str(IMAGE_SUITES), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@needs_monitoring
@pytest.mark.parametrize("row", ["test_early", "test_late"])
def test_the_gate_names_what_a_row_no_longer_runs(tmp_path: Path, row: str) -> None:
    """It opens with both rows, and fails without either."""
    assert session(tmp_path).returncode == 0
    without = session(tmp_path, f"--deselect=test_rows.py::{row}")
    assert without.returncode == 1
    lost = {"test_early": "9: return [", "test_late": "15: return grad"}[row]
    assert f"not run, and without a reason: keras/made_up.py:{lost}" in without.stdout
    assert "have no reason: add rows that run them" in without.stdout


@needs_monitoring
def test_on_another_python_the_gate_says_that_it_holds_to_nothing(tmp_path: Path) -> None:
    """Its bytecode has other branches."""
    python = "environment.PYTHON = (3, 12)"
    done = session(tmp_path, "--deselect=test_rows.py::test_late", more=python)
    assert done.returncode == 0
    assert "held to nothing" in done.stdout
    assert "Python 3.12's, not 3.13's" in done.stdout


def test_the_record_is_of_the_tables_python(coverage: SimpleNamespace) -> None:
    """Else no session would be held to it: make it anew, with the suite's `--coverage record`."""
    found = ".".join(map(str, coverage.environment.PYTHON))
    assert found == variants.load().cpu.python


@needs_monitoring
def test_of_another_release_the_gate_names_files_and_leaves_its_record(tmp_path: Path) -> None:
    """What the common record has is not told again."""
    assert session(tmp_path, release="2.20").returncode == 0
    without = session(tmp_path, "--deselect=test_rows.py::test_late", release="2.20")
    assert without.returncode == 1
    name = "unrun.tensorflow-2.20.toml"
    assert f"not run, and neither in unrun.toml nor in {name}: keras/made_up.py" in without.stdout
    assert f"its reason in gradients/coverage/{name}" in without.stdout
    left = tomllib.loads((tmp_path / f"rows.{name}").read_text())
    assert set(left["keras/made_up.py"]) == {"gradient"}
    assert "return grad" in left["keras/made_up.py"]["gradient"]["missing"]


def test_the_committed_record_has_a_reason_for_everything(coverage: SimpleNamespace) -> None:
    record = coverage.record.read()
    given = {why for of in record.unrun.values() for texts in of.values() for why in texts.values()}
    assert given == set(record.reasons)
    assert coverage.record.MISSING not in given
