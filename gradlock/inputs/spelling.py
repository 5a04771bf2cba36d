"""How the table of variants is spelled: TOML, and the form of each key, before rows are values."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from gradlock.errors import InputError
from gradlock.inputs import texts
from gradlock.inputs.platforms import PLATFORMS

#: The form that each field of a row must have.
FORMS = {
    "name": r"[a-z][a-z0-9]*",
    "python": r"3\.\d+",
    "tensorflow": r"\d+\.\d+\.\d+",
    "cuda": r"\d+\.\d+\.\d+",
    "cudnn": r"\d+(\.\d+){2,3}",
    "driver": r"\d+(\.\d+){1,2}",
    "platform": "|".join(PLATFORMS),
    "extends": r"[a-z][a-z0-9]*",
}
#: What every row has.
NEEDED = ("python", "tensorflow")
#: What a row has all of, or nothing.
TOGETHER = ("cuda", "cudnn", "driver")
FORMAT = "%Y-%m-%dT%H:%M:%SZ"
EXAMPLE = "2026-11-20T00:00:00Z"


def read(path: Path) -> dict[str, Any]:
    """Read the table's file as TOML.

    Raises:
        InputError: it is missing, or no TOML.

    """
    try:
        return tomllib.loads(texts.read(path, path.name))
    except FileNotFoundError as error:
        raise InputError(
            "the table of variants is missing", where=str(path), mend="git checkout it"
        ) from error
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        raise InputError(
            f"the table is not valid TOML: {error}",
            where=f"{path}:{line[1]}" if line else str(path),
            mend="git diff shows what was changed; see CONTRIBUTING.md",
        ) from error


def moment(raw: Mapping[str, Any], key: str, problems: list[str]) -> datetime | None:
    """Read a UTC time; say so in `problems` where it is none, with one as an example."""
    value = raw.get(key)
    try:
        return datetime.strptime(str(value), FORMAT).replace(tzinfo=UTC)
    except ValueError:
        found = "is missing" if value is None else f"is {value!r}"
        example = EXAMPLE
        if isinstance(value, date):  # TOML has a kind of its own for it, which needs no quotes
            found = "has no quotes"
            if isinstance(value, datetime) and value.tzinfo:
                value = value.astimezone(UTC)
            example = value.strftime(FORMAT)
        problems.append(f'{key} {found}: write a UTC time in quotes, {key} = "{example}"')
    return None


def table(raw: Mapping[str, Any], key: str, problems: list[str]) -> dict[str, Any]:
    """Return a table of the file, empty where there is none; say in `problems` if it is none."""
    value = raw.get(key, {})
    if isinstance(value, dict):
        return value
    problems.append(f"{key} must be a table, but is {value!r}")
    return {}


def faults(name: str, row: Mapping[str, Any], known: Collection[str]) -> Iterator[str]:
    """Yield what is wrong with the keys and values of a row, whose keys may be those `known`."""
    yield from (f"{name}: unknown key {key!r}" for key in row if key not in known)
    for key, form in FORMS.items():
        value = name if key == "name" else row.get(key)
        if value is None:
            if key in NEEDED:
                yield f"{name}: {key} is missing"
        elif not isinstance(value, str) or not re.fullmatch(form, value):
            yield f"{name}: {key} = {value!r} is malformed"
    if row.keys() & set(TOGETHER) and not row.keys() >= set(TOGETHER):
        yield f"{name}: a GPU variant needs all of cuda, cudnn and driver"
