"""What Keras makes public: tables are held to it, so that what a release brings is looked at."""

from __future__ import annotations

from types import ModuleType


def classes(module: ModuleType, base: type) -> set[type]:
    """Return the classes of a module that are of a kind, without the base itself."""
    found = {kind for kind in vars(module).values() if isinstance(kind, type)}
    return {kind for kind in found if issubclass(kind, base)} - {base}
