"""The verb `setup`."""

from __future__ import annotations

from invoke.context import Context

from gradlock.engine import engine, system
from gradlock.progress import say
from gradlock.verbs.outcome import verb


@verb()
def setup(_context: Context) -> None:
    """Install what is missing, and see that a Docker Engine answers."""
    system.install()
    found = engine.connect()
    version = found.client.version()["Version"]
    say(f"Docker Engine {version} answers at {found.where}")
