"""Measures coverage in a session of pytest, over all of its workers, and holds it to the record.

`--coverage gate` fails the session where something is not run and has no reason; `record` does not,
nor does `gate` on another Python than the record's.
Both write the record anew, `<results>.unrun.toml`, or of a release that it is not of what differs
there, `<results>.unrun.tensorflow-2.20.toml`; `rows` keeps which test runs which place, for
mutants and for the choice of tests.
Import this before TensorFlow: what runs while it is imported is not told.
"""

from __future__ import annotations

import json
import sys
import threading
from collections import defaultdict
from collections.abc import Generator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from gradients import environment
from gradients.coverage import record, rows, scope
from gradients.coverage.collector import Collector
from gradients.coverage.measured import NEW, SHOWN, Measured, read_all
from gradients.coverage.page import page
from gradients.coverage.places import Place
from gradients.coverage.rows import Rows

OFF, GATE, RECORD, ROWS = MODES = ("off", "gate", "record", "rows")
#: A place in a file, as workers send it.
Sent = tuple[str, str]


def add_option(parser: pytest.Parser) -> None:
    """Add `--coverage`."""
    parser.addoption(
        "--coverage",
        choices=MODES,
        default=OFF,
        help="of a whole run: hold what gradient code is run to the record, or renew it",
    )


class Coverage:
    """What ran in this process, and, where it is the one that asked, in its workers."""

    def __init__(self, config: pytest.Config) -> None:
        self._config, self._mode = config, config.getoption("--coverage")
        by_test = self._mode == ROWS
        known = scope.everything() if by_test else dict(scope.files())
        self._files = {str(path): name for name, path in known.items()}
        self._ran: dict[str, set[Place]] = defaultdict(set)
        self._rows = Rows()
        self._measured: Measured | None = None
        self._file = record.PATH.name
        self._other_python = sys.version_info[:2] != environment.PYTHON
        self._gone: list[tuple[str, str, str]] = []
        self._collector = Collector(self._files, rows=by_test)
        self._collector.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Take what a test ran."""
        answer = yield
        found = self._collector.take()
        for file, place in found:
            self._ran[file].add(place)
        if self._mode == ROWS:
            self._rows.add(item.nodeid, {name for one in found for name in rows.names(*one)})
        return answer

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_setupnodes(self) -> None:
        """Read what there is to run while workers do, not while nothing else is left to do."""
        threading.Thread(target=read_all, daemon=True).start()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what a worker ran."""
        output = getattr(node, "workeroutput", {})
        for file, places in json.loads(output.get("coverage", "{}")).items():
            self._ran[file].update(Place(**place) for place in places)
        if "rows" in output:
            self._rows.join(Rows.of(output["rows"]))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Judge, and write the reports beside JUnit's file; a worker sends what it ran."""
        self._collector.stop()
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            ran = {file: [asdict(place) for place in found] for file, found in self._ran.items()}
            output["coverage"], output["rows"] = json.dumps(ran), self._rows.to_json()
            return
        if not self._ran:
            return
        release = environment.release()
        own = release == environment.RECORDED
        self._file = (record.PATH if own else record.of_release(release)).name
        known = record.held(release)
        self._measured = measured = Measured.of(self._ran, known)
        self._gone = known.gone(measured.unrun()) if own and not self._other_python else []
        held = self._mode == GATE and not self._other_python
        if held and any(measured.kind(NEW)) and session.exitstatus == 0:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if xml := self._config.option.xmlpath:
            stem = Path(xml).with_suffix("")
            stem.with_suffix(".coverage.json").write_text(measured.to_json(), encoding="utf-8")
            stem.with_suffix(".coverage.html").write_text(page(measured), encoding="utf-8")
            if self._mode in (GATE, RECORD):
                new = record.renewed(known, measured.unrun(), measured.whole())
                left = new if own else new.beyond(record.read())
                record.write(left, stem.with_suffix(f".{self._file}"))
            if self._mode == ROWS:
                stem.with_suffix(".rows.json").write_text(self._rows.to_json(), encoding="utf-8")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print what share ran, and what is new."""
        if self._measured:
            terminalreporter.section("coverage of gradient code")
            news = [self._unheld()] if self._other_python else self._measured.news(self._file)
            for line in (*self._measured.lines(), *news):
                terminalreporter.line(line)
            for file, function, text in self._gone[:SHOWN]:
                terminalreporter.line(
                    f"in unrun.toml, and run or not there: {file}: {function}: {text}"
                )
            if self._gone:
                terminalreporter.line(f"{len(self._gone)} in all may be taken out of unrun.toml")

    def _unheld(self) -> str:
        """Say why the record says nothing here."""
        theirs, ours = environment.PYTHON, sys.version_info
        return (
            "held to nothing: which ways a branch has is read from bytecode, and the record has "
            f"Python {theirs[0]}.{theirs[1]}'s, not {ours[0]}.{ours[1]}'s"
        )
