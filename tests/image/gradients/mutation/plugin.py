"""Runs mutants instead of the suite: `--mutants N`, after a run with `--coverage rows`.

The tests are collected once, and TensorFlow is imported once. Each mutant has a process, forked
before TensorFlow started a thread; it runs the tests that run its line until one fails. A mutant
that no test reaches is none: coverage tells of it.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from gradients.coverage import scope
from gradients.mutation.mutants import Mutant, mutants
from gradients.mutation.planting import Loaded, loaded, plant

#: Seconds that a mutant's tests may take; one that hangs is caught.
LIMIT = 60
#: How many tests a mutant is held to: forward mode and the cheap ones first.
ROWS = 40
ORDER = ("forward", "reverse", "second", "function", "jacobian", "float32")
#: What stands for the answer of a process that gave none.
DIED = "the process died"
CAUGHT, SURVIVED, HANGS, NOT_PLANTED = "caught", "survived", "hangs", "not planted"


def add_option(parser: pytest.Parser) -> None:
    """Add `--mutants` and what goes with it."""
    parser.addoption(
        "--mutants", type=int, default=0, help="plant so many mutants, drawn by --seed"
    )
    parser.addoption("--seed", default="", help="what the mutants are drawn by: an image's ID")


class Mutation:
    """Plants mutants, and keeps what became of each."""

    def __init__(self, config: pytest.Config) -> None:
        self._stem = Path(config.option.xmlpath).with_suffix("")
        self._count, self._seed = config.getoption("--mutants"), config.getoption("--seed")
        self._files = dict(scope.files())
        self._found: list[dict[str, Any]] = []
        self._passes: dict[str, bool] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run every mutant's tests, in place of the suite's."""
        rows = json.loads(self._stem.with_suffix(".rows.json").read_text(encoding="utf-8"))
        items = {item.nodeid: item for item in session.items}
        functions = loaded(map(str, self._files.values()))
        for file, mutant in self._drawn(rows):
            ids = [name for name in rows[f"{file}:{mutant.line}"] if name in items]
            tests = self._sound([items[name] for name in sorted(set(ids), key=_rank)[:ROWS]])
            if not tests:
                continue
            status, by = self._attempt(file, mutant, tests, functions)
            self._found.append(
                {"file": file, **asdict(mutant), "status": status, "by": by, "tests": len(tests)}
            )
        text = json.dumps(self._found, indent=1) + "\n"
        self._stem.with_suffix(".mutation.json").write_text(text, encoding="utf-8")
        return True

    def _drawn(self, rows: dict[str, list[str]]) -> list[tuple[str, Mutant]]:
        """Return the mutants of lines that are run: as many as are asked for, by the seed."""
        there = [
            (name, mutant)
            for name, path in self._files.items()
            for mutant in mutants(path.read_text(encoding="utf-8"))
            if f"{name}:{mutant.line}" in rows
        ]
        return random.Random(self._seed).sample(there, min(self._count, len(there)))

    def _attempt(
        self, file: str, mutant: Mutant, tests: list[pytest.Item], functions: Loaded
    ) -> tuple[str, str]:
        """Run a mutant's tests in a process of its own; return what became of it, by which test."""
        path = self._files[file]
        source = path.read_text(encoding="utf-8")

        def run() -> tuple[str, str]:
            if not plant(mutant, source, str(path), functions):
                return NOT_PLANTED, ""
            return next(((CAUGHT, name) for name in _failing(tests)), (SURVIVED, ""))

        found = _forked(run, LIMIT)
        if found is None:
            return HANGS, ""
        # A process that ended without an answer was ended by the mutant: that is seen.
        status, by = (CAUGHT, DIED) if found == DIED else found
        return status, by

    def _sound(self, tests: list[pytest.Item]) -> list[pytest.Item]:
        """Return the tests that pass in such a process without a mutant: others prove nothing."""
        new = [test for test in tests if test.nodeid not in self._passes]
        if new:
            found = _forked(lambda: list(_failing(new)), LIMIT + len(new))
            failing = found if isinstance(found, list) else [test.nodeid for test in new]
            self._passes.update({test.nodeid: test.nodeid not in failing for test in new})
        return [test for test in tests if self._passes[test.nodeid]]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the score, and the survivors by name."""
        terminalreporter.section("mutants")
        for line in summary(self._found):
            terminalreporter.line(line)


def summary(found: list[dict[str, Any]]) -> Iterator[str]:
    """Yield each survivor with its diff, then the score."""
    for one in found:
        if one["status"] == SURVIVED:
            yield f"survived: {one['file']}:{one['line']}: {one['outermost']}: {one['pattern']}"
            yield f"  - {one['before']}"
            yield f"  + {one['after']}"
    planted = [one for one in found if one["status"] != NOT_PLANTED]
    caught = sum(one["status"] != SURVIVED for one in planted)
    yield f"{caught} of {len(planted)} mutants caught; {len(found) - len(planted)} not planted"


def _rank(name: str) -> tuple[int, str]:
    """Return where a test stands among those that a mutant is held to."""
    check = name.rpartition("-")[2].rstrip("]")
    return ORDER.index(check) if check in ORDER else len(ORDER), name


def _failing(tests: list[pytest.Item]) -> Iterator[str]:
    """Run tests, and yield those that fail."""
    for number, test in enumerate(tests):
        following = tests[number + 1] if number + 1 < len(tests) else None
        if any(report.failed for report in runtestprotocol(test, log=False, nextitem=following)):
            yield test.nodeid


def _forked(run: Callable[[], Any], seconds: float) -> Any:
    """Return what a function returns in a process of its own, as JSON has it.

    None: it was not done after so many seconds; `DIED`: the process ended without an answer.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        # `_exit`: what stands in a buffer is printed by the parent, once.
        try:
            os.write(writing, json.dumps([run()]).encode())
        finally:
            os._exit(0)
    os.close(writing)
    ready, _, _ = select.select([reading], [], [], seconds)
    if not ready:
        os.kill(child, signal.SIGKILL)
    with open(reading, "rb") as answer:  # noqa: PTH123 - a pipe has no path
        data = answer.read() if ready else b""
    os.waitpid(child, 0)
    if not ready:
        return None
    return json.loads(data)[0] if data else DIED
