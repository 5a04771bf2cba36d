"""The verb `pull`."""

from __future__ import annotations

from functools import partial

from invoke.context import Context

from gradlock import progress
from gradlock.engine.load import Loader
from gradlock.errors import InputError, PinError, RegistryError
from gradlock.images import pins, pulled
from gradlock.inputs import variants
from gradlock.registry import pull as pulling
from gradlock.registry import reference
from gradlock.registry.client import Repository
from gradlock.verbs import building, connection, flags
from gradlock.verbs.outcome import out, verb


@verb(
    name="pull",
    help={
        **flags.CHOICE,
        **flags.CHANNEL,
        "from": "HOST/REPOSITORY; the digests are those that images.lock pins.",
        "load": "Load them into the engine; --no-load needs none, and keeps them in the store.",
    },
)
def pull(
    _context: Context,
    variant: str = "",
    cuda: str = "",
    gpu: bool = False,
    all: bool = False,
    channel: str = "",
    from_: str = "",
    load: bool = True,
) -> None:
    """Pull the pinned images from a registry, instead of building them.

    What comes is held to images.lock: an image with another ID, or a layer with another digest,
    is refused and never tagged.
    """
    if not from_:
        raise InputError("pull needs a place", mend="./inv pull --from HOST/REPOSITORY")
    place = reference.parse(from_)
    if place.tag:
        raise InputError(
            "a tag may name anything: what is pulled is named by its digest, which is pinned",
            where=from_,
            mend=f"./inv pull --from {place.host}/{place.repository}",
        )
    table = variants.load()
    chosen = table.select(variant=variant, cuda=cuda, gpu=gpu, every=all)
    wanted = building.recipes(chosen, table, channel)
    pins.require((recipe.channel, recipe.name) for recipe in wanted)
    docker = connection.connect() if load else None
    loading = partial(Loader, docker) if docker else None
    with Repository(place) as repository, progress.board() as board:
        for recipe in wanted:
            pin = pulled.pin_of(recipe)
            if pin is None:
                raise PinError(
                    f"{recipe.name} is not what images.lock pins: its locks, or gradlock's own "
                    "files, have changed since",
                    where=pins.PATH.name,
                    mend="build it: ./inv image --pin; or go back to the commit that pinned it",
                )
            offer = pulling.find(repository, pin)
            if offer is None:
                raise RegistryError(
                    f"the registry does not have the pinned image of {recipe.name}",
                    where=f"{place}@{pin.manifest}",
                    mend=f"./inv push --variant {recipe.name} --to {place}, where it was built; "
                    "or build it here: ./inv image",
                )
            building.report(pulling.take(recipe, offer, repository, board, loading))
    out.print("equal to images.lock")
