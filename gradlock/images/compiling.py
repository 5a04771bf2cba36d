"""Whose Python compiles the bytecode of an image's wheels.

Its own, where that runs without an emulator, and otherwise that of the row `cpu`, where it does and
is the same release: it writes the same bytes, in a tenth of the time, and what the images of both
have in common is compiled once.

What it writes would differ in one thing. Constants are computed with when they are compiled, and
what has no value (infinity less infinity) gets another sign by another processor.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from gradlock.errors import ArtifactError
from gradlock.images.recipe import Recipe
from gradlock.locks.freshness import Locks

#: A float, or a part of a complex number, that is no number, as `marshal` writes it.
NO_NUMBER = re.compile(
    rb"[g\xe7]\x00{6}\xf8[\x7f\xff]|[y\xf9](?:.{8})?\x00{6}\xf8[\x7f\xff]", re.DOTALL
)


def of(recipe: Recipe, here: str) -> Recipe:
    """Return the recipe of the image whose Python compiles another's wheels: mostly its own.

    `here` is the processor that programs run on without an emulator.
    """
    own, usual = (one.variant.machine.machine for one in (recipe.locks, recipe.cpu))
    if own == usual or here != usual or recipe.channel != "debian":
        return recipe
    same = _release(recipe.locks) == _release(recipe.cpu)
    return replace(recipe, locks=recipe.cpu, below=()) if same else recipe


def _release(locks: Locks) -> tuple[str, str]:
    """Return what Python a variant's .debs have, down to Debian's patches."""
    name = f"python{locks.variant.python}"
    return name, next((pin.version for pin in locks.debs if pin.name == name), "")


def whole(shares: Iterable[Mapping[str, bytes]], recipe: Recipe, by: Recipe) -> dict[str, bytes]:
    """Return a wheel's bytecode of its shares, by its names; `by` is what `of` has returned.

    Raises:
        ArtifactError: the Python of another processor has compiled it, and it shows.

    """
    found = {name: data for share in shares for name, data in share.items()}
    if by is not recipe:
        for name in sorted(name for name, data in found.items() if NO_NUMBER.search(data)):
            raise ArtifactError(
                "it computes, as it is compiled, what is no number: its sign is the processor's, "
                f"and {recipe.name} is for another one than this machine's",
                where=f"/{name}",
                mend=f"build {recipe.name} on {recipe.variant.platform} itself, and ./inv pull it",
            )
    return found
