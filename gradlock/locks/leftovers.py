"""Locks that no row has any more: those of a row that was removed, or was renamed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gradlock.errors import LockError
from gradlock.inputs import wanted
from gradlock.inputs.variants import Table
from gradlock.locks import lockfile, paths

#: Where locks of rows lie, by how their names end; a file that a person wrote may end so, too.
FORMS = ("*.txt", "*.conda-lock.yml", "pylock.*.toml", "apt-*.lock")


def find(table: Table) -> Iterator[Path]:
    """Yield the files that `invoke lock` wrote, and would not write for this table."""
    known = set(paths.every(table))
    for form in FORMS:
        for path in sorted(wanted.REQUIREMENTS.glob(form)):
            if path not in known and path.is_file() and _is_lock(path):
                yield path


def problems(table: Table) -> Iterator[LockError]:
    """Yield an error for each: who reads the folder would take it for a lock that holds."""
    for path in find(table):
        yield LockError(
            "a lock is of no row of the table, which was removed, or has another name now",
            where=lockfile.shown(path),
            mend=f"{lockfile.RELOCK} removes it; or put the row back",
        )


def _is_lock(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.readline().rstrip() == lockfile.TITLE.encode()
