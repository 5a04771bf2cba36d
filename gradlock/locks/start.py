"""What a run of `invoke lock` starts from: whole locks, and what can be read of others.

A lock that two branches changed, that was cut off, or edited, is made anew; but the pins that it
names stay where they still fit, of either side of a merge, as those of a whole lock do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import yaml
from packaging.version import InvalidVersion, Version

from gradlock.errors import LockError
from gradlock.locks import form, lockfile, merging, paths, pylock
from gradlock.locks.lockfile import CondaPin, LockText, WheelPin
from gradlock.locks.resolve.conda_solver import name_of
from gradlock.progress import say

P = TypeVar("P", WheelPin, CondaPin)

PINNED = re.compile(r"(?m)^([a-z0-9-]+)==([^\s;\\]+)")
HASHED = re.compile(PINNED.pattern + r" \\\n +--hash=sha256:([0-9a-f]{64})$", re.MULTILINE)
CONDA = re.compile(r"(?m)^ +(?:- )?url: (https?://\S+/(\S+?-[^-\s]+-[^-\s]+)\.(?:conda|tar\.bz2))$")


@dataclass(frozen=True)
class Start:
    """A lock as it was found: whole, or None; and one of the pins that are to be kept, if any."""

    lock: LockText | None
    kept: LockText | None


def read(path: Path) -> Start:
    """Read a lock; say so where it is not whole."""
    try:
        whole = lockfile.read(path)
        form.check(whole)
    except LockError as error:
        if not path.exists():
            return Start(None, None)
        kept = recovered(path, path.read_text(encoding="utf-8", errors="replace"))
        say(f"{error.what}; making it anew, from the pins that it names ({lockfile.shown(path)})")
        return Start(None, kept)
    return Start(whole, whole)


def recovered(path: Path, text: str) -> LockText | None:
    """Return a lock of the pins that a text names, on all sides of a merge; None without any.

    Where two sides differ, the newer one is kept: one of the branches wanted it.
    """
    sides = merging.sides(text)
    if path.suffix == ".lock":
        lines = [line for side in sides for line in side.splitlines()]
        debs = [line for line in lines if re.fullmatch(lockfile.DEB_LINE, line)]
        body = "".join(f"{line}\n" for line in dict.fromkeys(debs))
    elif path.suffix == ".yml":
        found = [match for side in sides for match in CONDA.finditer(side)]
        body = _condas(
            CondaPin(name_of(match[2]), match[2].rsplit("-", 2)[1], match[1], "") for match in found
        )
    elif path.suffix == ".toml":
        return None  # it is written from the lock beside it
    elif path not in (paths.TOOLS, paths.DESK):
        found = [match for side in sides for match in HASHED.finditer(side)]
        pins = (WheelPin(match[1], match[2], match[3]) for match in found)
        body = lockfile.format_wheels(_newest(pins))
    else:
        found = [match for side in sides for match in PINNED.finditer(side)]
        pins = (WheelPin(match[1], match[2], "") for match in found)
        body = "".join(f"{pin.requirement}\n" for pin in _newest(pins))
    return LockText(path, "", body) if body else None


def _condas(pins: Iterable[CondaPin]) -> str:
    rows = [
        {
            "name": pin.name,
            "version": pin.version,
            "url": pin.url,
            "hash": {"sha256": pin.sha256},
            "dependencies": {},
        }
        for pin in _newest(pins)
    ]
    return str(yaml.safe_dump({"package": rows})) if rows else ""


def _newest(pins: Iterable[P]) -> list[P]:
    """Return one pin a name: the newest, or the last where versions cannot be compared."""
    found: dict[str, P] = {}
    for pin in pins:
        old = found.get(pin.name)
        if old is None or not _older(pin.version, old.version):
            found[pin.name] = pin
    return list(found.values())


def _older(one: str, other: str) -> bool:
    try:
        return Version(one) < Version(other)
    except InvalidVersion:
        return False


def names(lock: LockText) -> frozenset[str]:
    """Return the packages that a lock holds."""
    if lock.path.suffix == ".lock":
        return frozenset(pin.name for pin in lockfile.parse_debs(lock))
    if lock.path in (paths.TOOLS, paths.DESK):
        return frozenset(name for name, _ in PINNED.findall(lock.body))
    if lock.path.suffix == ".yml":
        return frozenset(pin.name for pin in lockfile.parse_conda(lock))
    if lock.path.suffix == ".toml":
        return frozenset(wheel.pin.name for wheel in pylock.read(lock))
    return frozenset(pin.name for pin in lockfile.parse_wheels(lock))
