"""Runs tests in a process of their own, forked, in which a mutant may be planted."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from _pytest.runner import runtestprotocol
from _pytest.warnings import catch_warnings_for_item

#: What can become of a mutant. What ends its process, or does not end, is seen: it is caught.
CAUGHT, SURVIVED, DIED, HANGS, NOT_PLANTED = STATUSES = (
    *("caught", "survived", "died", "hangs"),
    "not planted",
)
#: Seconds that a test may take: the slowest takes 20 on a machine that has other things to do.
LIMIT = 120


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant, how many tests were begun, and the name of the last, if it told."""

    status: str
    ran: int
    by: str = ""


def attempt(
    tests: Sequence[pytest.Item], plant: Callable[[], bool] = lambda: True, seconds: float = 1e9
) -> Outcome:
    """Plant, then run tests until one fails, or a process's `seconds` of computing are spent.

    Nothing that is planted, or that a test leaves, is there afterwards. TensorFlow may not have
    started its threads yet: they are not in the forked process.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        # `_exit`: what stands in a buffer is printed by the parent, once.
        try:
            os.close(reading)
            _run(tests, plant, seconds, writing)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        lines = told.read().splitlines()
    _, ended = os.waitpid(child, 0)
    answer = lines.pop() if lines and lines[-1] in STATUSES else ""
    ran = len(lines)
    if answer in (SURVIVED, NOT_PLANTED):
        return Outcome(answer, ran)
    if not ran:
        # It ended while the mutant was compiled, or put in its place.
        return Outcome(NOT_PLANTED, ran)
    hangs = os.WIFSIGNALED(ended) and os.WTERMSIG(ended) == signal.SIGALRM
    return Outcome(answer or (HANGS if hangs else DIED), ran, tests[ran - 1].nodeid)


def _run(
    tests: Sequence[pytest.Item], plant: Callable[[], bool], seconds: float, writing: int
) -> None:
    """Do it, and tell each test that is begun, then the answer, a line each."""
    # What a process says that dies is nobody's, and processes beside it would mix it up.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    answer = SURVIVED if plant() else NOT_PLANTED
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    for number, test in enumerate(tests if answer == SURVIVED else ()):
        if time.process_time() > seconds:
            break
        os.write(writing, f"{number}\n".encode())
        signal.alarm(LIMIT)
        following = tests[number + 1] if number + 1 < len(tests) else None
        if _fails(test, following):
            answer = CAUGHT
            break
    os.write(writing, f"{answer}\n".encode())


def _fails(test: pytest.Item, following: pytest.Item | None) -> bool:
    """Run a test; the session's filters of warnings hold, and its own."""
    with catch_warnings_for_item(test.config, test.ihook, when="runtest", item=test):
        reports = runtestprotocol(test, log=False, nextitem=following)
    return any(report.failed for report in reports)
