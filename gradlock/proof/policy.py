"""Policies: whose word counts, and how many of them it takes.

need = 2

[keys.alice]
public = "..."          # what `./inv key FILE` prints
until = 2027-06-30      # not trusted after that day; can be left out
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from securesystemslib.signer import SSlibKey

from gradlock.errors import InputError
from gradlock.proof import keys


@dataclass(frozen=True)
class Trusted:
    """A key, and the last day on which it counts."""

    key: SSlibKey
    until: date | None = None


@dataclass(frozen=True)
class Policy:
    """Keys by the names of their owners, and how many of them must have signed."""

    path: Path
    need: int
    trusted: dict[str, Trusted]

    def keys(self) -> dict[str, SSlibKey]:
        """Return the keys, by the names of their owners."""
        return {name: one.key for name, one in self.trusted.items()}

    def expired(self, name: str, today: date) -> bool:
        """Tell whether a key has ceased to count."""
        until = self.trusted[name].until
        return until is not None and today > until


def read(path: Path) -> Policy:
    """Return the policy in a file.

    Raises:
        InputError: it cannot be read, or is none; a policy that nobody can meet is none.

    """
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        need, rows = told.pop("need", 1), told.pop("keys")
        if told:
            raise ValueError(f"it knows need and keys, not {', '.join(told)}")
        trusted = {name: _trusted(name, row) for name, row in rows.items()}
    except OSError as error:
        raise InputError(f"the policy cannot be read: {error.strerror}", where=str(path)) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _wrong(path, f"{type(error).__name__}: {error}") from error
    if isinstance(need, bool) or not isinstance(need, int) or not 1 <= need <= len(trusted):
        raise _wrong(path, f"it needs {need!r} of {len(trusted)} keys")
    if len({one.key.keyid for one in trusted.values()}) < len(trusted):
        raise _wrong(path, "two names have one key, which would count twice")
    return Policy(path, need, trusted)


def _trusted(name: str, row: dict[str, Any]) -> Trusted:
    unknown = row.keys() - {"public", "until"}
    if unknown:
        raise ValueError(f"a key has public and until, not {', '.join(sorted(unknown))} ({name})")
    until = row.get("until")
    if until is not None and (not isinstance(until, date) or isinstance(until, datetime)):
        raise ValueError(f"until is a day, as 2027-06-30, and not {until!r} ({name})")
    try:
        return Trusted(keys.read(row["public"]), until)
    except (ValueError, TypeError) as error:
        raise ValueError(f"public is what ./inv key prints, and nothing else ({name})") from error


def _wrong(path: Path, why: str) -> InputError:
    return InputError(
        f"it is no policy: {why}",
        where=str(path),
        mend="need = 1, and for each who is trusted what ./inv key FILE prints",
    )
