"""What a team lives with: `audit.toml`, where each line has a reason and an end."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from gradlock import store
from gradlock.audit.findings import Finding
from gradlock.errors import InputError, raise_all

NAME = "audit.toml"
FIELDS = ("id", "package", "reason", "expires")


@dataclass(frozen=True)
class Acceptance:
    """A vulnerability of a package that is known and lived with, through the day `expires`."""

    id: str
    package: str
    reason: str
    expires: date

    def covers(self, finding: Finding) -> bool:
        """Whether it is about a finding: by any of its identifiers and any of its names."""
        subject = finding.subject
        names = (subject.name, *subject.locked)
        return self.id in finding.vulnerability.ids and self.package in names


def path() -> Path:
    """Return where the file lies."""
    return store.ROOT / NAME


def read() -> tuple[Acceptance, ...]:
    """Read the file; without one nothing is accepted.

    Raises:
        InputError: it is malformed; all problems are named at once.

    """
    try:
        raw = tomllib.loads(path().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"not TOML: {error}", where=NAME) from error
    rows = raw.get("accept", [])
    if set(raw) - {"accept"} or not isinstance(rows, list):
        raise _wrong("it holds [[accept]] and nothing else", NAME)
    problems = [problem for number, row in enumerate(rows, 1) for problem in _problems(number, row)]
    raise_all(InputError, problems)
    return tuple(Acceptance(**row) for row in rows)


def _problems(number: int, row: Any) -> Iterator[InputError]:
    where = f"{NAME}, [[accept]] number {number}"
    if not isinstance(row, dict) or set(row) != set(FIELDS):
        yield _wrong(f"it must have {', '.join(FIELDS)}, and nothing else", where)
        return
    for name in FIELDS[:-1]:
        if not isinstance(row[name], str) or not row[name].strip():
            yield _wrong(f"{name} must be text", where)
    if not isinstance(row["expires"], date) or isinstance(row["expires"], datetime):
        yield _wrong("expires must be a day, unquoted: 2027-01-31", where)


def _wrong(what: str, where: str) -> InputError:
    return InputError(what, where=where, mend="docs/audit.md shows one that is right")


def problems(
    accepted: Sequence[Acceptance],
    findings: Sequence[Finding],
    audited: Collection[str],
    known: Collection[str],
    today: date,
) -> list[str]:
    """Return what is wrong with acceptances: expired, of a package that is not there, unused.

    `audited` names the packages that were asked about and answered for, `known` those of all
    locks: what was not asked about cannot be told to be unused.
    """
    found = []
    for one in accepted:
        shown = f"{NAME}: {one.id} of {one.package}"
        if one.expires < today:
            found.append(f"{shown} was accepted until {one.expires}: look at it again")
        if one.package not in known:
            found.append(f"{shown} is accepted, but no lock holds that package: remove it")
        elif one.package in audited and not any(one.covers(finding) for finding in findings):
            found.append(f"{shown} is accepted, but the package does not have it: remove it")
    return found
