"""The verb `cuda`."""

from __future__ import annotations

from invoke.context import Context

from gradlock import store
from gradlock.inputs import variants
from gradlock.locks.resolve import toolkit
from gradlock.verbs.outcome import out, verb


@verb(help={"release": "The CUDA toolkit's release in full, such as 12.6.3."})
def cuda(_context: Context, release: str) -> None:
    """Write requirements/cuda-RELEASE.txt, which a row with that CUDA needs, from the index."""
    table = variants.load()
    found = toolkit.find(release, table.cpu.tensorflow, table.tools_as_of)
    path, changed = toolkit.write(found)
    shown = path.relative_to(store.ROOT)
    out.print(f"{'wrote' if changed else 'as it was:'} {shown}")
    out.print(f"  {len(found.parts)} parts; source: {found.source}")
