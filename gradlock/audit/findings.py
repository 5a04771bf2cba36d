"""What an audit is of, and what it finds: packages, and known vulnerabilities of theirs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gradlock.audit import versions


@dataclass(frozen=True)
class Subject:
    """A package that is audited, once for all variants that hold it at that version.

    `kind` is the manager's, `pip` or `apt`. Of a .deb, `name` and `version` are its source's:
    that is what Debian tracks; `locked` are the names in the locks.
    """

    kind: str
    name: str
    version: str
    locked: tuple[str, ...]
    variants: tuple[str, ...]


@dataclass(frozen=True)
class Vulnerability:
    """A known one: all its identifiers, and the first version after ours that is free of it.

    `fixed` is empty where none is known. `minor` is what Debian itself rates so low that it
    plans no update.
    """

    ids: tuple[str, ...]
    summary: str = ""
    fixed: str = ""
    minor: bool = False

    @property
    def id(self) -> str:
        """The identifier that most people know it by: CVE's, where it has one."""
        return min(self.ids, key=lambda one: (not one.startswith("CVE-"), one))


@dataclass(frozen=True)
class Finding:
    """A vulnerability of a package that is locked."""

    subject: Subject
    vulnerability: Vulnerability


def merged(kind: str, found: Iterable[Vulnerability]) -> tuple[Vulnerability, ...]:
    """Make one of those that share an identifier: each database has a record of its own."""
    kept: list[Vulnerability] = []
    for one in found:
        same = [other for other in kept if set(one.ids) & set(other.ids)]
        both = [*same, one]
        # The database that knows of a later fix has looked further than the other one.
        fixes = [each.fixed for each in both if each.fixed]
        kept = [other for other in kept if other not in same]
        kept.append(
            Vulnerability(
                tuple(sorted({name for each in both for name in each.ids})),
                next((each.summary for each in both if each.summary), ""),
                versions.newest(kind, fixes) if fixes else "",
                all(each.minor for each in both),
            )
        )
    return tuple(sorted(kept, key=lambda each: each.id))


def upgrade(kind: str, found: Iterable[Vulnerability]) -> str:
    """Return the least version that mends all of a package that can be; empty: nothing does."""
    fixes = [one.fixed for one in found if one.fixed]
    return versions.newest(kind, fixes) if fixes else ""
