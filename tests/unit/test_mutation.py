"""The session `mutation`: first the suite, which says what runs which line, then the mutants."""

from __future__ import annotations

from tests.mutation import __main__ as mutation


def test_the_rows_are_made_before_the_mutants_that_need_them() -> None:
    *limit, words = mutation.command(7, "sha256:ab")
    assert limit == ["timeout", str(mutation.SECONDS), "sh", "-c"]
    first, then = words.split("; ")
    assert "--coverage=rows" in first
    assert "--mutants=7" in then
    assert "--seed=sha256:ab" in then
