"""The engine, as verbs ask for it: with nothing in it of runs that were killed."""

from __future__ import annotations

from gradlock.engine import engine, removal
from gradlock.engine.engine import Engine


def connect() -> Engine:
    """Return the engine that answers, or a private one that is started.

    Raises:
        EngineError: none answers and none can be started, or its socket is not permitted.

    """
    found = engine.connect()
    removal.sweep(found)
    return found
