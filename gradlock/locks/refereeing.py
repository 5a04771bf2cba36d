"""The referee of a run: pip-compile checks each pip lock that moved, from when all are resolved."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from threading import Lock
from types import TracebackType

from gradlock.command import Program
from gradlock.inputs.variants import Table, Variant
from gradlock.locks.lockfile import LockText
from gradlock.locks.resolve import debian, pip_tools
from gradlock.locks.resolve.pip_tools import Case
from gradlock.progress import say

#: Runs the Python of a variant's image, from an apt lock's base layer.
Python = Callable[[Variant, LockText], AbstractContextManager[Program]]
#: Returns an apt: this machine's, or that of an apt lock's base layer.
Apt = Callable[[LockText | None], debian.Apt]


@dataclass(frozen=True)
class Programs:
    """What resolves for a lock and is a program of Debian's."""

    python: Python
    apt: Apt


class Referee:
    """Checks pip locks while others are still resolved. A context, which ends what it started."""

    def __init__(self, table: Table, python: Python) -> None:
        self._python = python
        self._table = table
        # Half of the time an index is waited for, the other half is a core's.
        self._pool = ThreadPoolExecutor(2 * (os.cpu_count() or 1))
        self._stack = ExitStack()
        self._lock = Lock()
        self._pythons: dict[tuple[str, str], Program] = {}
        self._jobs: dict[str, Future[None]] = {}

    def __enter__(self) -> Referee:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._stack.close()

    def expect(self, variant: Variant, debs: Future[LockText]) -> None:
        """Have a variant's Python made ready, while its lock is still resolved."""
        # Where that fails, it is tried again, and told, when it is needed.
        self._pool.submit(lambda: self._interpreter(variant, debs.result()))

    def call(self, cases: Iterable[Case], debs: Callable[[Variant], Future[LockText]]) -> None:
        """Have locks checked, each under its own Python; those that share one in one go."""
        together: dict[tuple[str, str], list[Case]] = {}
        for case in cases:
            together.setdefault(_python(case.variant), []).append(case)
        for some in together.values():
            job = self._pool.submit(self._check, some, debs(some[0].variant))
            self._jobs.update((case.variant.name, job) for case in some)

    def verdict(self) -> None:
        """Wait for all.

        Raises:
            LockError: the resolvers disagree on a lock.

        """
        for job in self._jobs.values():
            job.result()
        if self._jobs:
            names = (row.name for row in self._table if row.name in self._jobs)
            say(f"pip-compile agrees on {', '.join(names)}")

    def _check(self, cases: Sequence[Case], debs: Future[LockText]) -> None:
        interpreter = self._interpreter(cases[0].variant, debs.result())
        pip_tools.referee(cases, self._table.as_of, interpreter)

    def _interpreter(self, variant: Variant, debs: LockText) -> Program:
        """Return the Python of a variant's image; those of one release and platform share it."""
        which = _python(variant)
        with self._lock:
            if which not in self._pythons:
                program = self._stack.enter_context(self._python(variant, debs))
                self._pythons[which] = program
            return self._pythons[which]


def _python(variant: Variant) -> tuple[str, str]:
    return variant.python, variant.platform
