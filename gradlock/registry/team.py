"""The team's cache: a repository that holds what a colleague, or CI, has built already."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from gradlock import progress
from gradlock.artifacts.artifacts import Pin
from gradlock.artifacts.index import Source
from gradlock.errors import ArtifactError, InputError, RegistryError
from gradlock.images import pulled
from gradlock.images.archive import BrokenLayerError
from gradlock.images.build import Built, Loader
from gradlock.images.recipe import Recipe
from gradlock.layers import cache as layers
from gradlock.progress import Board, Meter
from gradlock.registry import pull, reference
from gradlock.registry.artifacts import Kept
from gradlock.registry.client import Repository
from gradlock.registry.reference import Reference

VARIABLE = "GRADLOCK_CACHE"
#: A cache is asked twice, and is not waited for long: what it does not bring can be built.
WAITS, TIMEOUT = (1.0,), 8.0

Loading = Callable[[Meter], AbstractContextManager[Loader]]


def place() -> Reference | None:
    """Return the repository that `GRADLOCK_CACHE` names.

    Raises:
        InputError: it is not HOST/REPOSITORY.

    """
    named = os.environ.get(VARIABLE)
    return reference.parse(named) if named else None


def required() -> Reference:
    """Return the repository that `GRADLOCK_CACHE` names.

    Raises:
        InputError: it names none.

    """
    found = place()
    if found is None:
        raise InputError(
            "no team's cache is named", mend=f"export {VARIABLE}=HOST/REPOSITORY of a registry"
        )
    return found


def opened(place: Reference) -> Repository:
    """Return a repository that is not waited for long."""
    return Repository(place, waits=WAITS, timeout=TIMEOUT, patience=TIMEOUT)


def take(recipes: Sequence[Recipe], load: Loading | None) -> dict[str, Built]:
    """Return the images that need no building, by their names, loaded.

    Those came whole from a registry before, or the team's cache has them. Where it fails, a
    line says why, and what it did not bring is left to be built.
    """
    built: dict[str, Built] = {}
    cache = place()
    with progress.board() as board:
        for recipe in recipes:
            found = _held(recipe, load, board)
            if found is None and cache:
                found = _from(cache, recipe, load, board)
            if found:
                built[recipe.name] = found
    return built


def _held(recipe: Recipe, load: Loading | None, board: Board) -> Built | None:
    """Load an image that came whole before; None where there is none, or it broke meanwhile."""
    image = pulled.find(recipe)
    if image is None or load is None:
        return Built(image, 0) if image else None
    try:
        with load(board.meter(f"loading {image.reference}", image.size)) as loader:
            return Built(image, loader.finish(image))
    except BrokenLayerError as error:
        _drop(error)
        return None


def _drop(error: BrokenLayerError) -> None:
    """Have a layer that the engine found broken come, or be built, again at once."""
    progress.say(f"{error.what}; removed it")
    layers.drop(error.layer)


def _from(place: Reference, recipe: Recipe, load: Loading | None, board: Board) -> Built | None:
    """Bring an image from the team's cache, if it has it and can be trusted to."""
    pin = pulled.pin_of(recipe)
    if pin is None:
        progress.say(f"{recipe.name} is not what images.lock pins; not asking {place} for it")
        return None
    try:
        with opened(place) as repository:
            offer = pull.find(repository, pin)
            if offer is None:
                progress.say(f"{place} does not have {recipe.name} {pin.id[:19]}; building it")
                return None
            return pull.take(recipe, offer, repository, board, load)
    except BrokenLayerError as error:
        _drop(error)
        return None
    except (RegistryError, ArtifactError) as error:
        progress.say(f"the team's cache failed: {error.what} ({error.where}); building it")
        return None


@contextmanager
def artifacts(locks: Iterable[str]) -> Iterator[Callable[[Pin], Source | None] | None]:
    """Yield what tells where the team's cache keeps artifacts of some locks, by their digests.

    None where there is no cache.
    """
    cache = place()
    if cache is None:
        yield None
        return
    with opened(cache) as repository:
        yield Kept(repository, set(locks)).source
