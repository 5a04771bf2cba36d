"""What a user sees while work goes on: bars on a terminal, plain lines in a log.

All of it goes to stderr; stdout is for results.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)

console = Console(stderr=True, highlight=False, soft_wrap=True)


def say(line: str) -> None:
    """Print one line of log."""
    console.print(line, markup=False)


@dataclass(frozen=True)
class Meter:
    """Takes the advance of one piece of work; silent where there is no terminal."""

    bars: Progress | None = None
    task: TaskID | None = None

    def advance(self, amount: int) -> None:
        """Add `amount` (bytes, or items) to what is done."""
        if self.bars is not None and self.task is not None:
            self.bars.advance(self.task, amount)

    def expect(self, amount: int) -> None:
        """Add `amount` to what there is to do; the bar is shown from the first on."""
        if self.bars is not None and self.task is not None:
            total = self.bars.tasks[self.task].total or 0
            self.bars.update(self.task, total=total + amount, visible=True)


@dataclass(frozen=True)
class Board:
    """Bars below one another, for work that goes on side by side."""

    bars: Progress | None = None

    def meter(self, purpose: str, total: int = 0) -> Meter:
        """Add a bar; without a total it is hidden until there is something to do."""
        if self.bars is None:
            return Meter()
        return Meter(self.bars, self.bars.add_task(purpose, total=total, visible=total > 0))


@contextmanager
def board(*, unit: str = "bytes") -> Iterator[Board]:
    """Show bars on a terminal while the block lasts; nothing elsewhere."""
    if not console.is_terminal:
        yield Board()
        return
    columns = (
        (DownloadColumn(), TransferSpeedColumn())
        if unit == "bytes"
        else (TextColumn("{task.completed}/{task.total} " + unit),)
    )
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        *columns,
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as bars:
        yield Board(bars)


@contextmanager
def meter(purpose: str, total: int, *, unit: str = "bytes") -> Iterator[Meter]:
    """Show one bar from 0 to `total` on a terminal; nothing elsewhere."""
    with board(unit=unit) as bars:
        yield bars.meter(purpose, total)


@dataclass
class Stopwatch:
    """The seconds that each named stage took, in order."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a block as (a part of) the stage `name`."""
        start = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - start

    def line(self) -> str:
        """Return the stages on one line: `fetch 12.1 s, layers 3.0 s`."""
        return ", ".join(f"{name} {spent:.1f} s" for name, spent in self.seconds.items())
