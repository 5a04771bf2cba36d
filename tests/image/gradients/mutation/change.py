"""What is planted: a change of one function's code."""

from __future__ import annotations

import ast
from typing import Protocol


class Change(Protocol):
    """A mutant that was made, or a bug that somebody wrote: what planting and telling need."""

    @property
    def id(self) -> str:
        """What it is known by in later runs."""

    @property
    def file(self) -> str:
        """Its file's name, from the package on."""

    @property
    def pattern(self) -> str:
        """What it is, in a few words."""

    @property
    def outermost(self) -> str:
        """The function or method that holds it, and is replaced as a whole."""

    @property
    def lines(self) -> tuple[int, ...]:
        """Where the statements begin that it changes: a test that runs one may see it."""

    @property
    def before(self) -> str:
        """What stands there."""

    @property
    def after(self) -> str:
        """What is put in its place."""

    @property
    def by(self) -> str:
        """The test that is known to see it; empty: none is."""

    def tree(self, source: str) -> ast.Module:
        """Return the tree of its file's source with it; the function begins where it did."""
