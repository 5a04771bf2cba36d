"""The verb `push`."""

from __future__ import annotations

from pathlib import Path

from invoke.context import Context

from gradlock.errors import InputError
from gradlock.images import pins
from gradlock.inputs import variants
from gradlock.registry import reference
from gradlock.verbs import building, flags, sharing
from gradlock.verbs.building import Order
from gradlock.verbs.outcome import verb


@verb(
    help={
        **flags.CHOICE,
        **flags.CHANNEL,
        "to": "HOST/REPOSITORY, or HOST/REPOSITORY:TAG for one variant (default: the tags that "
        "name the variant, its TensorFlow, and the date of its locks).",
        "receipts": "Bring what has passed in them, too, signed with this key: machines that "
        "trust it do not repeat it.",
    }
)
def push(
    _context: Context,
    variant: str = "",
    cuda: str = "",
    gpu: bool = False,
    all: bool = False,
    channel: str = "",
    to: str = "",
    receipts: str = "",
) -> None:
    """Push pinned images to a registry, straight from the store, without an engine.

    Only what the registry lacks is sent. An image is pushed as it is pinned, or not at all, and
    with it what is in it and where it comes from; its tags move last, so none ever names a part
    of one. Logins are Docker's: `docker login HOST`.
    """
    from gradlock.proof import keys  # its library is needed for signatures alone

    if not to:
        raise InputError("push needs a place", mend="./inv push --to HOST/REPOSITORY")
    place = reference.parse(to)
    signer = keys.load(Path(receipts)) if receipts else None
    table = variants.load()
    chosen = table.select(variant=variant, cuda=cuda, gpu=gpu, every=all)
    if place.tag and len(chosen) > 1:
        raise InputError(
            f"one tag cannot name {len(chosen)} images",
            where=to,
            mend="leave the tag out, or name one variant",
        )
    wanted = building.recipes(chosen, table, channel)
    pins.require((recipe.channel, recipe.name) for recipe in wanted)
    built, _ = building.images(None, wanted, Order())
    sharing.push(place, wanted, [one.image for one in built], signer)
