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
from gradlock.registry import team
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


def images(
    docker: Engine | None, wanted: Sequence[Recipe], order: Order
) -> tuple[list[Built], str]:
    """Return images, and when each kind of work was done: taken as they are, or built.

    What a registry has brought, or the team's cache has, is not built; to pin an image it is.
    They are loaded into the engine; without one they stay in the store.
    """
    begin = time.monotonic()
    load = partial(Loader, docker) if docker else None
    built = {} if order.pin else team.take(wanted, load)
    left = [one for one in wanted if one.name not in built]
    ends = []
    if left:
        with team.artifacts(one.locks.digest for one in left) as nearer:
            means = Means(
                room.InContainers(docker) if docker else room.here(),
                load,
                jobs=order.jobs,
                verify=order.pin,
                held=not order.pin,
                nearer=nearer,
            )
            made, graph = build.build(left, means)
        built.update((one.image.variant, one) for one in made)
        if order.trace:
            store.write_text(Path(order.trace), json.dumps(graph.trace(), indent=1))
        ends = [f"{lane} done at {end:.1f}" for lane, end in graph.stages().items() if end > 1]
    spent = "; ".join([f"{time.monotonic() - begin:.1f} s", *ends])
    return [built[one.name] for one in wanted], spent


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
