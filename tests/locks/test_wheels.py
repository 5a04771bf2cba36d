"""`lock --update NAME` of a wheel moves it, and nothing that could have stayed.

The start is what the project's inputs gave some weeks before its date: packages have moved since.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import timedelta

import pytest

from gradlock.errors import InputError
from gradlock.inputs import variants
from gradlock.locks.moves import Move
from gradlock.locks.pins import WheelPin
from gradlock.locks.resolve import pip
from tests.locks.conftest import SAMPLE, evenly

TABLE = variants.load()
CPU = TABLE.cpu
BEFORE = TABLE.as_of - timedelta(days=60)


@pytest.fixture(scope="module")
def old() -> tuple[WheelPin, ...]:
    """Return the pins of the earlier date."""
    return tuple(wheel.pin for wheel in pip.resolve(CPU, BEFORE, keep=()))


@pytest.fixture(scope="module")
def moved(old: tuple[WheelPin, ...]) -> list[str]:
    """Return the packages that have moved since, evenly chosen."""
    new = by_name(tuple(wheel.pin for wheel in pip.resolve(CPU, TABLE.as_of, keep=())))
    names = [pin.name for pin in old if new.get(pin.name, pin).version != pin.version]
    assert len(names) >= SAMPLE, "too few moved to tell anything: an earlier date"
    return evenly(names)


def by_name(pins: tuple[WheelPin, ...]) -> Mapping[str, WheelPin]:
    return {pin.name: pin for pin in pins}


def updated(old: tuple[WheelPin, ...], name: str) -> dict[str, WheelPin]:
    """Return the pins of the packages that one update moved to another version."""
    before = by_name(old)
    found = pip.resolve(CPU, TABLE.as_of, keep=old, moves=[Move(name)])
    return {
        wheel.pin.name: wheel.pin
        for wheel in found
        if before.get(wheel.pin.name, wheel.pin).version != wheel.pin.version
    }


def fits(held: list[WheelPin]) -> bool:
    """Whether there is a solution with some pins held."""
    try:
        pip.resolve(CPU, TABLE.as_of, keep=(), constrain=held)
    except InputError as error:
        if "No solution found" not in error.what:
            raise
        return False
    return True


def needless(old: tuple[WheelPin, ...], name: str, changes: Mapping[str, WheelPin]) -> list[str]:
    """Return the packages that moved with another one, and could have stayed."""
    staying = [pin for pin in old if pin.name not in changes]
    others = [pin for pin in old if pin.name in changes and pin.name != name]
    return [pin.name for pin in others if fits([*staying, changes[name], pin])]


def test_nothing_moves_unasked(old: tuple[WheelPin, ...]) -> None:
    again = pip.resolve(CPU, TABLE.as_of, keep=old)
    assert tuple(wheel.pin for wheel in again) == old


@pytest.mark.parametrize("number", range(SAMPLE))
def test_only_what_could_not_stay_moves_with_a_package(
    old: tuple[WheelPin, ...], moved: list[str], number: int
) -> None:
    changes = updated(old, moved[number])
    assert moved[number] in changes
    assert needless(old, moved[number], changes) == []


def test_what_a_package_asks_for_by_its_version_moves_with_it(old: tuple[WheelPin, ...]) -> None:
    changes = updated(old, "pydantic")
    assert {"pydantic", "pydantic-core"} <= changes.keys()
    assert needless(old, "pydantic", changes) == []
    # What did move for no reason would be found.
    more = {**changes, "idna": by_name(old)["idna"]}
    assert needless(old, "pydantic", more) == ["idna"]


def test_a_version_that_cannot_be_is_refused_with_who_asks_for_another() -> None:
    with pytest.raises(InputError) as caught:
        pip.resolve(CPU, TABLE.as_of, keep=(), moves=[Move("keras", "3.0.5")])
    said = " ".join(caught.value.what.split())
    assert "keras==3.0.5" in said
    assert f"tensorflow-cpu=={CPU.tensorflow} depends on keras>=" in said


def test_a_row_that_extends_another_is_told_whose_version_is_in_the_way(
    old: tuple[WheelPin, ...],
) -> None:
    row = dataclasses.replace(CPU, name="nlp", extends=CPU.name)
    held = [dataclasses.replace(pin, version="3.0.5") for pin in old if pin.name == "keras"]
    with pytest.raises(InputError, match=r"keras==3\.0\.5: so in cpu, which nlp follows"):
        pip.resolve(row, TABLE.as_of, keep=(), constrain=held)
