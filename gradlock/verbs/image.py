"""The verb `image`."""

from __future__ import annotations

from invoke.context import Context

from gradlock.images import pins
from gradlock.inputs import variants
from gradlock.registry import team
from gradlock.verbs import building, connection, flags, sharing, testing
from gradlock.verbs.building import Order
from gradlock.verbs.outcome import out, verb


@verb(
    help={
        **flags.CHOICE,
        **flags.CHANNEL,
        "pin": "Write the ID to images.lock: what everybody must get from now on.",
        "pinned": "Fail where images.lock has no ID to hold an image to.",
        "jobs": "How many layers are made at a time (default: the cores).",
        "push_cache": "Bring them, and all artifacts, into the team's cache (GRADLOCK_CACHE).",
        "trace": "Write to this file when each job ran, as JSON.",
        "load": "Load them into the engine; --no-load needs none, and compares their IDs alone.",
        "smoke": "Run the smoke tests in an image that has not passed them yet.",
    }
)
def image(
    _context: Context,
    variant: str = "",
    cuda: str = "",
    gpu: bool = False,
    all: bool = False,
    channel: str = "",
    pin: bool = False,
    pinned: bool = False,
    jobs: str = "0",
    push_cache: bool = False,
    trace: str = "",
    load: bool = True,
    smoke: bool = True,
) -> None:
    """Build images from the locks, load them into Docker, and smoke-test the new ones."""
    flags.only_one(pin=pin, pinned=pinned)
    if push_cache:
        team.required()
    order = Order(flags.number("jobs", jobs, int), pin, trace)
    table = variants.load()
    chosen = table.select(variant=variant, cuda=cuda, gpu=gpu, every=all)
    wanted = building.recipes(chosen, table, channel)
    if pinned:
        pins.require((recipe.channel, recipe.name) for recipe in wanted)
    docker = connection.connect() if load else None
    built, spent = building.images(docker, wanted, order)
    for row, one in zip(chosen, built, strict=True):
        if docker and smoke:
            testing.smoke(docker, row, one.image)
        if pin:
            pins.write(one.image)
        building.report(one)
    if push_cache:
        sharing.share(wanted, [one.image for one in built])
    out.print(f"in {spent}")
