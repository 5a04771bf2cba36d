"""What a session plants, in which order, and what it says at its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gradients.coverage.rows import Rows
from gradients.mutation import bugs, order, score
from gradients.mutation.bugs import Bug, GoneError
from gradients.mutation.change import Change
from gradients.mutation.corpus import Corpus
from gradients.mutation.mutants import Mutant, mutants
from gradients.mutation.processes import NOT_PLANTED
from gradients.mutation.score import Entry


class Task(Protocol):
    """What there is to plant, and the judgement of what became of it."""

    @property
    def chosen(self) -> Sequence[Change]:
        """What is planted, first things first."""

    def failed(self, found: Sequence[Entry]) -> bool:
        """Whether the session fails."""

    def lines(self, found: Sequence[Entry]) -> Iterator[str]:
        """Yield what a terminal has at the end."""


@dataclass(frozen=True)
class Mutants:
    """Mutants of lines that tests run, drawn by a seed; of `unrun` more no test runs the line."""

    chosen: Sequence[Mutant]
    unrun: int

    @classmethod
    def drawn(cls, sources: Mapping[str, str], rows: Rows, seed: str, count: int) -> Mutants:
        """Draw so many of all files' mutants."""
        there = [one for name, source in sources.items() for one in mutants(source, name)]
        run = [one for one in there if f"{one.file}:{one.line}" in rows]
        return cls(order.drawn(run, seed)[:count], len(there) - len(run))

    def failed(self, found: Sequence[Entry]) -> bool:
        """Whether none was planted, or a goal is missed."""
        scores = score.scores(found, score.read())
        return self._planted(found) == 0 or any(one.failed for one in scores)

    def lines(self, found: Sequence[Entry]) -> Iterator[str]:
        """Yield the survivors by name, and the score."""
        for one in score.scores(found, score.read()):
            yield from one.lines()
        yield (
            f"{len(found) - self._planted(found)} could not be planted; lines that no test runs "
            f"have {self.unrun} more. Caught by: {score.checks(found)}"
        )

    @staticmethod
    def _planted(found: Sequence[Entry]) -> int:
        return sum(entry["status"] != NOT_PLANTED for entry in found)


@dataclass(frozen=True)
class Bugs:
    """All bugs of some tables; of those that are not in this release, what is said of it."""

    chosen: list[Bug] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, table: Sequence[Mapping[str, str]], sources: Mapping[str, str]) -> Bugs:
        """Find the bugs of a table in the sources."""
        task = cls()
        for row in table:
            try:
                if row["file"] not in sources:
                    raise GoneError("no such file, or coverage/scope.py does not name it")
                task.chosen.append(bugs.found(row, sources[row["file"]]))
            except GoneError as error:
                task.gone.append(
                    f"{row['table']}: {row['file']}: {row['function']}: {row['old']!r}: {error}; "
                    "write the bug for this release, or take it out"
                )
        return task

    def failed(self, found: Sequence[Entry]) -> bool:
        """Whether a bug is not what its table says."""
        return self._corpus(found).failed

    def lines(self, found: Sequence[Entry]) -> Iterator[str]:
        """Yield what is not as its table says, what is known to be missed, and the count."""
        return self._corpus(found).lines()

    def _corpus(self, found: Sequence[Entry]) -> Corpus:
        return Corpus(found, self.gone, len(self.chosen) + len(self.gone))
