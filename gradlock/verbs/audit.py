"""The verb `audit`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import groupby

from invoke.context import Context
from invoke.exceptions import Exit
from rich.console import Console
from rich.table import Table as Grid

from gradlock.audit import acceptance, examination, findings
from gradlock.audit.examination import Audit
from gradlock.audit.findings import Finding
from gradlock.errors import InputError
from gradlock.images import channels
from gradlock.inputs import variants, wanted
from gradlock.inputs.variants import Table
from gradlock.locks import freshness
from gradlock.locks.freshness import Locks
from gradlock.verbs import flags
from gradlock.verbs.outcome import out, verb

#: The status where something could not be told, and nothing worse was found.
UNTOLD = 3
#: Packages that were not asked about which a message names.
SHOWN = 5


@verb(
    help={
        **flags.CHOICE,
        **flags.CHANNEL,
        "wheels": "Whether wheels are audited.",
        "debs": "Whether Debian packages are audited.",
        "json": "Print JSON: for a program.",
    }
)
def audit(
    _context: Context,
    variant: str = "",
    cuda: str = "",
    gpu: bool = False,
    all: bool = False,
    channel: str = "",
    wheels: bool = True,
    debs: bool = True,
    json_: bool = False,
) -> None:
    """Look for known vulnerabilities of what is locked, and say which upgrade mends each.

    Ends with 1 where one is not accepted in audit.toml, and with 3 where a service cannot tell.
    """
    if not (wheels or debs):
        raise InputError("nothing is left to audit", mend="leave out --no-wheels or --no-debs")
    table = variants.load()
    accepted = acceptance.read()
    rows = table.select(variant=variant, cuda=cuda, gpu=gpu, every=all)
    held = [freshness.read(row) for row in rows]
    taken = examination.take(held, table.debian, wheels, debs)
    unaudited = _condas(held, channel)
    untold = [*taken.untold, *_said(unaudited)]
    lived = [one for one in taken.findings if any(each.covers(one) for each in accepted)]
    minor = [one for one in taken.findings if one.vulnerability.minor and one not in lived]
    worse = [one for one in taken.findings if one not in lived and one not in minor]
    known = _names(table)
    audited = {name for one in taken.asked for name in (one.name, *one.locked)}
    today = datetime.now(UTC).date()
    problems = acceptance.problems(accepted, taken.findings, audited, known | audited, today)
    if json_:
        told = {"found": worse, "accepted": lived, "minor": minor}
        shown = {name: [_plain(one) for one in each] for name, each in told.items()}
        rest = {"problems": problems, "untold": untold, "unaudited": unaudited}
        out.out(json.dumps({**shown, **rest}, indent=1))
    else:
        _show(worse)
        out.print(_summary(taken, len(lived), len(minor)))
    if worse or problems:
        counted = [f"{len(worse)} known vulnerabilities are not accepted"] if worse else []
        raise Exit("error: " + "\n".join([*counted, *problems, *untold]), code=1)
    if untold:
        raise Exit("error: " + "\n".join(untold), code=UNTOLD)


def _condas(held: Sequence[Locks], channel: str) -> list[dict[str, object]]:
    """Return the conda packages of images that hold some: nobody can tell of them.

    Those of Python are among them. PyPI's name is often another than conda's, and a package that is
    asked about by a wrong name has no vulnerabilities.
    """
    found: dict[tuple[str, str], list[str]] = {}
    for locks in held:
        if channels.chosen(channel, locks.variant.name) == "conda-forge":
            for pin in locks.condas:
                found.setdefault((pin.name, pin.version), []).append(locks.variant.name)
    return [
        {"kind": "conda", "name": name, "version": version, "variants": names}
        for (name, version), names in sorted(found.items())
    ]


def _said(unaudited: Sequence[dict[str, object]]) -> Iterator[str]:
    """Yield what is said of packages that nobody was asked about."""
    if not unaudited:
        return
    shown = [f"{one['name']} {one['version']}" for one in unaudited[:SHOWN]]
    more = len(unaudited) - len(shown)
    yield (
        f"{len(unaudited)} conda packages are not audited, for no database knows them: "
        f"{', '.join(shown)}" + (f" and {more} more" if more else "") + "\n"
        "  mend:  ./inv audit --json names all; ./inv audit --channel debian is of images without"
    )


def _names(table: Table) -> set[str]:
    """Return the names of all packages in all locks."""
    held = [freshness.read(row) for row in table]
    wheels = {pin.name for locks in held for pin in locks.wheels}
    return wheels | {pin.name for locks in held for pin in locks.debs}


def _plain(finding: Finding) -> dict[str, object]:
    return {**asdict(finding.subject), **asdict(finding.vulnerability), "mend": _mend([finding])}


def _show(found: Sequence[Finding]) -> None:
    """Print what was found, and what mends it."""
    if not found:
        return
    grid = Grid()
    for name in ("package", "of", "version", "vulnerability", "mended in", "in"):
        grid.add_column(name, no_wrap=True)
    for one in found:
        subject, known = one.subject, one.vulnerability
        cells = (subject.name, subject.kind, subject.version, known.id, known.fixed or "-")
        grid.add_row(*cells, ", ".join(subject.variants))
    Console(highlight=False, width=max(out.width, 120)).print(grid)
    for _, each in groupby(found, key=lambda one: one.subject):
        if mend := _mend(list(each)):
            out.print(mend, markup=False)


def _mend(found: Sequence[Finding]) -> str:
    """Return the command that mends what can be mended of one package; empty where nothing can."""
    subject = found[0].subject
    version = findings.upgrade(subject.kind, (one.vulnerability for one in found))
    if not version:
        return ""
    if subject.kind == "apt":
        # The version is that of the source: its .debs may count in another way.
        return f"./inv lock --update {subject.locked[0]}"
    if subject.name in wanted.TENSORFLOWS:
        return f'tensorflow = "{version}" in variants.toml, then ./inv lock'
    return f"./inv lock --update {subject.locked[0]}=={version}"


def _summary(taken: Audit, lived: int, minor: int) -> str:
    """Say in a line how much was asked about."""
    kinds = [one.kind for one in taken.asked]
    parts = [f"{kinds.count('pip')} wheels", f"{kinds.count('apt')} sources of Debian packages"]
    more = [f"{lived} accepted in {acceptance.NAME}"] if lived else []
    more += [f"{minor} that Debian rates as minor"] if minor else []
    return f"audited {' and '.join(parts)}" + "".join(f"; {one}" for one in more)
