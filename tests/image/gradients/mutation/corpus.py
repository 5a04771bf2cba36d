"""What became of bugs that people wrote: each must be caught, or the table says why it is not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gradients.mutation.processes import CAUGHT, DIED, HANGS, NOT_PLANTED, SURVIVED
from gradients.mutation.score import Entry, told

#: No test runs any of its lines.
UNRUN = "unrun"


def seen(entry: Entry) -> bool:
    """Whether a bug was caught."""
    return entry["status"] in (CAUGHT, DIED, HANGS)


def _explained(entry: Entry) -> bool:
    """Whether the table says why nothing sees a bug."""
    return bool(entry["equivalent"] or entry["missed"])


@dataclass(frozen=True)
class Corpus:
    """The bugs that were tried, what is said of those that are gone, and how many there are."""

    entries: Sequence[Entry]
    gone: Sequence[str]
    count: int

    @property
    def survivors(self) -> list[Entry]:
        """Return those that nothing caught, and nobody explained; or that could not be planted."""
        return [
            entry
            for entry in self.entries
            if entry["status"] == NOT_PLANTED or not (seen(entry) or _explained(entry))
        ]

    @property
    def contradicted(self) -> list[Entry]:
        """Return those that were caught, though the table says that they cannot be."""
        return [entry for entry in self.entries if seen(entry) and _explained(entry)]

    @property
    def equivalent(self) -> list[Entry]:
        """Return those that change no number."""
        return [entry for entry in self._unseen if entry["equivalent"]]

    @property
    def missed(self) -> list[Entry]:
        """Return those that are known to want a row."""
        return [entry for entry in self._unseen if entry["missed"]]

    @property
    def _unseen(self) -> list[Entry]:
        return [entry for entry in self.entries if entry["status"] in (SURVIVED, UNRUN)]

    @property
    def untried(self) -> int:
        """How many were not tried in the time that was given."""
        return self.count - len(self.entries) - len(self.gone)

    @property
    def failed(self) -> bool:
        """Whether the table does not say what happened, or not everything was tried."""
        return bool(
            self.survivors or self.contradicted or self.gone or self.untried or not self.entries
        )

    def lines(self) -> Iterator[str]:
        """Yield what a terminal has: what is wrong, one by one, then the count."""
        for entry in self.survivors:
            yield from told(entry)
        for entry in self.missed:
            yield f"known to be missed: {entry['file']}: {entry['outermost']}: {entry['pattern']}"
            yield f"  wanted: {entry['missed']}"
        for entry in self.contradicted:
            word = "equivalent" if entry["equivalent"] else "missed"
            yield f"caught by {entry['by']}, and the table says {word!r}: take that word out"
            yield from told(entry)
        yield from self.gone
        effective = len(self.entries) - len(self.equivalent)
        yield (
            f"{sum(map(seen, self.entries))} of {effective} bugs caught, {len(self.missed)} known "
            f"to be missed; {len(self.equivalent)} more change no number, "
            f"{len(self.gone)} are not in this release, {self.untried} were not tried"
        )
