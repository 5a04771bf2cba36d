"""The table's dates: none may be ahead of the clock, and moving them leaves the table's text."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gradlock.errors import InputError
from gradlock.inputs import spelling, variants
from gradlock.locks import dates


def test_the_projects_own_dates_are_past() -> None:
    dates.check(variants.load())


@pytest.mark.parametrize("key", variants.DATES)
def test_a_date_in_the_future_is_named_with_the_clock(key: str) -> None:
    late = {key: datetime.now(UTC) + timedelta(hours=1)}
    table = dataclasses.replace(variants.load(), **late)  # type: ignore[arg-type]
    with pytest.raises(InputError) as caught:
        dates.check(table)
    assert caught.value.what.startswith(f"{key} in the future")
    assert f"{datetime.now(UTC):%Y-%m-%dT}" in caught.value.mend


def test_clocks_need_not_be_exact() -> None:
    soon = datetime.now(UTC) + timedelta(minutes=2)
    dates.check(dataclasses.replace(variants.load(), as_of=soon))


def test_dates_are_written_into_what_a_person_wrote(project: Path) -> None:
    path = project / "variants.toml"
    before = path.read_text().splitlines()
    table = dates.moved_to_now(variants.load(path))
    dates.write(table)
    changed = [
        new for old, new in zip(before, path.read_text().splitlines(), strict=True) if old != new
    ]
    stamp = table.as_of.strftime(spelling.FORMAT)
    assert changed == [f'as_of = "{stamp}"', f'tools_as_of = "{stamp}"']
    assert variants.load(path) == table
