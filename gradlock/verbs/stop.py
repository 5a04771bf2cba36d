"""The verb `stop`."""

from __future__ import annotations

from invoke.context import Context

from gradlock.engine import engine
from gradlock.inside import running
from gradlock.verbs import flags
from gradlock.verbs.outcome import out, verb


@verb(help={**flags.NAME, "all": "Every JupyterLab, TensorBoard and shell."})
def stop(_context: Context, name: str = "", all: bool = False) -> None:
    """End what `./inv ps` shows: `./inv stop 8888`, or the only service there is."""
    flags.only_one(name=name, all_=all)
    found = engine.find()  # none is started in order to end nothing in it
    rows = running.every(found) if found else []
    services = [row for row in rows if row.kind in running.SERVICES]
    chosen = services if all or not (name or services) else [running.one(rows, name)]
    if found:
        running.stop(found, chosen)
    out.print(f"ended {len(chosen)}")
