"""What share of the mutants is caught, beside what can be caught; survivors by name."""

from __future__ import annotations

import math
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradients.coverage import scope
from gradients.mutation.processes import NOT_PLANTED, SURVIVED

#: The record of survivors that change no number.
PATH = Path(__file__).with_name("equivalent.toml")
#: The least share, by kind of code.
HELPERS = "helpers"
GOALS = {"tensorflow": 0.95, "keras": 0.90, HELPERS: 0.85}
#: Of a normal distribution 95% lies so many deviations around its mean.
DEVIATIONS = 1.96

Entry = Mapping[str, Any]
Diff = tuple[str, str, str, str]


def read(path: Path = PATH) -> dict[Diff, str]:
    """Return why mutants change no number, by file, function, and statement before and after.

    Raises:
        ValueError: a reason that the file does not explain.

    """
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    reasons = document.pop("reasons", {})
    found = {}
    for file, functions in document.items():
        for function, rows in functions.items():
            for row in rows:
                if row["why"] not in reasons:
                    raise ValueError(f"{path.name}: {file}, {function}: no reason {row['why']!r}")
                found[file, function, row["before"], row["after"]] = reasons[row["why"]]
    return found


def kind(file: str) -> str:
    """Return a file's kind of code: its package's gradients and layers, or what those call."""
    return HELPERS if scope.helps(file) else file.partition("/")[0]


def diff(entry: Entry) -> Diff:
    """Return what the record knows a mutant by."""
    return entry["file"], entry["outermost"], entry["before"], entry["after"]


def interval(part: int, whole: int) -> tuple[float, float]:
    """Return where the share of all lies, with 95%, that a sample has such a part of (Wilson)."""
    if not whole:
        return 0.0, 1.0
    share, squared = part / whole, DEVIATIONS**2 / whole
    middle = (share + squared / 2) / (1 + squared)
    half = math.sqrt(squared * (share * (1 - share) + squared / 4)) / (1 + squared)
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True)
class Score:
    """A kind of code's mutants that were planted, and what became of them."""

    kind: str
    planted: Sequence[Entry]
    known: Mapping[Diff, str]

    @property
    def survivors(self) -> list[Entry]:
        """Return those that no test caught, and that are not known to change nothing."""
        return [
            entry
            for entry in self.planted
            if entry["status"] == SURVIVED and diff(entry) not in self.known
        ]

    @property
    def equivalent(self) -> int:
        """How many change no number."""
        return sum(
            entry["status"] == SURVIVED and diff(entry) in self.known for entry in self.planted
        )

    @property
    def contradicted(self) -> list[Entry]:
        """Return those that were caught, though they are known to change nothing."""
        return [
            entry
            for entry in self.planted
            if entry["status"] != SURVIVED and diff(entry) in self.known
        ]

    @property
    def effective(self) -> int:
        """How many can be caught."""
        return len(self.planted) - self.equivalent

    @property
    def caught(self) -> int:
        """How many are."""
        return self.effective - len(self.survivors)

    @property
    def failed(self) -> bool:
        """Whether the goal is missed, whatever the rest would come to; or a record is wrong."""
        _, high = interval(self.caught, self.effective)
        return high < GOALS[self.kind] or bool(self.contradicted)

    def lines(self) -> Iterator[str]:
        """Yield what a terminal has: survivors with their diff, then the score."""
        for entry in self.survivors:
            yield from told(entry)
        for entry in self.contradicted:
            yield f"caught, and equivalent.toml has it: {entry['by']}"
            yield from told(entry)
        low, high = interval(self.caught, self.effective)
        yield (
            f"{self.kind}: {self.caught} of {self.effective} mutants caught "
            f"({self.caught / max(self.effective, 1):.1%}; of all {low:.1%} to {high:.1%}), "
            f"goal {GOALS[self.kind]:.0%}; {self.equivalent} more change no number"
        )


def told(entry: Entry) -> Iterator[str]:
    """Yield a survivor with its diff."""
    yield f"{entry['status']}: {entry['file']}:{entry['line']}: {entry['outermost']}"
    yield f"  {entry['pattern']}, {entry['ran']} of {entry['tests']} tests"
    yield f"  - {entry['before']}"
    yield f"  + {entry['after']}"


def scores(entries: Iterable[Entry], known: Mapping[Diff, str]) -> list[Score]:
    """Return the score of each kind of code."""
    planted = [entry for entry in entries if entry["status"] != NOT_PLANTED]
    return [
        Score(name, [one for one in planted if kind(one["file"]) == name], known) for name in GOALS
    ]


def checks(entries: Iterable[Entry]) -> str:
    """Return how many mutants each check caught first, as one line."""
    counted = Counter(_check(entry["by"]) for entry in entries if entry["by"])
    return ", ".join(f"{name} {count}" for name, count in counted.most_common())


def _check(test: str) -> str:
    """Return a test's check, where it is one of the table's, or its file."""
    file, _, rest = test.partition("::")
    check = rest.rpartition("-")[2].rstrip("]")
    return check if rest.startswith("test_case[") else Path(file).stem
