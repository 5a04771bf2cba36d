"""What a run came to, file by file: which places ran, which stand in the record, which are new."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gradients.coverage import scope
from gradients.coverage.places import Place, Places
from gradients.coverage.record import MISSING, PATH, Record

#: What a place can be.
RUN, REFUSAL, RECORDED, NEW = "run", "refusal", "recorded", "new"
#: How many that are new a terminal has; the page has all.
SHOWN = 30
Ran = Mapping[str, set[Place]]


@dataclass(frozen=True)
class File:
    """A file in scope: its source, and each place with what it is and why."""

    name: str
    source: str
    places: list[tuple[Place, str, str]]

    def share(self, *, branches: bool) -> tuple[int, int]:
        """Return how many statements, or ways of branches, ran, and how many there are to run."""
        kinds = [
            kind
            for place, kind, _ in self.places
            if bool(place.way) == branches and kind != REFUSAL
        ]
        return kinds.count(RUN), len(kinds)


@dataclass(frozen=True)
class Measured:
    """All files in scope, after a run."""

    files: list[File]

    @classmethod
    def of(cls, ran: Ran, record: Record) -> Measured:
        """Hold what ran to what there is to run, and to the record."""
        return cls(
            [_file(name, path, ran.get(name, set()), record) for name, path in scope.files()]
        )

    def kind(self, wanted: str) -> Iterator[tuple[str, Place, str]]:
        """Yield the places of a kind: file, place, reason."""
        for file in self.files:
            for place, kind, why in file.places:
                if kind == wanted:
                    yield file.name, place, why

    def share(self, package: str = "", *, branches: bool) -> tuple[int, int]:
        """Return how many places of a package ran, and how many there are to run."""
        shares = [
            file.share(branches=branches) for file in self.files if file.name.startswith(package)
        ]
        return sum(run for run, _ in shares), sum(there for _, there in shares)

    def unrun(self) -> dict[str, list[Place]]:
        """Return what did not run and is no refusal, by file."""
        return {
            file.name: [place for place, kind, _ in file.places if kind in (RECORDED, NEW)]
            for file in self.files
        }

    def whole(self) -> set[str]:
        """Return the functions of which nothing ran, as `<file>::<function>`."""
        return {
            f"{file.name}::{function}"
            for file in self.files
            for function in _idle(place for place, kind, _ in file.places if kind != RUN)
            - {place.function for place, kind, _ in file.places if kind == RUN}
        }

    def lines(self) -> Iterator[str]:
        """Yield the summary of a terminal: what share ran, and why what did not."""
        for package in scope.PATTERNS:
            parts = []
            for branches, what in ((False, "statements"), (True, "ways of branches")):
                run, there = self.share(package, branches=branches)
                parts.append(f"{run} of {there} {what} ({run / max(there, 1):.1%})")
            yield f"{package}: {', '.join(parts)} run"
        reasons = Counter(why for _, _, why in self.kind(RECORDED))
        for why, count in reasons.most_common():
            yield f"{count} not run: {why}"

    def news(self, file: str = PATH.name) -> Iterator[str]:
        """Yield what is not run and has no reason; `file` is where that is looked for besides.

        Of a release that the record was not made with a place is no news, a file is.
        """
        new = list(self.kind(NEW))
        if file == PATH.name:
            for name, place, _ in new[:SHOWN]:
                yield f"not run, and without a reason: {name}:{place.first}: {place.key}"
        else:
            for name, count in Counter(name for name, _, _ in new).most_common():
                yield f"{count} not run, and neither in {PATH.name} nor in {file}: {name}"
        if new:
            yield (
                f"{len(new)} in all are not run and have no reason: add rows that run them; what "
                f"cannot be run here gets its reason in gradients/coverage/{file}, which is "
                "written anew beside the reports (docs/sensitivity.md, What is run)"
            )

    def to_json(self) -> str:
        """Return what ran and what did not, by file."""
        document = {
            file.name: {
                "statements": file.share(branches=False),
                "branches": file.share(branches=True),
                "unrun": [
                    {"line": place.first, "function": place.function, "text": place.key, "why": why}
                    for place, kind, why in file.places
                    if kind in (RECORDED, NEW)
                ],
            }
            for file in self.files
        }
        return json.dumps(document, indent=1) + "\n"


def _idle(places: Iterator[Place]) -> set[str]:
    """Return the functions of places."""
    return {place.function for place in places}


def read_all() -> None:
    """Read all files in scope, so that it need not be waited for later."""
    for _, path in scope.files():
        _read(path)


@cache
def _read(path: Path) -> tuple[str, list[Place]]:
    """Return a file's source and its places."""
    source = path.read_text(encoding="utf-8")
    return source, Places(source, str(path)).all


def _file(name: str, path: Path, ran: set[Place], record: Record) -> File:
    """Judge the places of a file."""
    source, found = _read(path)
    active = {place.function for place in ran}
    places = []
    for place in found:
        why = ""
        if place in ran:
            kind = RUN
        elif place.refusal:
            kind = REFUSAL
        else:
            why = record.reason(name, place, whole=place.function not in active)
            # What a run wrote down for want of a reason has none.
            kind = NEW if why in ("", MISSING) else RECORDED
        places.append((place, kind, record.reasons.get(why, why)))
    return File(name, source, places)
