"""The verb `base`."""

from __future__ import annotations

from invoke.context import Context

from gradlock.engine import engine
from gradlock.images import channels
from gradlock.images import image as images
from gradlock.inputs import variants
from gradlock.progress import Stopwatch
from gradlock.verbs import building, flags
from gradlock.verbs.outcome import verb


@verb(help={**flags.ONE, **flags.CHANNEL})
def base(
    _context: Context, variant: str = "", cuda: str = "", gpu: bool = False, channel: str = ""
) -> None:
    """Build and load gradlock:base, an image without its wheels: docker/Dockerfile adds them."""
    table, watch = variants.load(), Stopwatch()
    (row,) = table.select(variant=variant, cuda=cuda, gpu=gpu)
    source = channels.chosen(channel, row.name)
    docker = engine.connect()
    built = images.build_base(row, table, source, watch)
    building.report(built, building.load(docker, built, watch), watch)
