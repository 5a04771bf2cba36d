"""`invoke lock`: the inputs to all locks, in one go; nothing is written unless all is well."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gradlock import store
from gradlock.errors import InputError, LockError, raise_all
from gradlock.inputs import releases, variants
from gradlock.inputs.variants import Table, Variant
from gradlock.locks import (
    checking,
    dates,
    leftovers,
    lockfile,
    moves,
    paths,
    requests,
    resolving,
    rules,
    start,
    verifying,
)
from gradlock.locks.freshness import Locks
from gradlock.locks.lockfile import LockText
from gradlock.locks.refereeing import Programs, Referee
from gradlock.locks.resolving import RESOLVERS, Request
from gradlock.locks.start import Start
from gradlock.locks.verifying import Finding
from gradlock.progress import Stopwatch


def lock(table: Table, request: Request, programs: Programs, watch: Stopwatch) -> list[Path]:
    """Resolve every lock that is not current; return the paths of those that changed.

    Those of rows that the table no longer has are removed, and are among them.

    Raises:
        InputError: the inputs cannot be resolved, or `update` names what no lock holds.
        LockError: a result breaks a rule, or the two pip resolvers disagree.

    """
    if request.resolver not in RESOLVERS:
        raise InputError(f"unknown resolver {request.resolver!r}: use {' or '.join(RESOLVERS)}")
    before = table
    if request.upgrade:
        table = dates.moved_to_now(table)
    dates.check(table)
    if found := list(releases.without_python(table, table.debian)):
        raise InputError("; ".join(found), where=variants.TABLE.name)
    with store.exclusive("lock"):
        old = {path: start.read(path) for path in paths.every(table)}
        moving = moves.read(request.update, [one.lock for one in old.values() if one.lock])
        for variant in table:
            requests.check(variant)
        with Referee(table, programs.python) as referee:
            with watch.stage("resolve"):
                new = resolving.resolve(table, request, moving, old, programs, referee)
            for variant in table:
                rules.check(_locks(variant, new), _locks(table.leader(variant), new))
                raise_all(LockError, requests.unmet(_locks(variant, new)))
            with watch.stage("referee"):
                referee.verdict()
        if request.upgrade and _same(new, old) and not checking.problems(before):
            return []  # not even the date moves
        changed = [path for path, lock in new.items() if lock != old[path].lock]
        if request.upgrade:
            dates.write(table)
        for path in changed:
            store.write_text(path, lockfile.with_header(new[path].body, new[path].inputs))
        for path in (gone := list(leftovers.find(table))):
            path.unlink()
    return changed + gone


def verify(table: Table, programs: Programs, watch: Stopwatch) -> list[Finding]:
    """Resolve every lock again, as of the table's date; return where they say something else.

    Raises:
        LockError: a lock is not whole.

    """
    with store.exclusive("lock"):
        whole = {path: lockfile.read(path) for path in paths.every(table)}
        old = {path: Start(lock, lock) for path, lock in whole.items()}
        referee = Referee(table, programs.python)
        with watch.stage("resolve"):
            new = resolving.resolve(table, Request(again=True), (), old, programs, referee)
    return [one for path, lock in whole.items() for one in verifying.compare(lock, new[path])]


def _locks(variant: Variant, new: Mapping[Path, LockText]) -> Locks:
    return Locks(
        variant,
        *(new[path] for path in (paths.apt(variant), paths.conda(variant), paths.pip(variant))),
    )


def _same(new: Mapping[Path, LockText], old: Mapping[Path, Start]) -> bool:
    """Whether no lock came out as another; those of PEP 751 say what the pip locks say."""
    locks = ((lock, old[path].lock) for path, lock in new.items() if path.suffix != ".toml")
    return all(other and lock.body == other.body for lock, other in locks)
