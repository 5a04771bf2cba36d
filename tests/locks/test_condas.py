"""`lock --update NAME` of a conda package moves it, and nothing that could have stayed.

The start is what environment.yml gave at the beginning of the snapshot's last year. Whether a
package could have stayed is asked of the solver, with everything else held.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import pytest
import yaml

from gradlock.errors import InputError
from gradlock.inputs import variants
from gradlock.inputs.variants import Variant
from gradlock.locks import lockfile, paths
from gradlock.locks.lockfile import LockText
from gradlock.locks.moves import Move
from gradlock.locks.pins import CondaPin
from gradlock.locks.resolve import conda
from tests.locks.conftest import SAMPLE, evenly

TABLE = variants.load()
CPU = TABLE.cpu
BEFORE = dataclasses.replace(TABLE, as_of=datetime(2026, 1, 1, tzinfo=UTC))

Pins = Mapping[str, CondaPin]


def solved(
    row: Variant,
    table: variants.Table = TABLE,
    *,
    keep: Iterable[CondaPin] = (),
    leader: LockText | None = None,
    update: str = "",
) -> Pins:
    """Solve a row; return its pins by name."""
    moves = [Move(update)] if update else []
    body = conda.compile_lock(row, table, keep=keep, cpu=leader, moves=moves)
    pins = lockfile.parse_conda(LockText(paths.conda(row), "", body))
    return {pin.name: pin for pin in pins}


def held(pins: Iterable[CondaPin]) -> LockText:
    """Return a lock of some packages: what follows it has them, or none of their names."""
    rows = [
        {
            **{"name": pin.name, "version": pin.version, "url": pin.url, "dependencies": {}},
            "hash": {"sha256": pin.sha256},
        }
        for pin in pins
    ]
    return LockText(paths.conda(CPU), "", yaml.safe_dump({"package": rows}))


@pytest.fixture(scope="module")
def old() -> Pins:
    """Return the pins of the earlier date."""
    return solved(CPU, BEFORE)


@pytest.fixture(scope="module")
def moved(old: Pins) -> list[str]:
    """Return packages that have moved since, evenly chosen."""
    new = solved(CPU)
    names = [name for name in old if name in new and new[name].url != old[name].url]
    assert len(names) >= SAMPLE, "too few moved to tell anything: an earlier date"
    return evenly(names)


def changes(old: Pins, new: Pins) -> Pins:
    """Return what another file stands for now."""
    return {name: pin for name, pin in new.items() if old.get(name, pin).url != pin.url}


def fits(pins: Iterable[CondaPin]) -> bool:
    """Whether there is a solution with some pins held."""
    try:
        solved(CPU, leader=held(pins))
    except InputError as error:
        if "cannot be solved" not in error.what:
            raise
        return False
    return True


def needless(old: Pins, name: str, moved: Pins) -> list[str]:
    """Return the packages that moved with another one, and could have stayed."""
    staying = [pin for pin in old.values() if pin.name not in moved]
    return [other for other in moved if other != name and fits([*staying, moved[name], old[other]])]


def test_nothing_moves_unasked(old: Pins) -> None:
    assert solved(CPU, keep=old.values()) == old


@pytest.mark.parametrize("number", range(SAMPLE))
def test_only_what_could_not_stay_moves_with_a_package(
    old: Pins, moved: list[str], number: int
) -> None:
    found = changes(old, solved(CPU, keep=old.values(), update=moved[number]))
    assert moved[number] in found
    assert needless(old, moved[number], found) == []


def test_what_did_move_for_no_reason_would_be_found(old: Pins) -> None:
    """By an update of two packages that need not move together."""
    new, name = solved(CPU), "tzdata"
    found = changes(old, solved(CPU, keep=old.values(), update=name))
    assert found.keys() == {name}
    assert needless(old, name, {**found, "git": new["git"]}) == ["git"]


def test_a_gpu_row_moves_what_the_cpus_does(old: Pins, moved: list[str]) -> None:
    """Where both have it, to the same file; and what is its own stays."""
    row = next(row for row in TABLE if row.gpu)
    before = solved(row, BEFORE, leader=held(old.values()))
    after = solved(CPU, keep=old.values(), update=moved[0])
    theirs = solved(row, keep=before.values(), leader=held(after.values()), update=moved[0])
    assert changes(before, theirs) == changes(old, after)
