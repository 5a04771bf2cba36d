"""Where the locks lie."""

from __future__ import annotations

from pathlib import Path

from gradlock import store
from gradlock.inputs.platforms import DEFAULT
from gradlock.inputs.variants import LEADER, Table, Variant

#: Debian's lock for the usual platform.
APT = store.ROOT / "requirements/apt.lock"
#: What gradlock itself runs with.
TOOLS = store.ROOT / "requirements/dev.txt"
#: What the sessions that need more run with: a browser, a hub, a site's generator.
DESK = store.ROOT / "requirements/desk.txt"


def apt(variant: Variant) -> Path:
    """Return the path of Debian's lock, which all variants of a platform share."""
    if variant.platform == DEFAULT:
        return APT
    return APT.with_name(f"apt-{variant.machine.architecture}.lock")


def conda(variant: Variant) -> Path:
    """Return the path of a variant's conda lock."""
    if variant.name == LEADER:
        return store.ROOT / "conda-lock.yml"
    return store.ROOT / f"requirements/{variant.name}.conda-lock.yml"


def pip(variant: Variant) -> Path:
    """Return the path of a variant's pip lock."""
    return store.ROOT / f"requirements/{variant.name}.txt"


def pylock(variant: Variant) -> Path:
    """Return the path of a variant's pip lock as PEP 751 has it, by that standard's name."""
    return store.ROOT / f"requirements/pylock.{variant.name}.toml"


def every(table: Table) -> tuple[Path, ...]:
    """Return the paths of all locks."""
    variants = (path for row in table for path in (conda(row), pip(row), pylock(row)))
    debs = dict.fromkeys(apt(row) for row in table)
    return (TOOLS, DESK, *debs, *variants)
