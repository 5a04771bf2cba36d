"""What moved: locks, images and numbers of two states, as a table, Markdown or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

from rich.console import Console, JustifyMethod, RenderableType
from rich.table import Table

from gradlock import store
from gradlock.audit import answers
from gradlock.audit import changes as exposures
from gradlock.audit.changes import Exposure, Exposures
from gradlock.fingerprint import document, drift
from gradlock.images import changes as images
from gradlock.images import pins
from gradlock.images.changes import ImageChange
from gradlock.inputs.variants import Variant
from gradlock.locks import diff
from gradlock.locks.diff import Change, Difference, Environment
from gradlock.locks.revisions import Tree
from gradlock.verbs.outcome import out

PACKAGES = ("package", "of", "from", "to", "bytes", "in")
IMAGES = ("image", "from", "to", "size", "layers to pull")
EXPOSURES = ("vulnerability", "", "package", "of", "from", "to", "in")
NUMBERS = ("numbers of", "identical", "moved", "the most, in norm-ulp", "past a limit")


@dataclass(frozen=True)
class Numbers:
    """How far two committed fingerprints of a variant are apart."""

    variant: str
    identical: int
    moved: int
    worst: str
    alarms: int


@dataclass(frozen=True)
class Report:
    """All that differs between `old` and `new`, which are names for people.

    `variants` are those that either has: what moved in all of them is said once. `untold` says why
    packages are not compared, where they cannot be.
    """

    old: str
    new: str
    variants: tuple[str, ...]
    locks: Difference
    images: tuple[ImageChange, ...] = ()
    numbers: tuple[Numbers, ...] = ()
    vulnerabilities: Exposures = field(default_factory=Exposures)
    untold: str = ""

    def __bool__(self) -> bool:
        return bool(self.locks or self.images or self.numbers)


def between(old: Tree, new: Tree) -> Report:
    """Compare two states of the project."""
    locks = diff.compare(diff.environments(old, size_of), diff.environments(new, size_of))
    rows = {**diff.rows(old), **diff.rows(new)}
    below = {name: row.extends for name, row in rows.items() if row.extends}
    pinned = images.compare(old.read(pins.PATH), new.read(pins.PATH), below)
    names = tuple(rows)
    found = (_numbers(name, (old, name), (new, name)) for name in names)
    numbers = tuple(one for one in found if one)
    return Report(old.name, new.name, names, locks, pinned, numbers, _exposures(locks))


def across(old: tuple[Tree, Variant], new: tuple[Tree, Variant]) -> Report:
    """Compare two variants, of one state or of two."""
    ours, theirs = (f"{row.name} in {tree.name}" for tree, row in (old, new))
    sides = [diff.environment(tree, row, size_of) for tree, row in (old, new)]
    name = f"{old[1].name}, {new[1].name}"
    found = _numbers(name, (old[0], old[1].name), (new[0], new[1].name))
    locks = diff.between(*sides)
    numbers = (found,) if found else ()
    return Report(ours, theirs, (name,), locks, (), numbers, _exposures(locks))


def images_of(
    old: tuple[str, Environment], new: tuple[str, Environment], moved: tuple[ImageChange, ...] = ()
) -> Report:
    """Compare what two images hold, or an image and what is locked; each has a name for people."""
    locks = diff.between(old[1], new[1])
    name = f"{old[1].name}, {new[1].name}"
    return Report(old[0], new[0], (name,), locks, moved, (), _exposures(locks))


def _exposures(locks: Difference) -> Exposures:
    """Return what is known to be closed and opened, of what `./inv audit` was answered for."""
    return exposures.between(locks.changes, answers.known())


def size_of(sha256: str) -> int | None:
    """Return the bytes of an artifact that the store has."""
    home = store.folder("artifacts") / (sha256 or "none")
    files = [file for file in home.glob("[!.]*") if file.is_file()]
    return files[0].stat().st_size if files else None


def _numbers(name: str, old: tuple[Tree, str], new: tuple[Tree, str]) -> Numbers | None:
    """Compare the fingerprints that two states have of a variant, where both have one."""
    texts = [tree.read(document.path_of(variant)) for tree, variant in (old, new)]
    if None in texts or texts[0] == texts[1]:
        return None
    ours, theirs = (document.parse(text or "", name) for text in texts)
    found = drift.compare(ours, theirs)
    worst = found.differences[0] if found.differences else None
    shown = f"{worst.norm_ulp:.3g} ({worst.name})" if worst else "-"
    return Numbers(name, found.identical, len(found.differences), shown, len(found.alarms))


def lines(report: Report) -> Iterator[RenderableType]:
    """Yield what a terminal shows."""
    if not report:
        yield report.untold or f"nothing differs between {report.old} and {report.new}"
        return
    for fact in report.locks.facts:
        yield f"{fact.variant}: {fact.name} {fact.old or 'none'} -> {fact.new or 'none'}"
    for heading, rows in _tables(report):
        grid = Table()
        for column in heading:
            justify: JustifyMethod = "right" if column == "bytes" else "left"
            grid.add_column(column, justify=justify, no_wrap=True)
        for row in rows:
            grid.add_row(*row)
        yield grid
    yield summary(report)


def show(report: Report) -> None:
    """Print a report; in a log, too, no cell is cut."""
    console = Console(highlight=False, width=max(out.width, 120))
    for line in lines(report):
        console.print(line)


def markdown(report: Report) -> str:
    """Return what a pull request shows."""
    parts = [f"### {report.old} → {report.new}", summary(report)]
    parts += [
        f"- {fact.variant}: {fact.name} {fact.old or 'none'} → {fact.new or 'none'}"
        for fact in report.locks.facts
    ]
    for heading, rows in _tables(report):
        table = [heading, tuple("---" for _ in heading), *rows]
        parts.append("\n".join(f"| {' | '.join(row)} |" for row in table))
    return "\n\n".join(parts) + "\n"


def to_json(report: Report) -> str:
    """Return what a program reads."""
    values = asdict(report)
    for shown, change in zip(values["locks"]["changes"], report.locks.changes, strict=True):
        shown.update(what=change.what, bytes=change.bytes)
    return json.dumps(values, indent=1)


def summary(report: Report) -> str:
    """Say in a line how many packages did what."""
    kinds = [change.what for change in report.locks.changes]
    counted = [
        f"{kinds.count(what)} {what}"
        for what in ("added", "removed", "moved", "rebuilt")
        if what in kinds
    ]
    grown = [change.bytes for change in report.locks.changes]
    weight = sum(each for each in grown if each is not None)
    more = f", {_signed(weight)} to fetch" if weight else ""
    unknown = f" ({grown.count(None)} of unknown size)" if None in grown and weight else ""
    told = [one.what for one in report.vulnerabilities.changes]
    known = [f"{told.count(what)} {what}" for what in ("closed", "opened") if what in told]
    closed = f"; known vulnerabilities: {', '.join(known)}" if known else ""
    said = ", ".join(counted) or report.untold or "no package differs"
    return said + more + unknown + closed


def _tables(report: Report) -> Iterator[tuple[tuple[str, ...], list[tuple[str, ...]]]]:
    if report.locks.changes:
        yield PACKAGES, [_package(change, report.variants) for change in report.locks.changes]
    if report.vulnerabilities:
        rows = [_exposure(one, report.variants) for one in report.vulnerabilities.changes]
        yield EXPOSURES, rows
    if report.images:
        yield IMAGES, [_image(change) for change in report.images]
    if report.numbers:
        yield (
            NUMBERS,
            [
                (one.variant, str(one.identical), str(one.moved), one.worst, str(one.alarms))
                for one in report.numbers
            ],
        )


def _package(change: Change, everywhere: tuple[str, ...]) -> tuple[str, ...]:
    old, new = (one.version if one else "-" for one in (change.old, change.new))
    if change.what == "rebuilt" and change.new:
        new = f"{new}, another file"
    size = _signed(change.bytes) if change.bytes is not None else "?"
    where = _where(change.variants, everywhere)
    return (change.name, change.kind, old, new, "-" if change.kind == "tool" else size, where)


def _exposure(one: Exposure, everywhere: tuple[str, ...]) -> tuple[str, ...]:
    where = _where(one.variants, everywhere)
    return (one.id, one.what, one.name, one.kind, one.old, one.new, where)


def _where(some: tuple[str, ...], everywhere: tuple[str, ...]) -> str:
    return "all" if set(everywhere) <= set(some) else ", ".join(some)


def _image(change: ImageChange) -> tuple[str, ...]:
    old, new = ((one or "none")[:19] for one in (change.old, change.new))
    sizes = " -> ".join(_size(size) for size in (change.old_size, change.new_size))
    pulled = f"{len(change.layers)}, {_size(change.pulled)}" if change.new else "-"
    return (f"{change.variant} ({change.channel})", old, new, sizes, pulled)


def _size(size: int | None) -> str:
    return "?" if size is None else f"{size / 1e6:.1f} MB"


def _signed(size: int) -> str:
    return f"{size / 1e6:+.1f} MB" if abs(size) >= 50_000 else f"{size / 1e3:+.1f} kB"
