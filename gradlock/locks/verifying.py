"""Whether locks say what resolving gives: a header's checksum tells an accident, no intent.

Somebody who edits a lock can write its checksum anew. What cannot be written anew is what the
index, the mirrors and the channel say, as of the table's date.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from gradlock.errors import LockError
from gradlock.locks import lockfile
from gradlock.locks.lockfile import LockText


@dataclass(frozen=True)
class Finding:
    """What a lock says that resolving does not give; or, with `note`, what cannot be told."""

    what: str
    where: str
    note: bool = False

    def __str__(self) -> str:
        mend = "git checkout it, or ./inv lock"
        return self.what if self.note else str(LockError(self.what, where=self.where, mend=mend))


def compare(old: LockText, new: LockText) -> Iterator[Finding]:
    """Yield where a lock differs from what it was resolved to again, each with its line."""
    if old.path.suffix == ".lock":
        yield from _debs(old, new)
    elif old.path.suffix == ".yml" and _source(old) != _source(new):
        where = lockfile.shown(old.path)
        yield Finding(
            f"{where} was {_source(old)}, which now is another: not verified", where, True
        )
    else:
        yield from _lines(old, new)
    if old.inputs != new.inputs:
        yield Finding("its inputs are not those that it was resolved from", _at(old, -1))


def _lines(old: LockText, new: LockText) -> Iterator[Finding]:
    ours, theirs = old.body.splitlines(), new.body.splitlines()
    for kind, begin, end, first, last in SequenceMatcher(None, ours, theirs, False).get_opcodes():
        if kind != "equal":
            said, found = (
                " ".join(lines).strip() or "nothing"
                for lines in (ours[begin:end], theirs[first:last])
            )
            yield Finding(
                f"the lock says {said[:200]!r}, resolving gives {found[:200]!r}", _at(old, begin)
            )


def _debs(old: LockText, new: LockText) -> Iterator[Finding]:
    """Compare .debs; Debian has no "as of", so a version that left the mirrors cannot be told."""
    resolved = {pin.name: pin for pin in lockfile.parse_debs(new)}
    lines = old.body.splitlines()
    gone = []
    for pin in lockfile.parse_debs(old):
        number = next(n for n, line in enumerate(lines) if line.startswith(f"{pin.name} "))
        other = resolved.pop(pin.name, None)
        if other is None:
            yield Finding(f"the lock says {pin.name}, which nothing asks for", _at(old, number))
        elif other.version != pin.version:
            gone.append(pin.name)
        elif other != pin:
            yield Finding(f"the lock says {pin}, the mirror {other}", _at(old, number))
    for name in resolved:
        yield Finding(f"the lock lacks {name}", _at(old, 0))
    if gone:
        said = f"{', '.join(gone)}: this version is on no mirror any more: not verified"
        yield Finding(said, _at(old, 0), note=True)


def _source(lock: LockText) -> str:
    """Return what a conda lock says that it was solved against."""
    return lock.body.partition("\n")[0].removeprefix("# ")


def _at(lock: LockText, index: int) -> str:
    return f"{lockfile.shown(lock.path)}:{index + lockfile.HEADER + 1 if index >= 0 else 2}"
