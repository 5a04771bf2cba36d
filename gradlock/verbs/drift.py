"""The verb `drift`."""

from __future__ import annotations

from pathlib import Path

from invoke.context import Context
from invoke.exceptions import Exit

from gradlock import store
from gradlock.fingerprint import document, table, taking
from gradlock.fingerprint import drift as drifts
from gradlock.fingerprint.document import Fingerprint
from gradlock.inputs import variants
from gradlock.progress import say
from gradlock.verbs import building, connection, flags
from gradlock.verbs.outcome import out, verb


@verb(
    positional=["a", "b"],
    help={
        "a": "A fingerprint's JSON, a variant, or an image that the engine has.",
        "b": "The other one.",
        "operations": "Alarm above these norm-ulps of an operation (default: 64).",
        "trainings": "Alarm above these norm-ulps of trained weights and losses (default: 8).",
        "plot": "Where the picture goes (default: reports/drift.png).",
    },
)
def drift(
    _context: Context,
    a: str,
    b: str,
    operations: str = f"{drifts.OPERATIONS:g}",
    trainings: str = f"{drifts.TRAININGS:g}",
    plot: str = "",
) -> None:
    """Say how far two environments' numbers are apart, beside what differs in their locks."""
    limits = {
        "operations": flags.number("operations", operations, float),
        "trainings": flags.number("trainings", trainings, float),
    }
    ours, theirs = _fingerprint(a), _fingerprint(b)
    found = drifts.compare(ours, theirs, **limits)
    for line in table.lines(ours, theirs, found):
        out.print(line)
    # Here, since every command line of every verb would wait half a second for matplotlib.
    from gradlock.fingerprint import plot as pictures

    picture = Path(plot) if plot else store.ROOT / "reports/drift.png"
    pictures.write(found, f"A: {ours.name}\nB: {theirs.name}", picture)
    say(f"plotted in {picture}")
    if found.failed:
        raise Exit(code=1)


def _fingerprint(named: str) -> Fingerprint:
    """Return the fingerprint in a file, of a variant's image, or of any image of the engine."""
    if named.endswith(".json"):
        return document.read(Path(named))
    docker = connection.connect()
    rows = [row for row in variants.load() if row.name == named]
    return taking.take(docker, building.present(docker, rows[0]) if rows else named)
