"""The verb `ps`."""

from __future__ import annotations

import dataclasses
import json

from invoke.context import Context
from rich.console import Console
from rich.table import Table as Grid

from gradlock import progress
from gradlock.engine import engine, removal
from gradlock.inside import running
from gradlock.verbs import flags
from gradlock.verbs.outcome import out, verb

#: Columns that are enough for the longest row.
WIDTH = 1000


@verb(help=flags.JSON)
def ps(_context: Context, json_: bool = False) -> None:
    """Show what gradlock runs: JupyterLab, TensorBoard, shells, tests; with their addresses."""
    found = engine.find()  # none is started in order to find nothing in it
    if found and (left := removal.sweep(found)):
        progress.say(f"removed {left} that killed runs had left")
    rows = running.every(found) if found else []
    if json_:
        print(json.dumps([dataclasses.asdict(row) for row in rows]))
        return
    if not rows:
        out.print("nothing is running")
        return
    grid = Grid()
    for name in ("name", "what", "image", "state", "folder"):
        grid.add_column(name, no_wrap=True)
    for row in rows:
        state = f"{row.state}, detached" if row.detached else row.state
        grid.add_row(row.name, row.kind, row.image, state, row.folder or "-")
    # No cell is cut, however long a folder's name is: a terminal breaks the line.
    Console(highlight=False, width=WIDTH, soft_wrap=True).print(grid)
    for row in rows:
        if row.url:
            out.print(row.url)
