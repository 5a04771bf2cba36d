"""Coverage of gradient code: what there is to run, what ran, and the record of what did not."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

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
    names = ("places", "record", "collector", "measured", "page")
    return SimpleNamespace(
        **{name: importlib.import_module(f"gradients.coverage.{name}") for name in names}
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
    assert any("keras/a.py:15: return grad" in line for line in measured.lines())
    page = coverage.page.page(measured)
    assert "of TensorFlow 1" in page
    assert "if op &lt; 0:" in page
    assert not any(loads in page for loads in ("<script", "<link", "src=", "@import"))


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
    assert any("without a reason: keras/a.py:19: return op" in line for line in measured.lines())


#: A session of two rows, held to a record of what neither runs.
CONFTEST = """\
from pathlib import Path

from gradients.coverage import plugin, record, scope

SOURCE = Path(__file__).with_name("made_up.py")
scope.files = lambda: iter([("keras/made_up.py", SOURCE)])
unrun = {
    "keras/made_up.py": {"_idle": {"*": "tf1"}, "gradient": {"op is None -> true": "tf1"}}
}
record.read = lambda: record.Record({"tf1": "of TensorFlow 1"}, unrun)
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


@needs_monitoring
@pytest.mark.parametrize("row", ["test_early", "test_late"])
def test_the_gate_names_what_a_row_no_longer_runs(tmp_path: Path, row: str) -> None:
    """It opens with both rows, and fails without either."""
    for name, text in (("made_up", SOURCE), ("conftest", CONFTEST), ("test_rows", ROWS)):
        (tmp_path / f"{name}.py").write_text(text)

    def session(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "--coverage=gate", "-p", "no:cacheprovider"),
                *("--rootdir", ".", "--junitxml=rows.xml", "test_rows.py", *words),
            ],
            cwd=tmp_path,
            env={"PYTHONPATH": str(IMAGE_SUITES), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )

    assert session().returncode == 0
    without = session(f"--deselect=test_rows.py::{row}")
    assert without.returncode == 1
    lost = {"test_early": "9: return [", "test_late": "15: return grad"}[row]
    assert f"not run, and without a reason: keras/made_up.py:{lost}" in without.stdout
    assert "have no reason: add rows that run them" in without.stdout


def test_the_committed_record_has_a_reason_for_everything(coverage: SimpleNamespace) -> None:
    record = coverage.record.read()
    given = {why for of in record.unrun.values() for texts in of.values() for why in texts.values()}
    assert given == set(record.reasons)
    assert coverage.record.MISSING not in given
