"""The measurements as a table and as JSON: each beside its peer, and held to its budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table as Grid

COLUMNS = ("what", "here", "core-s", "beside", "there", "ratio", "budget")


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

    def reason(self, cores: int) -> str:
        """Return what a row over its budget is bound by, as far as the numbers tell."""
        if self.kept or not self.core_seconds:
            return ""
        least = self.core_seconds / cores
        return f"{self.core_seconds:.0f} core-s take {least:.0f} s at least on {cores} cores"

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain values."""
        return {**asdict(self), "value": self.value, "kept": self.kept}


def grid(rows: Sequence[Row], caption: str) -> Grid:
    """Return the table."""
    table = Grid(caption=caption)
    for name in (*COLUMNS, ""):
        left = name in ("what", "beside", "")
        table.add_column(name, justify="left" if left else "right", no_wrap=name != "")
    for row in rows:
        table.add_row(*_cells(row), "" if row.kept else "over")
    return table


def markdown(rows: Sequence[Row], cores: int) -> str:
    """Return the table for docs/performance.md; a row over its budget says why."""
    heads = [*COLUMNS, "over its budget, since"]
    table = [[*_cells(row), row.reason(cores) or ("" if row.kept else "over")] for row in rows]
    lines = [heads, ["---"] * len(heads), *table]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cells(row: Row) -> list[str]:
    there = [f"{row.plain_amount:.1f} {row.unit}", f"{row.value:.2f}"] if row.plain else ["", ""]
    bound = "" if row.budget is None else f"{row.budget:g}" + ("" if row.plain else f" {row.unit}")
    cores = f"{row.core_seconds:.0f}" if row.core_seconds else ""
    return [row.what, f"{row.amount:.1f} {row.unit}", cores, row.plain, *there, bound]
