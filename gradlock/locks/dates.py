"""The dates of the table that bound the locks: held to the clock, and moved to now."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import tomlkit

from gradlock import store
from gradlock.errors import InputError
from gradlock.inputs import spelling, variants
from gradlock.inputs.variants import Table

#: How far ahead of this machine's clock a date may be: that need not be exact.
AHEAD = timedelta(minutes=10)


def check(table: Table) -> None:
    """Refuse a date that has not come: what a lock may hold until then is not known.

    Raises:
        InputError: a date is in the future.

    """
    now = datetime.now(UTC)
    if late := [key for key in variants.DATES if getattr(table, key) > now + AHEAD]:
        raise InputError(
            f"{' and '.join(late)} in the future: what is locked today is not all that may be then",
            where=variants.TABLE.name,
            mend=f"name a moment that is past: this machine's clock says {now:{spelling.FORMAT}}",
        )


def moved_to_now(table: Table) -> Table:
    """Return the table with its dates at this minute."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    return replace(table, as_of=now, tools_as_of=now)


def write(table: Table) -> None:
    """Set the dates in variants.toml; what a person wrote around them stays."""
    document = tomlkit.parse(variants.TABLE.read_text(encoding="utf-8"))
    for key in variants.DATES:
        document[key] = getattr(table, key).strftime(spelling.FORMAT)
    store.write_text(variants.TABLE, tomlkit.dumps(document))
