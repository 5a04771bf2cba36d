"""The order of versions: Python's for wheels, Debian's for .debs."""

from __future__ import annotations

import re
from itertools import zip_longest

from packaging.version import InvalidVersion, Version


def older(kind: str, one: str, other: str) -> bool:
    """Whether a version comes before another, by the rules of `pip` or `apt`.

    Raises:
        ValueError: one is no version of that kind.

    """
    if kind == "apt":
        return _compare(one, other) < 0
    try:
        return Version(one) < Version(other)
    except InvalidVersion as error:
        raise ValueError(str(error)) from error


def newest(kind: str, versions: list[str]) -> str:
    """Return the newest of some versions, at least one."""
    best, *others = versions
    for version in others:
        best = version if older(kind, best, version) else best
    return best


def _compare(one: str, other: str) -> int:
    """Compare as deb-version(7) has it: epoch, upstream's version, Debian's revision."""
    for ours, theirs in zip(_parts(one), _parts(other), strict=True):
        if order := _order(ours, theirs):
            return order
    return 0


def _parts(version: str) -> tuple[str, str, str]:
    if not re.fullmatch(r"(\d+:)?[A-Za-z0-9.+~:-]+", version):
        raise ValueError(f"no version of Debian: {version!r}")
    epoch, colon, rest = version.partition(":")
    if not colon:
        epoch, rest = "0", version
    upstream, dash, revision = rest.rpartition("-")
    return (epoch, upstream, revision) if dash else (epoch, rest, "0")


def _order(one: str, other: str) -> int:
    """Compare parts: what is no digit by letters, then digits as numbers, in turn."""
    pairs = zip_longest(_runs(one), _runs(other), fillvalue=("", 0))
    for (letters, number), (others, another) in pairs:
        if letters != others:
            return 1 if _letters(letters) > _letters(others) else -1
        if number != another:
            return 1 if number > another else -1
    return 0


def _runs(part: str) -> list[tuple[str, int]]:
    found = re.findall(r"(\D*)(\d*)", part)
    return [(letters, int(digits or 0)) for letters, digits in found if letters or digits]


def _letters(letters: str) -> list[int]:
    """Return what letters are ordered by: a tilde before the end, the end before letters."""
    orders = [-1 if one == "~" else ord(one) + 256 * (not one.isalpha()) for one in letters]
    return [*orders, 0]
