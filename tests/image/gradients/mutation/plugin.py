"""Plants mutants or bugs instead of running the suite: `--mutants N`, or `--bugs FILE`.

The tests are collected once, and TensorFlow is imported once. Each mutant has a process of its
own; it runs the tests that run its line until one fails: `--rows` is what a run with `--coverage
rows` left. A bug that is planted without is held to the test that its table names. What became of
one stands in a line of `<results>.mutation.jsonl` at once, so that a later run goes on from there,
with `--known`.
"""

from __future__ import annotations

import gc
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from gradients.coverage import scope
from gradients.coverage.rows import Rows
from gradients.mutation import order, score
from gradients.mutation.change import Change
from gradients.mutation.corpus import UNRUN
from gradients.mutation.planting import Loaded, loaded, plant
from gradients.mutation.processes import NOT_PLANTED, SURVIVED, Outcome, attempt
from gradients.mutation.tasks import Bugs, Mutants, Task

#: Seconds of computing that a mutant's tests may take together.
SECONDS = 30
#: What is found of each mutant, by its id.
Known = dict[str, dict[str, Any]]
#: What is taken of an earlier run that had the same image and suite.
FOUND = ("tests", "status", "ran", "by")


def add_option(parser: pytest.Parser) -> None:
    """Add `--mutants`, `--bugs` and what goes with them."""
    group = parser.getgroup("mutants", "mutants of TensorFlow's and Keras's gradient code")
    group.addoption("--mutants", type=int, default=0, help="plant so many, instead of the suite")
    group.addoption("--bugs", default="", help="JSON, a list of rows: plant these, instead of it")
    group.addoption("--seed", default="", help="what they are drawn by: an image's ID, say")
    group.addoption("--seconds", type=int, default=3600, help="begin no mutant after so many")
    group.addoption("--jobs", type=int, default=1, help="so many at a time")
    group.addoption("--rows", default="", help="JSON: which tests run which line")
    group.addoption("--known", default="", help="JSON, a line each: what earlier runs found")
    group.addoption("--state", default="", help="image and suite: what holds for others is no more")


class Mutation:
    """Plants mutants or bugs, and keeps what became of each."""

    def __init__(self, config: pytest.Config) -> None:
        self._config, self._option = config, config.getoption
        self._begin = time.monotonic()
        self._path = Path(config.option.xmlpath).with_suffix(".mutation.jsonl")
        self._files = scope.everything()
        self._sources = {name: path.read_text("utf-8") for name, path in self._files.items()}
        rows = self._option("--rows")
        self._rows = Rows.of(Path(rows).read_text(encoding="utf-8")) if rows else None
        self._task = self._given()
        self._found: list[dict[str, Any]] = []
        self._sound: set[str] = set()
        self._unsound: set[str] = set()

    def _given(self) -> Task:
        """Return what the options ask for."""
        if bugs := self._option("--bugs"):
            return Bugs.of(json.loads(Path(bugs).read_text(encoding="utf-8")), self._sources)
        if self._rows is None:
            raise pytest.UsageError("--mutants needs --rows: which tests run which line")
        seed, count = self._option("--seed"), self._option("--mutants")
        return Mutants.drawn(self._sources, self._rows, seed, count)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run every mutant's tests, in place of the suite's."""
        known = _known(self._option("--known"))
        items = {item.nodeid: item for item in session.items}
        functions = loaded(map(str, self._files.values()))
        _one_thread()
        # Else every process would copy what its collections of garbage touch: all there is.
        gc.freeze()
        self._path.touch()
        workers = []
        for number in range(jobs := self._option("--jobs")):
            if child := os.fork():
                workers.append(child)
                continue
            try:
                self._work(self._task.chosen[number::jobs], items, functions, known)
            finally:
                os._exit(0)
        for child in workers:
            os.waitpid(child, 0)
        self._found = list(_known(str(self._path)).values())
        return True

    def _work(
        self,
        chosen: Sequence[Change],
        items: Mapping[str, pytest.Item],
        functions: Loaded,
        known: Known,
    ) -> None:
        """Find what becomes of some mutants, and tell of survivors as they come."""
        state, terminal = self._option("--state"), self._config.get_terminal_writer()
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND)
        for change in chosen:
            entry = {"id": change.id, "state": state, "line": change.lines[0], **asdict(change)}
            before = known.get(change.id, {})
            if before.get("state") == state:
                entry |= {name: before[name] for name in FOUND}
            elif time.monotonic() - self._begin > self._option("--seconds"):
                return
            else:
                names = [name for name in {*self._names(change), change.by} if name in items]
                # What caught it is tried first.
                first = before.get("by") or change.by
                tests = [items[name] for name in order.spread(names, change.id, first)]
                outcome = self._judge(change, tests, functions)
                entry |= {"tests": len(tests), **asdict(outcome)}
                if outcome.status in (SURVIVED, UNRUN):
                    terminal.write("\n".join([*score.told(entry), ""]), flush=True)
            # One write a line: no other worker's comes between.
            os.write(file, f"{json.dumps(entry)}\n".encode())

    def _names(self, change: Change) -> set[str]:
        """Return the tests that are known to run a line of a change."""
        if self._rows is None:
            return set()
        lines = (f"{change.file}:{line}" for line in change.lines)
        return set().union(*map(self._rows.of_line, lines))

    def _judge(self, change: Change, tests: list[pytest.Item], functions: Loaded) -> Outcome:
        """Return what becomes of a mutant.

        What fails without it as well proves nothing, and is left out.
        """
        source, path = self._sources[change.file], str(self._files[change.file])
        if not tests:
            return Outcome(UNRUN, 0)

        def planting() -> bool:
            return plant(change, source, path, functions)

        while True:
            tests = [test for test in tests if test.nodeid not in self._unsound]
            if not tests:
                return Outcome(NOT_PLANTED, 0)
            outcome = attempt(tests, planting, SECONDS)
            if not outcome.by or outcome.by in self._sound:
                return outcome
            without = attempt(tests[: outcome.ran])
            if without.status == SURVIVED:
                self._sound.add(outcome.by)
                return outcome
            self._unsound.add(without.by)
            terminal = self._config.get_terminal_writer()
            terminal.write(f"fails without a mutant, and is left out: {without.by}\n", flush=True)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail where the task did."""
        if session.exitstatus == 0 and self._task.failed(self._found):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print what the task says."""
        terminalreporter.section("mutants")
        for line in self._task.lines(self._found):
            terminalreporter.line(line)


def _one_thread() -> None:
    """Have TensorFlow compute in one thread, which it starts in each process.

    Those that it has started already would not be in a forked one, which would wait for them.
    """
    import tensorflow as tf

    try:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError as error:
        message = "a test's module computes while it is imported: let its tests do that"
        raise pytest.UsageError(f"{message} ({error})") from error


def _known(path: str) -> Known:
    """Return what earlier runs found, from their files' lines."""
    if not path:
        return {}
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return {entry["id"]: entry for entry in map(json.loads, lines)}
