"""The verb `logs`."""

from __future__ import annotations

import sys

from invoke.context import Context

from gradlock.engine import engine
from gradlock.inside import running
from gradlock.verbs import flags
from gradlock.verbs.outcome import verb


@verb(help={**flags.NAME, "follow": "Go on with what it prints, until it ends or Ctrl-C."})
def logs(_context: Context, name: str = "", follow: bool = False) -> None:
    """Print the log of what `./inv ps` shows: `./inv logs 8888`, or of the only service."""
    found = engine.find()  # none is started in order to find nothing in it
    chosen = running.one(running.every(found) if found else [], name)
    if found:
        for chunk in running.log(found, chosen, follow=follow):
            sys.stdout.buffer.write(chunk)
            sys.stdout.flush()
