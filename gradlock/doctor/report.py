"""A report of findings: for people, the worst first; for programs, as JSON."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Iterable, Sequence

from gradlock.doctor.findings import SUBJECTS, Finding, Severity

#: The columns of a report in a log, and the most that are used of a wide terminal.
WIDTH = 100
#: How far what is said of a finding is moved to the right.
INDENT = 10


def text(found: Sequence[Finding], asked: str) -> str:
    """Return the report that people read; `asked` says what was looked at."""
    width = min(shutil.get_terminal_size((WIDTH, 24)).columns, WIDTH)
    blocks = [_bad(row, width) for row in found if row.severity is not Severity.FINE]
    fine = [row for row in found if row.severity is Severity.FINE]
    groups = [(about, [row.seen for row in fine if row.about == about]) for about in SUBJECTS]
    lines = [_group(about, seen, width) for about, seen in groups if seen]
    blocks += ["\n".join(["fine", *lines])] if lines else []
    return "\n\n".join([*blocks, f"{asked}: {_counted(found)}"])


def to_json(found: Iterable[Finding], asked: str) -> str:
    """Return the report that programs read, on one line."""
    rows = [
        {
            "severity": str(row.severity),
            "about": row.about,
            "seen": row.seen,
            "why": row.why,
            "mend": row.mend,
        }
        for row in found
    ]
    return json.dumps({"asked": asked, "findings": rows})


def _bad(row: Finding, width: int) -> str:
    """Return the lines of a finding that is not fine."""
    head = f"{row.severity!s:<{INDENT}}"
    lines = [_wrapped(head, f"{row.about}: {row.seen}", width)]
    for name, said in (("why", row.why), ("mend", row.mend)):
        if said:
            lines.append(_wrapped(" " * INDENT + f"{name:<6}", said, width))
    return "\n".join(lines)


def _group(about: str, seen: Iterable[str], width: int) -> str:
    """Return the lines of what is fine about something."""
    column = 2 + max(map(len, SUBJECTS)) + 2
    heads = [f"  {about}".ljust(column)]
    return "\n".join(_wrapped(heads.pop() if heads else " " * column, line, width) for line in seen)


def _wrapped(head: str, said: str, width: int) -> str:
    """Return a text behind its head, each line of it below the first; no word is cut."""
    lines = [
        part
        for line in said.splitlines()
        for part in textwrap.wrap(
            line,
            max(width - len(head), 20),
            break_long_words=False,
            break_on_hyphens=False,
            subsequent_indent="" if line == line.lstrip() else "  ",
        )
        or [""]
    ]
    return head + ("\n" + " " * len(head)).join(lines)


def _counted(found: Iterable[Finding]) -> str:
    """Return how many findings there are of each kind: `1 broken, 20 fine`."""
    kinds = [row.severity for row in found]
    counts = [(kinds.count(kind), kind) for kind in sorted(Severity, reverse=True)]
    words = (f"{count} {kind}{_plural(kind, count)}" for count, kind in counts if count)
    return ", ".join(words) or "nothing was seen"


def _plural(kind: Severity, count: int) -> str:
    """Return the ending of a kind that is a noun."""
    return "s" if kind is Severity.WARNING and count > 1 else ""
