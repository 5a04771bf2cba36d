"""Which locks a variant has, what each was resolved from, and whether that still holds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property

from gradlock import store
from gradlock.errors import LockError, StaleError, raise_all
from gradlock.inputs import wanted
from gradlock.inputs.platforms import DEFAULT, Platform
from gradlock.inputs.variants import Table, Variant
from gradlock.locks import form, lockfile, paths
from gradlock.locks.lockfile import LockText
from gradlock.locks.pins import CondaPin, DebPin, WheelPin


def apt_inputs(table: Table, platform: Platform) -> str:
    """Return the digest of what Debian's lock for a platform is resolved from."""
    other = [] if platform.name == DEFAULT else [platform.debian]
    return _digest(table.debian, wanted.text(wanted.APT), *other)


def tools_inputs(table: Table) -> str:
    """Return the digest of what the lock of gradlock's own tools is resolved from."""
    read = wanted.read_with([wanted.TOOLS])
    return _digest(table.tools_as_of.isoformat(), *wanted.digests(read))


def desk_inputs(table: Table, tools: LockText) -> str:
    """Return the digest of what the desk's lock is resolved from; `tools` is what it follows."""
    theirs = wanted.read_with([wanted.TOOLS])  # their lock's digest says it
    own = [path for path in wanted.read_with([wanted.DESK]) if path not in theirs]
    return _digest(table.tools_as_of.isoformat(), *wanted.digests(own), tools.digest)


def pip_inputs(variant: Variant, table: Table, leader: LockText | None) -> str:
    """Return the digest of what a pip lock is resolved from; `leader`: which it follows."""
    texts = wanted.digests(wanted.read_with(wanted.wheel_inputs(variant)))
    return _digest(variant.to_dict(), table.as_of.isoformat(), texts, leader and leader.digest)


def conda_inputs(variant: Variant, table: Table, leader: LockText | None) -> str:
    """Return the digest of what a conda lock is resolved from; `leader`: which it follows."""
    row = [variant.python, variant.cuda_minor]
    row += [] if variant.platform == DEFAULT else [variant.platform]
    return _digest(
        row, table.as_of.isoformat(), wanted.text(wanted.ENVIRONMENT), leader and leader.digest
    )


def _digest(*inputs: object) -> str:
    return store.digest(json.dumps(inputs, sort_keys=True).encode())


@dataclass(frozen=True)
class Locks:
    """The locks of one variant, read and whole."""

    variant: Variant
    apt: LockText
    conda: LockText
    pip: LockText

    @cached_property
    def debs(self) -> tuple[DebPin, ...]:
        """The locked Debian packages."""
        return lockfile.parse_debs(self.apt)

    @cached_property
    def condas(self) -> tuple[CondaPin, ...]:
        """The locked conda packages."""
        return lockfile.parse_conda(self.conda)

    @cached_property
    def wheels(self) -> tuple[WheelPin, ...]:
        """The locked wheels."""
        return lockfile.parse_wheels(self.pip)

    @property
    def digest(self) -> str:
        """The hash of the locks: of their bodies and the table's row, in hex."""
        return _digest(self.variant.to_dict(), self.apt.digest, self.conda.digest, self.pip.digest)


def read(variant: Variant) -> Locks:
    """Read the locks of a variant; all that are broken are named at once."""
    found, problems = [], []
    for path in (paths.apt(variant), paths.conda(variant), paths.pip(variant)):
        try:
            found.append(lockfile.read(path))
        except LockError as error:
            problems.append(error)
    raise_all(LockError, problems)
    return Locks(variant, *found)


def current(variant: Variant, table: Table) -> Locks:
    """Return the locks of a variant, which must be what its inputs would give.

    Raises:
        LockError: one is missing, broken, or its inputs moved on since it was made.

    """
    locks = read(variant)
    leader = table.leader(variant)
    theirs = read(leader) if variant != leader else None
    misspelt = (_misspelt(lock) for lock in (locks.apt, locks.conda, locks.pip))
    raise_all(LockError, (error for error in misspelt if error))
    raise_all(LockError, (_stale(lock) for lock in stale(locks, theirs, table)))
    return locks


def check_tools(table: Table) -> None:
    """Check the locks of gradlock's own tools as `current` does a variant's."""
    tools, desk = lockfile.read(paths.TOOLS), lockfile.read(paths.DESK)
    raise_all(LockError, (error for lock in (tools, desk) if (error := _misspelt(lock))))
    expected = ((tools, tools_inputs(table)), (desk, desk_inputs(table, tools)))
    raise_all(LockError, (_stale(lock) for lock, inputs in expected if lock.inputs != inputs))


def stale(locks: Locks, leader: Locks | None, table: Table) -> list[LockText]:
    """Return the locks whose inputs moved on; `leader` are those that they follow, if any."""
    variant = locks.variant
    conda = leader.conda if leader and variant.shares_condas(leader.variant) else None
    pip = leader.pip if leader and variant.shares_wheels(leader.variant) else None
    expected = (
        (locks.apt, apt_inputs(table, variant.machine)),
        (locks.conda, conda_inputs(variant, table, conda)),
        (locks.pip, pip_inputs(variant, table, pip)),
    )
    return [lock for lock, inputs in expected if lock.inputs != inputs]


def _misspelt(lock: LockText) -> LockError | None:
    """Return why a lock is not as it is written, where it is not."""
    try:
        form.check(lock)
    except LockError as error:
        return error
    return None


def _stale(lock: LockText) -> StaleError:
    return StaleError(
        "a lock is stale: its inputs, the table or the lock that it follows have changed since",
        where=str(lock.path.relative_to(store.ROOT)),
        mend=lockfile.RELOCK,
    )
