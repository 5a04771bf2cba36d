"""What an upgrade does to known vulnerabilities: which it closes, which it opens, by the audits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gradlock.audit.answers import Key
from gradlock.locks.diff import Change, Package


@dataclass(frozen=True)
class Exposure:
    """A known vulnerability that came or went with a package, in some variants."""

    id: str
    what: str
    kind: str
    name: str
    old: str
    new: str
    variants: tuple[str, ...]


@dataclass(frozen=True)
class Exposures:
    """All that came or went; `untold` counts what no audit was answered for, on either side."""

    changes: tuple[Exposure, ...] = ()
    untold: int = 0

    def __bool__(self) -> bool:
        return bool(self.changes)


def between(changes: Sequence[Change], known: Mapping[Key, frozenset[str]]) -> Exposures:
    """Tell what some changes closed and opened; of what was not audited on both sides, nothing."""
    found, untold = [], 0
    for change in changes:
        if change.kind not in ("pip", "apt"):
            continue
        before, after = (_told(one, known) for one in (change.old, change.new))
        if before is None or after is None:
            untold += 1
            continue
        old, new = (one.version if one else "-" for one in (change.old, change.new))
        for what, ids in (("closed", before - after), ("opened", after - before)):
            found += [
                Exposure(each, what, change.kind, change.name, old, new, change.variants)
                for each in sorted(ids)
            ]
    return Exposures(tuple(found), untold)


def _told(one: Package | None, known: Mapping[Key, frozenset[str]]) -> frozenset[str] | None:
    """Return what is known of a package; what is not there has no vulnerabilities."""
    return known.get((one.kind, one.name, one.version)) if one else frozenset()
