"""Interrupts: Ctrl-C, a cancelled job and a closed terminal all end a command the same way."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from gradlock import command

#: What a person, a CI system or a terminal sends to end a command.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(KeyboardInterrupt):
    """A signal that ends the command; what is under way cleans up, as after Ctrl-C."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number

    @property
    def status(self) -> int:
        """The status that a shell shows for it: 130 for Ctrl-C, 143 for SIGTERM."""
        return 128 + self.number


@contextmanager
def raised() -> Iterator[None]:
    """Have the signals that end a command raise `Interrupted` in this block; main thread only.

    The first ends every running command of any thread and raises. While the block then cleans
    up, only another Ctrl-C raises again: a person may insist, a CI system only repeats itself.
    A SIGHUP that is ignored stays so (`nohup`); a SIGINT does not: a shell has its background
    jobs ignore it, and a job that cannot be interrupted cannot clean up either.

    Raises:
        Interrupted: a signal came.

    """
    came = False

    def end(number: int, _frame: FrameType | None) -> None:
        nonlocal came
        if came and number != signal.SIGINT:
            return
        first, came = not came, True
        if first:
            command.end_all()
        raise Interrupted(number)

    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number, handler in before.items():
        if number != signal.SIGHUP or handler is not signal.SIG_IGN:
            signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            # None is a handler that was not installed from Python: it cannot be named.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
