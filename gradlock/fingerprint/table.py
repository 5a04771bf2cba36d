"""A drift as a person reads it on a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table

from gradlock.fingerprint.document import Fingerprint
from gradlock.fingerprint.drift import Drift

#: Rows of the table; the rest is counted.
ROWS = 20


def lines(ours: Fingerprint, theirs: Fingerprint, drift: Drift) -> Iterator[RenderableType]:
    """Yield what differs: packages and settings first, then the metrics, the worst on top."""
    yield f"A: {ours.name}"
    yield f"B: {theirs.name}"
    if not drift.same_hardware:
        yield "different CPU, not comparable bit for bit: compared by norm-ulp"
        for side, one in (("A", ours), ("B", theirs)):
            hardware = one.environment["hardware"]
            yield f"  {side}: {hardware['model']}, caches {', '.join(hardware['caches']) or '?'}"
    for name, pair in drift.settings.items():
        yield f"{name}: {pair[0]} in A, {pair[1]} in B"
    if drift.packages:
        yield _packages(drift)
    if drift.differences:
        yield _differences(drift)
    for name in drift.missing:
        yield f"only {'A' if name in ours.metrics else 'B'} has {name}"
    yield verdict(drift)


def verdict(drift: Drift) -> str:
    """Return one line: how many metrics are identical, how far the worst is, and the alarms."""
    total = drift.identical + len(drift.differences)
    said = f"{drift.identical} of {total} metrics are bit-identical"
    if drift.differences:
        worst = drift.differences[0]
        said += f", the worst of the rest is {worst.norm_ulp:.2g} norm-ulp ({worst.name})"
    if drift.unexplained:
        return f"{said}: the same image on the same CPU must give the same bits"
    return f"{said}; {len(drift.alarms)} past their limit" if drift.alarms else said


def mend(drift: Drift, variant: str) -> str:
    """Say what is to be done where a variant failed its check."""
    pin = f"./inv fingerprint --variant {variant} --pin, and commit its file with what moved"
    if drift.unexplained:
        return "run it again; where it stays so, something wavers, and no new fingerprint mends it"
    if drift.settings.keys() & {"threads", "onednn"}:
        return "measure as the committed one was measured: without --threads and --onednn"
    if drift.packages or drift.settings:
        return f"where the packages that differ explain it, take a new one: {pin}"
    if drift.missing and not drift.alarms:
        return f"where the metrics were changed on purpose, take a new one: {pin}"
    return f"no package moved: find out first what did, then take a new one: {pin}"


def _packages(drift: Drift) -> Table:
    grid = Table(title="packages that differ", title_justify="left")
    for name in ("package", "A", "B"):
        grid.add_column(name)
    for name, pair in drift.packages.items():
        grid.add_row(name, *(release or "-" for release in pair))
    return grid


def _differences(drift: Drift) -> Table:
    left = len(drift.differences) - ROWS
    grid = Table(
        title="metrics that differ",
        title_justify="left",
        caption=f"and {left} more, each nearer" if left > 0 else None,
    )
    grid.add_column("metric")
    for name in ("norm-ulp", "limit"):
        grid.add_column(name, justify="right")
    grid.add_column("")
    for one in drift.differences[:ROWS]:
        grid.add_row(
            one.name, f"{one.norm_ulp:.2g}", f"{one.limit:g}", "past it" if one.alarming else ""
        )
    return grid
