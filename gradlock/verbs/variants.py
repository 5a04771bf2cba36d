"""The verb `variants`."""

from __future__ import annotations

import json

from invoke.context import Context
from rich.console import Console
from rich.table import Table as Grid

from gradlock.images import pins
from gradlock.inputs import variants as tables
from gradlock.verbs import flags
from gradlock.verbs.outcome import out, verb


@verb(help=flags.JSON)
def variants(_context: Context, json_: bool = False) -> None:
    """Print the table of variants, and what images.lock says of each."""
    table = tables.load()
    if json_:
        print(json.dumps([row.to_dict() for row in table.plain]))
        return
    grid = Grid(caption=f"locked as of {table.as_of:%Y-%m-%d %H:%M} UTC on Debian {table.debian}")
    for name in ("variant", "Python", "TensorFlow", "CUDA", "cuDNN", "least driver", "image ID"):
        grid.add_column(name, no_wrap=True)
    for row in table:
        known = pins.find("debian", row.name)
        cells = (row.name, row.python, row.tensorflow, row.cuda, row.cudnn, row.driver)
        grid.add_row(*(cell or "-" for cell in cells), known.id[:19] if known else "not pinned")
    # In a log, too, no cell is cut.
    Console(highlight=False, width=max(out.width, 120)).print(grid)
