"""Rows that extend others: each has all that the other one has, and packages of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

#: What such a row says, and nothing else: the rest is that of the row that it extends.
OWN = ("extends", "packages")
#: A file of requirements, from the project's folder on.
FILE = r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)*\.(in|txt)"


def values(
    name: str,
    rows: Mapping[str, Any],
    defaults: Mapping[str, Any],
    problems: list[str],
    line: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Return what a row has: what it says, over what the row that it extends has, or the defaults.

    `packages` are all files of the line, those of the lowest row first. What is wrong is said in
    `problems`. `line` holds the rows that extend this one, of which it is none.
    """
    row = rows[name] if isinstance(rows[name], dict) else {}
    if not row.keys() & set(OWN):
        return {**defaults, **row}
    leader, files = row.get("extends"), row.get("packages", [])
    found = [
        f"{name}: {key} is that of the row which it extends: leave it out"
        for key in row
        if key not in OWN
    ]
    if name in line:
        found = [f"{name} extends itself: {' extends '.join((*line[line.index(name) :], name))}"]
    elif leader is None:
        found.append(f'{name}: packages need a row below them: extends = "cpu", for one')
    elif not isinstance(leader, str) or leader not in rows:
        found.append(f"{name} extends {leader!r}: the table has {', '.join(rows)}")
    problems += [*found, *_unread(name, files)]
    if found or not isinstance(leader, str):
        return {**defaults, **row}
    theirs = values(leader, rows, defaults, problems, (*line, name))
    own = [file for file in files if isinstance(file, str)] if isinstance(files, list) else []
    return {**theirs, "extends": leader, "packages": (*theirs.get("packages", ()), *own)}


def _unread(name: str, files: object) -> list[str]:
    """Say why a row's `packages` are no files of requirements."""
    if not files or not isinstance(files, list):
        return [
            f'{name}: without packages it would be the same: packages = ["requirements/....in"]'
        ]
    return [
        f"{name}: packages = {file!r} is no file of requirements: requirements/{name}.in, for one"
        for file in files
        if not isinstance(file, str) or not re.fullmatch(FILE, file)
    ]
