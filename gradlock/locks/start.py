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
from gradlock.locks import form, lockfile, merging, paths, pylock, revisions
from gradlock.locks.lockfile import LockText
from gradlock.locks.pins import CondaPin, DebPin, WheelPin
from gradlock.locks.resolve.conda_solver import name_of
from gradlock.progress import say

P = TypeVar("P", WheelPin, CondaPin, DebPin)

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
        if not path.is_file():
            raise
        text = path.read_text(encoding="utf-8", errors="replace")
        forked = revisions.forked() if merging.line_of(text) else None
        kept = recovered(path, text, (forked and forked.read(path)) or "")
        say(f"{error.what}; making it anew, from the pins that it names ({lockfile.shown(path)})")
        return Start(None, kept)
    return Start(whole, whole)


def recovered(path: Path, text: str, forked: str = "") -> LockText | None:
    """Return a lock of the pins that a text names, on all sides of a merge; None without any.

    Where two sides differ, that is kept which the lock they both began from (`forked`) has not:
    one of the branches wanted it. Where both do, it is the newer one.
    """
    if path.suffix == ".toml":
        return None  # it is written from the lock beside it
    sides, before = "\n".join(merging.sides(text)), forked
    if path.suffix == ".lock":
        debs = _moved(_debs(sides), _debs(before))
        body = lockfile.format_debs(debs) if debs else ""
    elif path.suffix == ".yml":
        body = _condas(_newest(_moved(_conda_pins(sides), _conda_pins(before))))
    elif path not in (paths.TOOLS, paths.DESK):
        wheels = _newest(_moved(_wheels(HASHED, sides), _wheels(HASHED, before)))
        body = lockfile.format_wheels(wheels)
    else:
        wheels = _newest(_moved(_wheels(PINNED, sides), _wheels(PINNED, before)))
        body = "".join(f"{pin.requirement}\n" for pin in wheels)
    return LockText(path, "", body) if body else None


def _debs(text: str) -> tuple[DebPin, ...]:
    lines = [line for line in text.splitlines() if re.fullmatch(lockfile.DEB_LINE, line)]
    return lockfile.parse_debs(LockText(paths.APT, "", "\n".join(lines)))


def _conda_pins(text: str) -> list[CondaPin]:
    files = ((match[1], match[2]) for match in CONDA.finditer(text))
    return [CondaPin(name_of(file), file.rsplit("-", 2)[1], url, "") for url, file in files]


def _wheels(form: re.Pattern[str], text: str) -> list[WheelPin]:
    return [
        WheelPin(name, version, *sha256 or [""]) for name, version, *sha256 in form.findall(text)
    ]


def _moved(pins: Iterable[P], before: Iterable[P]) -> list[P]:
    """Return pins without those of `before` that one side has moved."""
    found, old = list(dict.fromkeys(pins)), set(before)
    moved = {pin.name for pin in found if pin not in old}
    return [pin for pin in found if pin not in old or pin.name not in moved]


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
