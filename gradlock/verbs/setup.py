"""The verb `setup`."""

from __future__ import annotations

import os

from invoke.context import Context

from gradlock.engine import engine, system
from gradlock.progress import say
from gradlock.verbs.outcome import verb


@verb()
def setup(_context: Context) -> None:
    """Install what is missing, and see that a Docker Engine answers."""
    system.install()
    if not (found := engine.seek()) and os.environ.get("DOCKER_HOST"):
        return  # what is named does not answer, and that was said
    found = found or engine.connect()
    version = found.client.version()["Version"]
    say(f"Docker Engine {version} answers at {found.where}")
