"""What moved between two states of the locks, or between two variants of one."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from gradlock.errors import InputError, LockError
from gradlock.inputs import extending, variants
from gradlock.inputs.variants import Variant
from gradlock.locks import lockfile, paths, pylock, start
from gradlock.locks.lockfile import LockText
from gradlock.locks.revisions import Tree

#: What the table says of a variant that is worth a line of its own.
FACTS = ("python", "tensorflow", "cuda", "cudnn", "driver", "extends")
#: How gradlock's own tools are named among the variants.
TOOLS = "tools"
#: Tells the bytes of an artifact by its sha256, where that is known.
Sizes = Callable[[str], int | None]


@dataclass(frozen=True)
class Package:
    """A locked package: `kind` is the manager's; `size` in bytes, None where it is not known."""

    kind: str
    name: str
    version: str
    sha256: str
    size: int | None = None


@dataclass(frozen=True)
class Environment:
    """What is locked for a variant, or for gradlock itself: facts of its row, and packages."""

    name: str
    facts: Mapping[str, str]
    packages: tuple[Package, ...]


@dataclass(frozen=True)
class Change:
    """A package that was added, removed, or moved, in some variants; None: it was not there."""

    kind: str
    name: str
    old: Package | None
    new: Package | None
    variants: tuple[str, ...]

    @property
    def what(self) -> str:
        """Say it in a word; another file of the same version is one that was rebuilt."""
        if not (self.old and self.new):
            return "added" if self.new else "removed"
        return "moved" if self.old.version != self.new.version else "rebuilt"

    @property
    def bytes(self) -> int | None:
        """How much larger what is fetched becomes; None where a size is not known."""
        sizes = [0 if one is None else one.size for one in (self.new, self.old)]
        return None if None in sizes else int(sizes[0] or 0) - int(sizes[1] or 0)


@dataclass(frozen=True)
class Fact:
    """A fact of a variant's row that differs."""

    variant: str
    name: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class Difference:
    """All that differs."""

    facts: tuple[Fact, ...]
    changes: tuple[Change, ...]

    def __bool__(self) -> bool:
        return bool(self.facts or self.changes)


def rows(tree: Tree) -> dict[str, Variant]:
    """Return the table's rows in a state of the project, whatever form the table had then.

    Raises:
        InputError: it has no table.

    """
    try:
        raw = tomllib.loads(tree.read(variants.TABLE) or "")
        named, defaults = raw["variants"], raw.get("defaults", {})
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise InputError(
            f"{tree.name} has no table of variants", where=variants.TABLE.name
        ) from error
    known = {field.name for field in fields(Variant)}
    return {name: _row(name, extending.values(name, named, defaults, []), known) for name in named}


def _row(name: str, values: Mapping[str, Any], known: set[str]) -> Variant:
    given = {key: value for key, value in values.items() if key in known}
    return Variant(**{"python": "", "tensorflow": "", **given, "name": name})


def environments(tree: Tree, sizes: Sizes) -> dict[str, Environment]:
    """Return what is locked in a state of the project, by variant."""
    found = {name: environment(tree, row, sizes) for name, row in rows(tree).items()}
    tools = (package for path in (paths.TOOLS, paths.DESK) for package in _tools(tree, path))
    return {**found, TOOLS: Environment(TOOLS, {}, tuple(dict.fromkeys(tools)))}


def environment(tree: Tree, row: Variant, sizes: Sizes) -> Environment:
    """Return what is locked for a variant in a state of the project."""
    facts = {name: value for name in FACTS if (value := getattr(row, name))}
    packages = (*_wheels(tree, row), *_condas(tree, row), *_debs(tree, row))
    return Environment(
        row.name,
        facts,
        tuple(
            one
            if one.size is not None
            else Package(one.kind, one.name, one.version, one.sha256, sizes(one.sha256))
            for one in packages
        ),
    )


