"""What an image is made of: its locks, those that it follows, and where conda packages are from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gradlock import store
from gradlock.errors import InputError, LockError
from gradlock.inputs import wanted
from gradlock.inputs.variants import Table, Variant
from gradlock.locks import freshness, rules
from gradlock.locks.freshness import Locks
from gradlock.locks.pins import CondaPin, WheelPin

#: Where conda packages come from: conda-forge itself, or packages bound to Debian's.
CHANNELS = ("debian", "conda-forge")


@dataclass(frozen=True)
class Recipe:
    """All that an image is a function of: nothing else may change its ID.

    `name` is what it is tagged with; `cpu` are the locks that a GPU variant follows; `suite`
    and `created` are the table's. `whole` tells an image from `gradlock:base`, which has no
    wheels. `below` are the locks of the rows that the variant extends, the lowest first.
    """

    name: str
    locks: Locks
    cpu: Locks
    channel: str
    suite: str
    created: datetime
    whole: bool = True
    below: tuple[Locks, ...] = ()

    @property
    def tiers(self) -> tuple[tuple[WheelPin, ...], ...]:
        """The wheels of the lowest row of the variant's line, and what each above it adds."""
        had: set[str] = set()
        found = []
        for locks in (*self.below, self.locks):
            found.append(tuple(pin for pin in locks.wheels if pin.sha256 not in had))
            had.update(pin.sha256 for pin in locks.wheels)
        return tuple(found)

    @property
    def variant(self) -> Variant:
        """The table's row."""
        return self.locks.variant

    @property
    def condas(self) -> tuple[CondaPin, ...]:
        """The conda packages to fetch: the channel `debian` has none."""
        return self.locks.condas if self.channel == "conda-forge" else ()

    @property
    def interpreter(self) -> str:
        """What identifies the Python that compiles bytecode: a hash of its packages.

        Raises:
            InputError: the channel has no such Python.

        """
        python = f"python{self.variant.python}"
        hashes = (
            [pin.sha256 for pin in self.condas if pin.name == "python"]
            if self.channel == "conda-forge"
            else [
                pin.sha256
                for pin in self.locks.debs
                if pin.name.startswith((python, f"lib{python}"))
            ]
        )
        if not hashes:
            raise InputError(
                f"the channel {self.channel} has no Python {self.variant.python}",
                where="requirements/apt.lock",
                mend="choose the Debian suite's own Python in variants.toml, "
                "or --channel conda-forge",
            )
        return store.digest("".join(sorted(hashes)).encode())


def read(variant: Variant, table: Table, channel: str, *, whole: bool = True) -> Recipe:
    """Return the recipe of a variant's image, or of `gradlock:base` below its wheels.

    Raises:
        LockError: a lock is missing, broken or stale, or the locks break a rule.

    """
    line = table.line(variant)
    read = {row: freshness.current(row, table) for row in (table.cpu, *line)}
    for row in line:
        rules.check(read[row], read[table.leader(row)])
    *below, locks = (read[row] for row in line)
    if channel == "conda-forge":
        _complete(locks)
    name = variant.name if whole else "base"
    cpu = read[table.cpu]
    return Recipe(name, locks, cpu, channel, table.debian, table.as_of, whole, tuple(below))


def _complete(locks: Locks) -> None:
    """See that a conda lock has all that is asked for: one of the snapshot may lack something.

    Raises:
        LockError: it has not.

    """
    asked = set(map(wanted.spec_name, wanted.condas(locks.variant)))
    if lacking := asked - {pin.name for pin in locks.condas}:
        raise LockError(
            f"the conda lock of {locks.variant.name} is without {', '.join(sorted(lacking))}: it "
            "was solved against the snapshot, which has none for its platform",
            where=locks.conda.path.name,
            mend="./inv lock --upgrade where conda-forge can be reached; or --channel debian",
        )
