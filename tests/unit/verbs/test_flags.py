"""Flags: numbers read plainly, contradictions refused."""

from __future__ import annotations

import pytest

from gradlock.errors import InputError
from gradlock.verbs import flags


def test_a_number_is_read_as_its_kind() -> None:
    assert flags.number("threads", "2", int) == 2
    assert flags.number("operations", "1e3", float) == 1000.0


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [("two", int, "a whole number"), ("2.5", int, "a whole number"), ("few", float, "a number")],
)
def test_what_is_no_number_is_named(given: str, kind: type[float], said: str) -> None:
    with pytest.raises(InputError, match=f"--flag takes {said}, not '{given}'"):
        flags.number("flag", given, kind)


def test_contradicting_flags_are_named() -> None:
    with pytest.raises(InputError, match=r"choose one of --to and --from$"):
        flags.only_one(to="a", from_="b", pin=False)
    flags.only_one(to="a", from_="")
    flags.only_one()
