"""Two sides of a merge in one lock: where they meet, and what each of them says."""

from __future__ import annotations

import re

from gradlock.inputs.texts import MARKER

#: The headers that git leaves where it was told to keep both sides' lines (.gitattributes).
HEADERS = re.compile(r"\A#.*\n(# (inputs|body): .*\n){3}")


def line_of(text: str) -> int:
    """Return the line of a lock's text where two sides of a merge meet; 0 where none do."""
    if marker := MARKER.search(text):
        return text.count("\n", 0, marker.start()) + 1
    return 4 if HEADERS.match(text) else 0


def sides(text: str) -> tuple[str, ...]:
    """Return what either side of a merge says; the text itself where there are no markers."""
    if not MARKER.search(text):
        return (text,)
    ours: list[str] = []
    theirs: list[str] = []
    both = (ours, theirs)
    to: tuple[list[str], ...] = both
    for line in text.splitlines(keepends=True):
        if not (marker := MARKER.match(line)):
            for side in to:
                side.append(line)
        else:
            to = {"<": (ours,), "|": (), "=": (theirs,), ">": both}[marker[1][0]]
    return "".join(ours), "".join(theirs)
