"""Runs mutants instead of the suite: `--mutants N`, after a run with `--coverage rows`.

The tests are collected once, and TensorFlow is imported once. Each mutant has a process of its
own; it runs the tests that run its line until one fails. A mutant that no test reaches is none:
coverage tells of it. What became of one stands in a line of `<results>.mutation.jsonl` at once, so
that a later run goes on from there, with `--known`.
"""

from __future__ import annotations

import gc
import json
import os
import random
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

import pytest

from gradients.coverage import scope
from gradients.coverage.rows import Rows
from gradients.mutation import score
from gradients.mutation.mutants import Mutant, mutants
from gradients.mutation.planting import Loaded, loaded, plant
from gradients.mutation.processes import NOT_PLANTED, SURVIVED, Outcome, attempt

#: Seconds of computing that a mutant's tests may take together.
SECONDS = 30
#: The checks of the table that are tried first, since they are cheap and see most.
FIRST = ("reverse", "forward", "relaxed", "function", "float32", "second", "called")
#: What is found of each mutant, by its id.
Known = dict[str, dict[str, Any]]


def add_option(parser: pytest.Parser) -> None:
    """Add `--mutants` and what goes with it."""
    group = parser.getgroup("mutants", "mutants of TensorFlow's and Keras's gradient code")
    group.addoption("--mutants", type=int, default=0, help="plant so many, instead of the suite")
    group.addoption("--seed", default="", help="what they are drawn by: an image's ID, say")
    group.addoption("--seconds", type=int, default=3600, help="begin no mutant after so many")
    group.addoption("--jobs", type=int, default=1, help="so many at a time")
    group.addoption("--rows", default="", help="JSON: which tests run which line")
    group.addoption("--known", default="", help="JSON, a line each: what earlier runs found")
    group.addoption("--state", default="", help="image and suite: what holds for others is no more")


class Mutation:
    """Plants mutants, and keeps what became of each."""

    def __init__(self, config: pytest.Config) -> None:
        self._config, self._option = config, config.getoption
        self._begin = time.monotonic()
        self._path = Path(config.option.xmlpath).with_suffix(".mutation.jsonl")
        self._files = dict(chain(scope.files(), scope.files(scope.HELPERS)))
        self._sources = {name: path.read_text("utf-8") for name, path in self._files.items()}
        self._found: list[dict[str, Any]] = []
        self._unrun = 0
        self._sound: set[str] = set()
        self._unsound: set[str] = set()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run every mutant's tests, in place of the suite's."""
        rows = Rows.of(Path(self._option("--rows")).read_text(encoding="utf-8"))
        there = [
            mutant for name, source in self._sources.items() for mutant in mutants(source, name)
        ]
        run = [mutant for mutant in there if _line(mutant) in rows]
        self._unrun = len(there) - len(run)
        chosen = drawn(run, self._option("--seed"))[: self._option("--mutants")]
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
                self._work(chosen[number::jobs], rows, items, functions, known)
            finally:
                os._exit(0)
        for child in workers:
            os.waitpid(child, 0)
        self._found = list(_known(str(self._path)).values())
        return True

    def _work(
        self,
        chosen: Sequence[Mutant],
        rows: Rows,
        items: Mapping[str, pytest.Item],
        functions: Loaded,
        known: Known,
    ) -> None:
        """Find what becomes of some mutants, and tell of survivors as they come."""
        state, terminal = self._option("--state"), self._config.get_terminal_writer()
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND)
        for mutant in chosen:
            entry = known.get(mutant.id, {})
            if entry.get("state") != state:
                if time.monotonic() - self._begin > self._option("--seconds"):
                    return
                names = [name for name in rows.of_line(_line(mutant)) if name in items]
                # What caught it is tried first.
                tests = [items[name] for name in spread(names, mutant.id, entry.get("by", ""))]
                outcome = self._judge(mutant, tests, functions)
                entry = {"id": mutant.id, "state": state, "tests": len(tests), **asdict(mutant)}
                entry |= asdict(outcome)
                if outcome.status == SURVIVED:
                    terminal.write("\n".join([*score.told(entry), ""]), flush=True)
            # One write a line: no other worker's comes between.
            os.write(file, f"{json.dumps(entry)}\n".encode())

    def _judge(self, mutant: Mutant, tests: list[pytest.Item], functions: Loaded) -> Outcome:
        """Return what becomes of a mutant.

        What fails without it as well proves nothing, and is left out.
        """
        source, path = self._sources[mutant.file], str(self._files[mutant.file])

        def planting() -> bool:
            return plant(mutant, source, path, functions)

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

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail where nothing was planted, or the goal is missed."""
        if session.exitstatus == 0 and (not self._planted or any(one.failed for one in self._all)):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @property
    def _planted(self) -> int:
        return sum(entry["status"] != NOT_PLANTED for entry in self._found)

    @property
    def _all(self) -> list[score.Score]:
        return score.scores(self._found, score.read())

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the survivors by name, and the score."""
        terminalreporter.section("mutants")
        for one in self._all:
            for line in one.lines():
                terminalreporter.line(line)
        terminalreporter.line(
            f"{len(self._found) - self._planted} could not be planted; lines that no test runs "
            f"have {self._unrun} more. Caught by: {score.checks(self._found)}"
        )


def drawn(there: Sequence[Mutant], seed: str) -> list[Mutant]:
    """Return mutants in an order that a seed decides, of each kind of code in turn.

    So each beginning is a sample of each kind.
    """
    kinds: dict[str, list[Mutant]] = defaultdict(list)
    for mutant in there:
        kinds[score.kind(mutant.file)].append(mutant)
    for kind in kinds.values():
        random.Random(seed).shuffle(kind)
    return [one for turn in zip_longest(*kinds.values()) for one in turn if one]


def spread(names: Sequence[str], seed: str, first: str = "") -> Iterator[str]:
    """Yield tests so that each beginning has all kinds: checks by group, tests by function.

    A line that a thousand tests run is wrong for some of them, which are alike.
    """
    kinds: dict[tuple[int, str], list[str]] = defaultdict(list)
    for name in sorted(names):
        kinds[_kind(name)].append(name)
    for kind in kinds.values():
        random.Random(seed).shuffle(kind)
    turns = zip_longest(*(kinds[kind] for kind in sorted(kinds)))
    if first in names:
        yield first
    yield from (name for name in chain.from_iterable(turns) if name and name != first)


def _kind(name: str) -> tuple[int, str]:
    """Return a test's kind, by the place that it has among others."""
    function, _, row = name.partition("[")
    check = row.rpartition("-")[2].rstrip("]")
    if "test_case" not in function:
        return len(FIRST), function
    place = FIRST.index(check) if check in FIRST else len(FIRST) + 1
    return place, f"{row.partition('/')[0]} {check}"


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


def _line(mutant: Mutant) -> str:
    """Return what the rows know a mutant's line by."""
    return f"{mutant.file}:{mutant.line}"


def _known(path: str) -> Known:
    """Return what earlier runs found, from their files' lines."""
    if not path:
        return {}
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return {entry["id"]: entry for entry in map(json.loads, lines)}
