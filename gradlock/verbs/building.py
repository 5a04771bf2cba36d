"""Images built, held to images.lock and loaded: what several verbs begin with."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gradlock import store
from gradlock.engine import room
from gradlock.engine.engine import Engine
from gradlock.engine.load import Loader
from gradlock.images import build, channels, recipe
from gradlock.images.build import Built, Means
from gradlock.images.image import Image
from gradlock.images.recipe import Recipe
from gradlock.inputs import variants
from gradlock.inputs.variants import Table, Variant
from gradlock.verbs.outcome import out


@dataclass(frozen=True)
class Order:
    """How images are built: at how many jobs, checked how, and where a trace of it goes."""

    jobs: int = 0
    pin: bool = False
    trace: str = ""


def recipes(rows: Sequence[Variant], table: Table, channel: str = "") -> list[Recipe]:
    """Return the recipes of variants, from a channel by its name, or from the pinned one."""
    return [recipe.read(row, table, channels.chosen(channel, row.name)) for row in rows]


def images(docker: Engine, wanted: Sequence[Recipe], order: Order) -> tuple[list[Built], str]:
    """Build images and load them; return them, and when each kind of work was done."""
    begin = time.monotonic()
    means = Means(
        room.InContainers(docker),
        partial(Loader, docker),
        jobs=order.jobs,
        verify=order.pin,
        held=not order.pin,
    )
    built, graph = build.build(wanted, means)
    if order.trace:
        store.write_text(Path(order.trace), json.dumps(graph.trace(), indent=1))
    ends = [f"{lane} done at {end:.1f}" for lane, end in graph.stages().items() if end > 1]
    return built, "; ".join([f"{time.monotonic() - begin:.1f} s", *ends])


def present(docker: Engine, row: Variant) -> str:
    """Return the reference of a variant's image, built and loaded where it is not there."""
    ((built,), _) = images(docker, recipes([row], variants.load()), Order())
    return built.image.reference


def report(built: Built) -> None:
    """Print what came out."""
    image: Image = built.image
    size, sent = f"{image.size / 1e9:.2f} GB", f"{built.sent / 1e6:.0f} MB"
    out.print(f"{image.reference}  {image.id}")
    out.print(f"  {size} in {len(image.layers)} layers, {sent} sent, channel {image.channel}")
