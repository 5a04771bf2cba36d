"""`invoke lock --check`: whether all locks are whole, current, and what the rules ask for."""

from __future__ import annotations

from gradlock.errors import GradlockError
from gradlock.inputs.variants import Table
from gradlock.locks import (
    culprits,
    dates,
    freshness,
    leftovers,
    lockfile,
    paths,
    pylock,
    requests,
    rules,
)


def problems(table: Table) -> list[str]:
    """Return what is not well among the locks; it needs no network, and changes nothing."""
    found: list[GradlockError] = []
    for check in (dates.check, freshness.check_tools):
        try:
            check(table)
        except GradlockError as error:
            found += error.parts
    current: dict[str, freshness.Locks] = {}
    for variant in table.led:
        try:
            locks = current[variant.name] = freshness.current(variant, table)
            leader = table.leader(variant)
            rules.check(locks, current.get(leader.name) or freshness.current(leader, table))
            found += requests.unmet(locks)
            pylock.check(lockfile.read(paths.pylock(variant)), locks.pip, variant)
        except GradlockError as error:
            found += error.parts
    found += leftovers.problems(table)
    told = {str(error): error for error in found}
    return [str(culprits.sharpened(error, table)) for error in told.values()]
