"""The verb `clean`."""

from __future__ import annotations

import shutil

from invoke.context import Context

from gradlock import store
from gradlock.engine import engine, removal
from gradlock.inputs import variants
from gradlock.verbs.outcome import out, verb


@verb(help={"all": "Also the images, the artifacts, and the private engine with all it holds."})
def clean(_context: Context, all: bool = False) -> None:
    """Remove what gradlock can make again: layers, reports, left-overs of killed runs."""
    with store.exclusive("build"):
        names = ["layers", "packed", "pulled", "blobs", "receipts"]
        if all:
            found = engine.seek()
            if found:
                built = ("base", *(row.name for row in variants.load()))
                removal.remove(found, [f"gradlock:{name}" for name in built])
            engine.stop_private()
            names += ["engine", "artifacts", "repodata", "piptools", "registries", "audit"]
        for name in names:
            shutil.rmtree(store.store() / name, ignore_errors=True)
        store.sweep()
        shutil.rmtree(store.ROOT / "reports", ignore_errors=True)
    out.print(f"removed {', '.join(names)} from {store.store()}")
