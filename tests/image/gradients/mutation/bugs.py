"""Bugs that people wrote: of a function's text a piece, and what is put in its place."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate


class GoneError(Exception):
    """A bug's text does not stand in this release, or more than once."""


@dataclass(frozen=True)
class Bug:
    """A row of a table, found in a release's source.

    `by` is the test that is known to see it. `equivalent` says why it changes no number, `missed`
    which row of the suite is missing: none sees it.
    """

    file: str
    pattern: str
    outermost: str
    lines: tuple[int, ...]
    before: str
    after: str
    by: str
    equivalent: str
    missed: str

    @property
    def id(self) -> str:
        """What it is known by in later runs, whatever is said of it."""
        named = (self.file, self.outermost, self.before, self.after)
        return hashlib.sha256(repr(named).encode()).hexdigest()[:16]

    def tree(self, source: str) -> ast.Module:
        """Return the tree of a source with it; the function begins where it did."""
        start = _parsed(source).place(self.outermost, self.before)
        return ast.parse(source[:start] + self.after + source[start + len(self.before) :])


def found(row: Mapping[str, str], source: str) -> Bug:
    """Return the bug of a row.

    Raises:
        GoneError: its function is not there, or does not have its text once.

    """
    parsed = _parsed(source)
    start = parsed.place(row["function"], row["old"])
    return Bug(
        row["file"],
        row["what"],
        row["function"],
        parsed.statements(start, start + len(row["old"])),
        row["old"],
        row["new"],
        row.get("by", ""),
        row.get("equivalent", ""),
        row.get("missed", ""),
    )


class _Parsed:
    """A source, where its functions are, and where its statements begin."""

    def __init__(self, source: str) -> None:
        self._source, tree = source, ast.parse(source)
        self._functions = list(_functions(tree, ""))
        # What is met later is further inside.
        self._statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
        self._offsets = [0, *accumulate(map(len, source.splitlines(keepends=True)))]

    def place(self, function: str, text: str) -> int:
        """Return the offset of the one place in a function's body that has a text."""
        bodies = [node for name, node in self._functions if name == function]
        if not bodies:
            raise GoneError("no function of that name")
        places = []
        for node in bodies:
            # A default is computed where the function is made, which was before.
            place = self._offsets[node.body[0].lineno - 1] - 1
            end = self._offsets[node.end_lineno or 0]
            while (place := self._source.find(text, place, end)) >= 0:
                places.append(place)
                place += 1
        if len(places) != 1:
            raise GoneError(f"stands {len(places)} times in the function's body, and not once")
        return places[0]

    def statements(self, start: int, end: int) -> tuple[int, ...]:
        """Return the lines that statements begin in, those that a piece of the source touches."""
        piece = self._source[start:end]
        first = self._line(start + len(piece) - len(piece.lstrip()))
        last = self._line(start + len(piece.rstrip()))
        inner: dict[int, int] = {}
        for node in self._statements:
            lines = range(max(first, node.lineno), min(last, node.end_lineno or 0) + 1)
            inner.update(dict.fromkeys(lines, node.lineno))
        return tuple(sorted(set(inner.values())))

    def _line(self, offset: int) -> int:
        return self._source.count("\n", 0, offset) + 1


def _functions(inside: ast.AST, outside: str) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Yield the functions of a module, of its classes, and of functions, with their names."""
    for node in ast.iter_child_nodes(inside):
        if isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{outside}{node.name}.")
        elif isinstance(node, ast.FunctionDef):
            yield f"{outside}{node.name}", node
            yield from _functions(node, f"{outside}{node.name}.<locals>.")
        elif isinstance(node, ast.stmt | ast.excepthandler):
            yield from _functions(node, outside)


#: Many bugs are in one file, and rows come file by file.
_parsed = lru_cache(maxsize=2)(_Parsed)
