"""What the locks name, by hash, and what of it the store has; no library reads the locks here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from gradlock.doctor import question
from gradlock.doctor.question import Question
from gradlock.inputs.variants import Variant
from gradlock.locks import paths

#: A package in a lock of Debian's: its hash, its archive, its path there.
DEB = re.compile(r"(?m)^\S+ \S+ \S+ \d+ ([0-9a-f]{64}) (\S+) (\S+)$")
#: A wheel in a pip lock: its name and its hash.
WHEEL = re.compile(r"(?m)^([a-z0-9-]+)==\S+ \\\n\s+--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True)
class Missing:
    """What the store lacks of some variants: wheels by name, .debs by archive and path."""

    wheels: tuple[str, ...]
    debs: tuple[tuple[str, str], ...]


NOTHING = Missing((), ())


def missing(asked: Question) -> Missing:
    """Return what the variants in question need and the store has not."""
    kept = question.stored() / "artifacts"
    debs = {
        (archive, path)
        for sha256, archive, path in DEB.findall(_text(paths.APT))
        if not _has(kept, sha256)
    }
    wheels = {
        name
        for row in asked.rows
        for name, sha256 in WHEEL.findall(_pip(row))
        if not _has(kept, sha256)
    }
    return Missing(tuple(sorted(wheels)), tuple(sorted(debs)))


def _pip(row: Variant) -> str:
    return _text(paths.pip(row))


def _text(path: Path) -> str:
    """Return a lock's text, nothing where it cannot be read: the check of locks tells of that."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeError):
        return ""


def _has(kept: Path, sha256: str) -> bool:
    folder = kept / sha256
    return folder.is_dir() and any(not file.name.startswith(".") for file in folder.iterdir())