def _lock(tree: Tree, path: Path) -> LockText | None:
    """Return a lock; of one that is broken, the pins that can be read."""
    text = tree.read(path)
    if text is None:
        return None
    try:
        return lockfile.parse(path, text)
    except LockError:
        return start.recovered(path, text)


def _wheels(tree: Tree, row: Variant) -> Iterator[Package]:
    lock, standard = _lock(tree, paths.pip(row)), _lock(tree, paths.pylock(row))
    files = pylock.read(standard) if standard else ()
    sizes = {wheel.pin.sha256: wheel.size for wheel in files}
    for pin in lockfile.parse_wheels(lock) if lock else ():
        yield Package("pip", pin.name, pin.version, pin.sha256, sizes.get(pin.sha256) or None)


def _condas(tree: Tree, row: Variant) -> Iterator[Package]:
    lock = _lock(tree, paths.conda(row))
    for pin in lockfile.parse_conda(lock) if lock else ():
        yield Package("conda", pin.name, pin.version, pin.sha256)


def _debs(tree: Tree, row: Variant) -> Iterator[Package]:
    lock = _lock(tree, paths.apt(row))
    for pin in lockfile.parse_debs(lock) if lock else ():
        yield Package("apt", pin.name, pin.version, pin.sha256, pin.size)


def _tools(tree: Tree, path: Path) -> Iterator[Package]:
    lock = _lock(tree, path)
    for name, version in start.PINNED.findall(lock.body) if lock else ():
        yield Package("tool", name, version, "")


def compare(old: Mapping[str, Environment], new: Mapping[str, Environment]) -> Difference:
    """Compare two states, variant by variant; what moved alike in several is one change.

    A row that extends another and is in one state alone is compared with that one, in its state.
    """
    facts: list[Fact] = []
    found: dict[tuple[Package | None, Package | None], list[str]] = {}
    for name in dict.fromkeys([*old, *new]):
        one = old.get(name) or _extended(new[name], new)
        other = new.get(name) or _extended(old[name], old)
        facts += _facts(name, one, other)
        for pair in _pairs(one, other):
            found.setdefault(pair, []).append(name)
    changes = [
        Change((after or before).kind, (after or before).name, before, after, tuple(names))  # type: ignore[union-attr]
        for (before, after), names in found.items()
    ]
    order = ("pip", "conda", "apt", "tool")
    return Difference(
        tuple(facts),
        tuple(sorted(changes, key=lambda one: (order.index(one.kind), one.name, one.variants))),
    )


def between(one: Environment, other: Environment) -> Difference:
    """Compare two variants: only what differs."""
    name = f"{one.name}, {other.name}"
    return compare({name: one}, {name: other})


def _extended(row: Environment, state: Mapping[str, Environment]) -> Environment | None:
    """Return what a row has of the one that it extends, if it does."""
    below = state.get(row.facts.get("extends", ""))
    if below is None:
        return None
    facts = {name: value for name, value in below.facts.items() if name != "extends"}
    return replace(below, facts=facts)


def _facts(name: str, old: Environment | None, new: Environment | None) -> Iterator[Fact]:
    before, after = (dict(one.facts) if one else {} for one in (old, new))
    for fact in dict.fromkeys([*before, *after]):
        if before.get(fact) != after.get(fact):
            yield Fact(name, fact, before.get(fact), after.get(fact))


def _pairs(
    old: Environment | None, new: Environment | None
) -> Iterator[tuple[Package | None, Package | None]]:
    """Yield the packages that differ; a file's size is no difference."""
    before, after = (_by_name(one.packages if one else ()) for one in (old, new))
    for key in dict.fromkeys([*before, *after]):
        one, other = before.get(key), after.get(key)
        if not one or not other or (one.version, one.sha256) != (other.version, other.sha256):
            yield one, other


def _by_name(packages: Iterable[Package]) -> dict[tuple[str, str], Package]:
    return {(package.kind, package.name): package for package in packages}
