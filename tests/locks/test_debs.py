"""`lock --update NAME` of a .deb moves it and its source's, and nothing that could have stayed.

The start is the release as it was published, without what its updates and its security archive
brought since. Whether a package could have stayed is asked of apt, with everything else held.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import pytest

from gradlock.errors import CommandError
from gradlock.inputs import variants, wanted
from gradlock.locks import moves
from gradlock.locks.moves import Move
from gradlock.locks.pins import DebPin
from gradlock.locks.resolve import debian, mirrors
from gradlock.locks.resolve.debian import Install
from tests.locks.conftest import evenly

pytestmark = pytest.mark.skipif(not debian.here(), reason="this machine has no apt")

TABLE = variants.load()
ARCHITECTURE = TABLE.cpu.machine.debian

Pins = Mapping[str, DebPin]


@pytest.fixture(scope="module")
def install() -> Iterator[Install]:
    """Open an apt that has read the archives' lists, once for all tests."""
    with debian.own(mirrors.found(), TABLE.debian, ARCHITECTURE) as opened:
        yield opened


def resolved(install: Install, keep: Iterable[DebPin] = ()) -> Pins:
    """Resolve apt.in with that apt; return the pins by name."""

    @contextmanager
    def apt(_archives: Mapping[str, str], _suite: str, _architecture: str) -> Iterator[Install]:
        yield install

    pins = debian.resolve(wanted.debs(), TABLE.debian, ARCHITECTURE, apt, keep=keep)
    return {pin.name: pin for pin in pins}


@pytest.fixture(scope="module")
def old() -> Pins:
    """Return the pins of the release as it was published."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(debian, "SUITES", {"debian": ("{suite}",)})
        with debian.own(mirrors.found(), TABLE.debian, ARCHITECTURE) as install:
            return resolved(install)


@pytest.fixture(scope="module")
def moved(old: Pins, install: Install) -> list[str]:
    """Return a package of each source that has moved since, evenly chosen."""
    new = resolved(install)
    found = {debian.source(pin): name for name, pin in old.items() if new.get(name, pin) != pin}
    if not found:
        pytest.skip("the release is so young that nothing of it has moved")
    return evenly(sorted(found.values()))


def updated(install: Install, old: Pins, name: str) -> Pins:
    """Return what one update moved to another version."""
    new = resolved(install, moves.staying(tuple(old.values()), [Move(name)]))
    return {name: pin for name, pin in new.items() if old.get(name, pin).version != pin.version}


def fits(install: Install, pins: Sequence[DebPin]) -> bool:
    """Whether apt takes exactly these versions."""
    try:
        install([*wanted.debs(), *(f"{pin.name}={pin.version}" for pin in pins)], "")
    except CommandError as error:
        if "unmet dependencies" not in str(error) and "Unsatisfied dependencies" not in str(error):
            raise
        return False
    return True


def needless(install: Install, old: Pins, name: str, moved: Pins) -> list[str]:
    """Return the sources that moved with another one, and could have stayed."""
    own = debian.source(old[name])
    others = {debian.source(pin) for pin in moved.values()} - {own}
    asked = [pin for pin in moved.values() if debian.source(pin) == own]
    staying = [pin for pin in old.values() if pin.name not in moved]
    return [
        source
        for source in sorted(others)
        if fits(
            install,
            [*staying, *asked, *(pin for pin in old.values() if debian.source(pin) == source)],
        )
    ]


def test_nothing_moves_unasked(install: Install, old: Pins) -> None:
    assert resolved(install, old.values()) == old


def test_only_what_could_not_stay_moves_with_a_package(
    install: Install, old: Pins, moved: list[str]
) -> None:
    for name in moved:
        found = updated(install, old, name)
        assert name in found
        assert needless(install, old, name, found) == []


def test_what_did_move_for_no_reason_would_be_found(
    install: Install, old: Pins, moved: list[str]
) -> None:
    name, *others = moved
    found = updated(install, old, name)
    new = resolved(install)
    other = next(each for each in others if each not in found)
    more = {one: pin for one, pin in new.items() if debian.source(pin) == debian.source(old[other])}
    assert needless(install, old, name, {**found, **more}) == [debian.source(old[other])]
