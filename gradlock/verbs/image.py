"""The verb `image`."""

from __future__ import annotations

from invoke.context import Context

from gradlock.engine import engine
from gradlock.images import channels, pins
from gradlock.images import image as images
from gradlock.inputs import variants
from gradlock.progress import Stopwatch
from gradlock.verbs import building, flags, testing
from gradlock.verbs.outcome import verb


@verb(
    help={
        **flags.CHOICE,
        **flags.CHANNEL,
        "pin": "Write the ID to images.lock: what everybody must get from now on.",
        "pinned": "Fail where images.lock has no ID to hold an image to.",
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
    smoke: bool = True,
) -> None:
    """Build images from the locks, load them into Docker, and smoke-test the new ones."""
    flags.only_one(pin=pin, pinned=pinned)
    table = variants.load()
    chosen = table.select(variant=variant, cuda=cuda, gpu=gpu, every=all)
    sources = {row: channels.chosen(channel, row.name) for row in chosen}
    if pinned:
        pins.require((source, row.name) for row, source in sources.items())
    docker = engine.connect()
    for row in chosen:
        watch = Stopwatch()
        built = images.build(row, table, sources[row], watch)
        if not pin:
            pins.hold(built)
        sent = building.load(docker, built, watch)
        if smoke:
            testing.smoke(docker, row, built, watch)
        if pin:
            pins.write(built)
        building.report(built, sent, watch)
