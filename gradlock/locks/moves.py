"""What `--update` names: packages that may move, and to which version."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from packaging.utils import canonicalize_name

from gradlock.errors import InputError
from gradlock.locks import start
from gradlock.locks.lockfile import RELOCK, LockText
from gradlock.locks.pins import DebPin
from gradlock.locks.resolve import debian


@dataclass(frozen=True)
class Move:
    """A package that may move; to `version`, or, where that is empty, to the newest that fits."""

    name: str
    version: str = ""

    def __str__(self) -> str:
        return f"{self.name}=={self.version}" if self.version else self.name


def read(words: Sequence[str], locks: Iterable[LockText]) -> tuple[Move, ...]:
    """Read names as people write them: `PyYAML`, `keras==3.14.0`, `pandas,numpy`.

    Raises:
        InputError: none of the locks holds one; all such are named.

    """
    if not words:
        return ()
    names = sorted({name for lock in locks for name in start.names(lock)})
    known = {canonicalize_name(name): name for name in names}
    listed = [word.strip() for given in words for word in given.split(",") if word.strip()]
    moves, unknown = [], []
    for word in listed:
        name, _, version = (part.strip() for part in word.partition("=="))
        found = known.get(canonicalize_name(name))
        if found:
            moves.append(Move(found, version))
        else:
            unknown.append(name)
    if unknown:
        raise InputError(
            f"no lock holds {', '.join(sorted(unknown))}",
            mend=f"name packages as the locks do; to add one, edit the inputs and run {RELOCK}",
        )
    return tuple(dict.fromkeys(moves))


def of(lock: LockText | None, moves: Sequence[Move]) -> list[Move]:
    """Return the moves that concern a lock."""
    names = start.names(lock) if lock and moves else ()
    return [move for move in moves if move.name in names]


def staying(pins: Sequence[DebPin], moves: Sequence[Move]) -> list[DebPin]:
    """Return the .debs that stay, and those that move to a version that was named, at that one."""
    versions = {move.name: move.version for move in moves}
    free = debian.together(pins, versions)
    return [pin for pin in pins if pin not in free] + [
        replace(pin, version=versions[pin.name]) for pin in free if versions.get(pin.name)
    ]
