"""`lock --update NAME` in rows with CUDA: they move what the CPU's does, and else their own alone.

The start is what the project's inputs gave some weeks before its date, for the CPU's row and then
for each that follows it.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from gradlock.inputs.variants import Variant
from gradlock.locks.moves import Move
from gradlock.locks.pins import WheelPin
from gradlock.locks.resolve import pip
from tests.locks.test_wheels import BEFORE, CPU, TABLE, by_name, moved, old

__all__ = ["moved", "old"]  # the fixtures

ROWS = [row for row in TABLE if row.gpu]
#: What no input and no lock pins: TensorFlow alone bounds it.
OWN = "nvidia-nccl-cu12"
#: How many of the packages that have moved are updated in each row.
FEW = 4

Pins = tuple[WheelPin, ...]


def resolved(row: Variant, leader: Pins, keep: Pins = (), update: str = "") -> Pins:
    """Resolve a row that follows some pins, as of the table's date."""
    asked = [Move(update)] if update in by_name(keep) else []
    found = pip.resolve(row, TABLE.as_of, keep=keep, constrain=leader, moves=asked)
    return tuple(wheel.pin for wheel in found)


def changes(before: Pins, after: Pins) -> Mapping[str, str]:
    """Return what is there at another version, or anew."""
    there = by_name(before)
    return {pin.name: pin.version for pin in after if there.get(pin.name) != pin}


@pytest.fixture(scope="module", params=ROWS, ids=lambda row: row.name)
def row(request: pytest.FixtureRequest) -> Variant:
    """Return each row with CUDA."""
    found: Variant = request.param
    return found


@pytest.fixture(scope="module")
def theirs(row: Variant, old: Pins) -> Pins:
    """Return a row's pins of the earlier date."""
    found = pip.resolve(row, BEFORE, keep=(), constrain=old)
    return tuple(wheel.pin for wheel in found)


def test_nothing_moves_unasked(row: Variant, old: Pins, theirs: Pins) -> None:
    assert resolved(row, old, theirs) == theirs


@pytest.mark.parametrize("number", range(FEW))
def test_a_row_moves_what_the_cpus_does_and_nothing_else(
    row: Variant, old: Pins, theirs: Pins, moved: list[str], number: int
) -> None:
    name = moved[number * len(moved) // FEW]
    after = resolved(CPU, (), old, name)
    expected = changes(old, after)
    assert name in expected
    assert changes(theirs, resolved(row, after, theirs, name)) == expected


def test_what_a_row_has_alone_moves_alone(row: Variant, old: Pins, theirs: Pins) -> None:
    assert OWN not in by_name(old)
    assert changes(theirs, resolved(row, old, theirs, OWN)).keys() == {OWN}


def test_what_did_move_for_no_reason_would_be_found(row: Variant, old: Pins, theirs: Pins) -> None:
    """By a run that keeps nothing: what the row has alone moves, unasked."""
    assert OWN in changes(theirs, resolved(row, old))
