"""Which tests the core leaves to `--tier all`, one by one: what they see others have seen, too.

`python -m tests.mutation.choice` writes `spared.toml`, and its heading says how they were chosen.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

FILE = Path(__file__).with_suffix(".toml")
#: The suite that the tests' files are in.
SUITE = "gradients"
#: The names that none of the session's tests has.
UNKNOWN = pytest.StashKey[list[str]]()


@cache
def names() -> frozenset[str]:
    """Return the names of these tests, as pytest has them."""
    files = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return frozenset(f"{SUITE}/{file}::{test}" for file, tests in files.items() for test in tests)


def unknown(collected: Iterable[str]) -> list[str]:
    """Return the names that no test has, of files that some tests are of."""
    there = set(collected)
    files = {name.partition("::")[0] for name in there}
    return sorted(name for name in names() - there if name.partition("::")[0] in files)
