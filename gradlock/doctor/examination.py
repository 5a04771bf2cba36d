"""The examination: all checks at once, each with its own time, none able to spoil the others."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from gradlock.doctor.findings import SUBJECTS, Finding, Severity, unseen
from gradlock.doctor.question import Question

#: Seconds that a check may take; none that answers at all takes so long, but on a busy machine.
LIMIT, LIMIT_BUSY = 5.0, 10.0


@dataclass(frozen=True)
class Check:
    """One look at one thing: what it is about, its name, and the function that looks."""

    about: str
    name: str
    look: Callable[[Question], Iterable[Finding]]


def examine(
    question: Question, checks: Sequence[Check], *, limit: float = 0
) -> tuple[Finding, ...]:
    """Run all checks side by side; return what they found, the worst first.

    A check that raises, or does not end within `limit` seconds (without one, `LIMIT`, or more
    where the machine is busy), gives the finding that it could not look; what it found before
    stays.
    """
    limit = limit or (LIMIT_BUSY if busy() else LIMIT)
    looks = [_Look(check, question) for check in checks]
    deadline = time.monotonic() + limit
    for look in looks:
        look.begin()
    for look in looks:
        look.end(deadline)
    met: dict[tuple[str, ...], Finding] = {}
    for row in (finding for look in looks for finding in look.findings(limit)):
        met.setdefault((row.about, row.seen, row.mend), row)  # two checks may meet the same thing
    return tuple(
        sorted(
            met.values(), key=lambda row: (-row.severity, SUBJECTS.index(row.about), row.mend == "")
        )
    )


def busy() -> bool:
    """Whether twice as much wants to run on this machine as it has cores."""
    try:
        return os.getloadavg()[0] > 2 * (os.cpu_count() or 1)
    except OSError:
        return False


def status(found: Iterable[Finding]) -> int:
    """Return the command's status: 1 where something is broken, else 0."""
    return int(any(row.severity is Severity.BROKEN for row in found))


class _Look(threading.Thread):
    """A check at work. What hangs is left behind, and ends with the process."""

    def __init__(self, check: Check, question: Question) -> None:
        super().__init__(name=check.name, daemon=True)
        self.check = check
        self.question = question
        self.found: list[Finding] = []
        self.raised = ""

    def begin(self) -> None:
        """Start, or note that this login may have no further thread."""
        try:
            self.start()
        except RuntimeError as error:
            self.raised = str(error)

    def end(self, deadline: float) -> None:
        """Wait for it, if it could start, until a moment of the monotonic clock."""
        if self.ident is not None:
            self.join(max(0.0, deadline - time.monotonic()))

    def run(self) -> None:
        """Look, and note what is found one by one."""
        try:
            self.found.extend(self.check.look(self.question))
        except Exception as error:  # whatever it is, the other checks go on
            self.raised = f"{type(error).__name__}: {error}"

    def findings(self, limit: float) -> list[Finding]:
        """Return what was found, and whether it is all."""
        found = list(self.found)
        if self.is_alive():
            found.append(unseen(f"{self.check.name}: no answer within {limit:g} s"))
        elif self.raised:
            found.append(unseen(f"{self.check.name}: could not look ({self.raised})"))
        return [replace(row, about=self.check.about) for row in found]
