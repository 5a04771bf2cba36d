"""Which test runs which line, and takes which way of a branch."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator

from gradients.coverage.places import Place


def names(file: str, place: Place) -> Iterator[str]:
    """Yield what a place is known by: its line, and a way of a branch by its text, too."""
    yield f"{file}:{place.first}"
    if place.way:
        yield f"{file}:{place.first}:{place.key}"


class Rows:
    """Tests by line. Of a line in a helper there are thousands: names stand once."""

    def __init__(self) -> None:
        self._tests: list[str] = []
        self._lines: dict[str, list[int]] = defaultdict(list)

    @classmethod
    def of(cls, text: str) -> Rows:
        """Return those that `to_json` told."""
        rows, told = cls(), json.loads(text)
        rows._tests = told["tests"]
        rows._lines.update(told["lines"])
        return rows

    def to_json(self) -> str:
        """Return them as JSON."""
        return json.dumps({"tests": self._tests, "lines": self._lines})

    def add(self, test: str, lines: Iterable[str]) -> None:
        """Add what a test ran, by name."""
        for line in lines:
            self._lines[line].append(len(self._tests))
        self._tests.append(test)

    def join(self, others: Rows) -> None:
        """Add what other tests ran."""
        before = len(self._tests)
        self._tests += others._tests
        for line, numbers in others._lines.items():
            self._lines[line] += [before + number for number in numbers]

    def __contains__(self, line: str) -> bool:
        return line in self._lines

    def of_line(self, line: str) -> set[str]:
        """Return the tests that run a line."""
        return {self._tests[number] for number in self._lines.get(line, ())}
