"""The measurements as a table and as JSON: each beside its peer, and held to its budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table as Grid


@dataclass(frozen=True)
class Cost:
    """What a run took: seconds of a clock, of all cores, and the most memory at a time.

    `core_seconds` counts the command with its children, and the engine. `memory` is in bytes,
    shared pages counted once, the engine's not counted.
    """

    seconds: float
    core_seconds: float = 0.0
    memory: int = 0


@dataclass(frozen=True)
class Row:
    """One measurement beside that of the plain way; `budget` bounds their ratio, or the amount.

    `unit` is `s` or a unit of size; without `plain` there is nothing to compare with.
    """

    what: str
    amount: float
    budget: float | None = None
    plain: str = ""
    plain_amount: float = 0.0
    unit: str = "s"
    core_seconds: float = 0.0

    @property
    def value(self) -> float:
        """What the budget bounds."""
        return self.amount / self.plain_amount if self.plain else self.amount

    @property
    def kept(self) -> bool:
        """Whether it is within its budget."""
        return self.budget is None or self.value <= self.budget

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain values."""
        return {**asdict(self), "value": self.value, "kept": self.kept}


def grid(rows: Sequence[Row], caption: str) -> Grid:
    """Return the table."""
    table = Grid(caption=caption)
    for name in ("what", "here", "core-s", "beside", "there", "ratio", "budget", ""):
        left = name in ("what", "beside", "")
        table.add_column(name, justify="left" if left else "right", no_wrap=name != "")
    for row in rows:
        here = f"{row.amount:.1f} {row.unit}"
        cores = f"{row.core_seconds:.0f}" if row.core_seconds else ""
        there = (
            (f"{row.plain_amount:.1f} {row.unit}", f"{row.value:.2f}") if row.plain else ("", "")
        )
        bound = (
            "" if row.budget is None else f"{row.budget:g}" + ("" if row.plain else f" {row.unit}")
        )
        beside = there if row.plain else ("", "")
        end = "" if row.kept else "over"
        table.add_row(row.what, here, cores, row.plain, *beside, bound, end)
    return table
