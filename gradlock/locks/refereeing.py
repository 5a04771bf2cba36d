"""The referee of a run: pip-compile checks each pip lock that moved, from when it is resolved."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from threading import Lock
from types import TracebackType

from gradlock.command import Program
from gradlock.inputs.variants import Table, Variant
from gradlock.locks import lockfile
from gradlock.locks.lockfile import LockText
from gradlock.locks.resolve import debian, pip_tools
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
    """Checks locks while others are still resolved. A context, which ends what it has started."""

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

    def call(
        self, variant: Variant, debs: Future[LockText], lock: LockText, leader: LockText | None
    ) -> None:
        """Have a variant's lock checked, under its own Python; `leader`: which it follows."""
        self._jobs[variant.name] = self._pool.submit(self._check, variant, debs, lock, leader)

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

    def _check(
        self, variant: Variant, debs: Future[LockText], lock: LockText, leader: LockText | None
    ) -> None:
        pip_tools.referee(
            variant,
            self._table.as_of,
            self._interpreter(variant, debs.result()),
            lockfile.parse_wheels(lock),
            lockfile.parse_wheels(leader) if leader else (),
        )

    def _interpreter(self, variant: Variant, debs: LockText) -> Program:
        """Return the Python of a variant's image; those of one release and platform share it."""
        which = (variant.python, variant.platform)
        with self._lock:
            if which not in self._pythons:
                program = self._stack.enter_context(self._python(variant, debs))
                self._pythons[which] = program
            return self._pythons[which]
