"""The verb `compose`."""

from __future__ import annotations

from invoke.context import Context

from gradlock.inputs import variants
from gradlock.inside import compose as files
from gradlock.verbs.outcome import out, verb


@verb()
def compose(_context: Context) -> None:
    """Write compose.yaml from the table: a service for each variant."""
    changed = files.write(variants.load())
    out.print(f"{'changed' if changed else 'current:'} {files.PATH.name}")
