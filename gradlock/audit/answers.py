"""What services have answered, kept in the store: `diff` tells by it what an upgrade closes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from gradlock import store
from gradlock.audit.findings import Subject, Vulnerability

#: Kinds, locked names and versions, as the locks have them.
Key = tuple[str, str, str]


def note(
    told: Mapping[Subject, Sequence[Vulnerability]], pins: Mapping[Subject, Sequence[Key]]
) -> None:
    """Keep what was told of packages, in place of what was told of them before."""
    with store.exclusive("audit"):
        kept = _read()
        for subject, found in told.items():
            rows = [asdict(one) for one in found]
            kept.update({" ".join(pin): rows for pin in pins[subject]})
        store.write_text(_path(), json.dumps(kept, sort_keys=True) + "\n")


def known() -> dict[Key, frozenset[str]]:
    """Return the identifiers of what was told of each package, minor ones left out."""
    found = {}
    for words, rows in _read().items():
        kind, name, version = words.split(" ")
        told = [Vulnerability(**{**row, "ids": tuple(row["ids"])}) for row in rows]
        found[kind, name, version] = frozenset(one.id for one in told if not one.minor)
    return found


def _path() -> Path:
    return store.folder("audit") / "answers.json"


def _read() -> dict[str, list[dict[str, Any]]]:
    try:
        kept: dict[str, list[dict[str, Any]]] = json.loads(_path().read_text(encoding="utf-8"))
    except (OSError, ValueError):  # nothing was asked yet; or it is broken, and is written anew
        return {}
    return kept
