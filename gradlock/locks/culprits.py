"""Which line it was: why a lock is stale, or where it was edited, as far as git tells.

A lock's own header knows only that something is another. What it was made from is what lies beside
it in the commit that last changed it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from difflib import SequenceMatcher
from pathlib import Path

from gradlock import store
from gradlock.errors import EditedError, GradlockError, LockError, StaleError
from gradlock.inputs import variants, wanted
from gradlock.inputs.variants import Table, Variant
from gradlock.locks import lockfile, paths, revisions
from gradlock.locks.lockfile import LockText
from gradlock.locks.revisions import Tree

#: How many lines of an input are named; the first is what a person looks for.
NAMED = 3


def sharpened(error: GradlockError, table: Table) -> GradlockError:
    """Return an error about a lock with the line that it is about, where that can be known."""
    if not isinstance(error, StaleError | EditedError):
        return error
    name, _, line = error.where.partition(":")
    path = store.ROOT / name
    before = revisions.last(path)
    now = revisions.here()
    if isinstance(error, EditedError):
        place, was = _edited(path, now.read(path) or "", before)
        where = name + (place or (f":{line}" if line else ""))
        return EditedError(error.what + was, where=where, mend=error.mend)
    # A lock that was made anew since has other inputs than those beside the committed one.
    if before and before.read(path) == now.read(path):
        lines = list(_changed(path, before, now, table))
        more = f", and {len(lines) - NAMED} more" if len(lines) > NAMED else ""
        by = f", by {'; '.join(lines[:NAMED])}{more}" if lines else ""
        return StaleError(error.what, where=error.where + by, mend=error.mend)
    return error


def _edited(path: Path, text: str, before: Tree | None) -> tuple[str, str]:
    """Return the line that is not what it was, as `:12`, and what it was; empty: nobody knows."""
    was = before.read(path) if before else None
    try:
        if was is not None:
            lockfile.parse(path, was)
            for number, old, new in _differences(was, text):
                return f":{number}", f"; {_said(old, new)} since it was committed"
        _entries(path, text)
    except LockError as error:
        place = re.search(r":\d+$", error.where)
        return (place[0], f"; {error.what}") if place else ("", "")
    return "", ""


def _entries(path: Path, text: str) -> None:
    """Read the entries of a lock, whatever its header says of them."""
    lock = LockText(path, "", "\n".join(text.split("\n")[lockfile.HEADER :]))
    if path.suffix == ".lock":
        lockfile.parse_debs(lock)
    elif path.suffix == ".txt" and path not in (paths.TOOLS, paths.DESK):
        lockfile.parse_wheels(lock)


def _changed(path: Path, before: Tree, now: Tree, table: Table) -> Iterator[str]:
    """Yield the lines of what a lock is made from that are not what they were."""
    for source in _inputs(path, table):
        texts = [tree.read(source) or "" for tree in (before, now)]
        for number, old, new in _differences(*texts):
            yield f"{lockfile.shown(source)}:{number}, {_said(old, new)}"
    texts = [tree.read(variants.TABLE) or "" for tree in (before, now)]
    for section, key in _decided(path, table):
        (_, old), (number, new) = (_line(text, section, key) for text in texts)
        if old != new:
            place = f":{number}" if number else ""
            yield f"{lockfile.shown(variants.TABLE)}{place}, {_said(old, new)}"
    for followed in _followed(path, table):
        if before.read(followed) != now.read(followed):
            yield f"{lockfile.shown(followed)}, which it follows"


def _inputs(path: Path, table: Table) -> tuple[Path, ...]:
    """Return the files that a person wrote for a lock, and all that they include."""
    if path in (paths.TOOLS, paths.DESK):
        return wanted.read_with([wanted.TOOLS if path == paths.TOOLS else wanted.DESK])
    for row in table:
        if path == paths.pip(row):
            read = wanted.read_with(wanted.wheel_inputs(row))
            return tuple(each for each in read if each.suffix != ".whl")
        if path == paths.conda(row):
            return (wanted.ENVIRONMENT,)
        if path == paths.apt(row):
            return (wanted.APT,)
    return ()


def _followed(path: Path, table: Table) -> Iterator[Path]:
    """Yield the lock that another one follows."""
    if path == paths.DESK:
        yield paths.TOOLS
    for row in table:
        leader = table.leader(row)
        if path == paths.pip(row) and row.shares_wheels(leader):
            yield paths.pip(leader)
        elif path == paths.conda(row) and row.shares_condas(leader):
            yield paths.conda(leader)


def _differences(old: str, new: str) -> Iterator[tuple[int, str, str]]:
    """Yield the number of each line of the new text that differs, and both lines; "" is none."""
    lines, others = old.splitlines(), new.splitlines()
    matcher = SequenceMatcher(None, lines, others, autojunk=False)
    for what, start, end, first, last in matcher.get_opcodes():
        if what == "equal":
            continue
        gone, come = lines[start:end], others[first:last]
        for offset in range(max(len(gone), len(come))):
            one, other = ("".join(side[offset : offset + 1]) for side in (gone, come))
            if offset and not other:
                break  # the lines that went with the first
            yield first + offset + 1, one, other


def _said(old: str, new: str) -> str:
    """Say what became of a line."""
    if not new.strip():
        return f"{old.strip()!r} is gone"
    return f"{new.strip()!r} is new" if not old.strip() else f"{new.strip()!r} was {old.strip()!r}"


def _decided(path: Path, table: Table) -> Iterator[tuple[str, str]]:
    """Yield the sections and keys of the table of variants that a lock is made from."""
    if path in (paths.TOOLS, paths.DESK):
        yield "", "tools_as_of"
        return
    if any(path == paths.apt(row) for row in table):
        yield "", "debian"
        return
    yield "", "as_of"
    sections = {
        f"variants.{each.name}": None
        for row in table
        if path in (paths.pip(row), paths.conda(row))
        for each in table.line(row)
    }
    for section in ("defaults", *sections):
        for field in fields(Variant):
            yield section, field.name


def _line(text: str, wanted_in: str, key: str) -> tuple[int, str]:
    """Return the number and the text of a key's line in a section of TOML; 0 and "" for none."""
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        if match := re.match(r"\s*\[+([^\]]+)\]", line):
            section = match[1].strip()
        elif section == wanted_in and re.match(rf"\s*{key}\s*=", line):
            return number, line.split("#")[0].strip()
    return 0, ""
