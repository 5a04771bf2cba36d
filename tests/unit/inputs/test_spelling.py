"""The table's file is TOML, its dates are in quotes, and every key of a row has its form."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gradlock.errors import InputError
from gradlock.inputs import spelling

KNOWN = {*spelling.FORMS, "packages"} - {"name"}
ROW = {"python": "3.13", "tensorflow": "2.21.0"}
CUDA = {"cuda": "12.9.1", "cudnn": "9.24.0.43", "driver": "525.60.13"}


def read(folder: Path, text: str) -> dict[str, Any]:
    (folder / "variants.toml").write_text(text)
    return spelling.read(folder / "variants.toml")


@pytest.mark.parametrize(
    ("written", "example"),
    [
        ("2026-11-20T00:00:00Z", "2026-11-20T00:00:00Z"),
        ("2026-11-20T02:30:00+02:00", "2026-11-20T00:30:00Z"),
        ("2026-11-20", "2026-11-20T00:00:00Z"),
    ],
)
def test_a_date_without_quotes_is_shown_with_them(
    tmp_path: Path, written: str, example: str
) -> None:
    problems: list[str] = []
    assert spelling.moment(read(tmp_path, f"as_of = {written}"), "as_of", problems) is None
    (said,) = problems
    assert said.startswith("as_of has no quotes")
    (shown,) = re.findall(r', (as_of = "[^"]*")', said)
    assert shown == f'as_of = "{example}"'
    assert spelling.moment(read(tmp_path, shown), "as_of", []) == datetime.strptime(
        example, spelling.FORMAT
    ).replace(tzinfo=UTC)


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is missing") as caught:
        spelling.read(tmp_path / "nowhere.toml")
    assert caught.value.where.endswith("nowhere.toml")


def test_what_is_no_toml_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not valid TOML") as caught:
        read(tmp_path, "a = 1\n[variants.cpu\n")
    assert caught.value.where.endswith("variants.toml:2")


def test_what_is_no_table_is_said() -> None:
    problems: list[str] = []
    assert spelling.table({"defaults": 3}, "defaults", problems) == {}
    assert problems == ["defaults must be a table, but is 3"]
    assert spelling.table({}, "defaults", problems) == {}
    assert len(problems) == 1


def test_a_row_that_is_well_formed_has_no_fault() -> None:
    assert list(spelling.faults("cpu", ROW, KNOWN)) == []
    assert list(spelling.faults("cu129", ROW | CUDA, KNOWN)) == []


@pytest.mark.parametrize(
    ("name", "more", "said"),
    [
        ("CU-129", CUDA, "CU-129: name = 'CU-129' is malformed"),
        ("cpu", {"tensorflow": 2.21}, "cpu: tensorflow = 2.21 is malformed"),
        ("cpu", {"python": None}, "cpu: python is missing"),
        ("cpu", {"extends": "cpu", "drivers": "1"}, "cpu: unknown key 'drivers'"),
        ("cu129", {"cuda": "12.9.1"}, "cu129: a GPU variant needs all of cuda, cudnn and driver"),
    ],
)
def test_a_fault_of_a_row_is_said(name: str, more: dict[str, object], said: str) -> None:
    assert list(spelling.faults(name, ROW | more, KNOWN)) == [said]
