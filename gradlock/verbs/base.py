"""The verb `base`."""

from __future__ import annotations

from invoke.context import Context

from gradlock.images import channels, recipe
from gradlock.inputs import variants
from gradlock.verbs import building, connection, flags
from gradlock.verbs.building import Order
from gradlock.verbs.outcome import out, verb


@verb(help={**flags.ONE, **flags.CHANNEL})
def base(
    _context: Context, variant: str = "", cuda: str = "", gpu: bool = False, channel: str = ""
) -> None:
    """Build and load gradlock:base, an image without its wheels: docker/Dockerfile adds them."""
    table = variants.load()
    (row,) = table.select(variant=variant, cuda=cuda, gpu=gpu)
    wanted = recipe.read(row, table, channels.chosen(channel, row.name), whole=False)
    docker = connection.connect()
    ((built,), spent) = building.images(docker, [wanted], Order())
    building.report(built)
    out.print(f"in {spent}")
