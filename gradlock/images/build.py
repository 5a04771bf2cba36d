"""From recipes to images: one graph of jobs, from the first download to the last byte sent.

    fetch      every artifact, several at once
    root       the .debs unpacked: what the image's own programs run from
    configure  dpkg in that root, which makes the base layer
    compile    a wheel's bytecode, by the image's own Python
    write      a wheel, its bytecode, or the small wheels together, as a layer
    send       the lowest layers to the engine, while the upper ones are made

What the store has is not made again, and what several recipes share is made once.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from gradlock import progress, store
from gradlock.artifacts.artifacts import Pin
from gradlock.artifacts.fetcher import Fetcher
from gradlock.artifacts.index import Source
from gradlock.graph import Graph, Job
from gradlock.images import pins
from gradlock.images.archive import BrokenLayerError
from gradlock.images.fetching import Fetching
from gradlock.images.image import Image
from gradlock.images.parts import Shop
from gradlock.images.recipe import Recipe
from gradlock.images.rooms import Rooms
from gradlock.images.stack import Parts
from gradlock.layers import Layer, cache, overlap
from gradlock.layers.room import Room


class Loader(Protocol):
    """What takes one image: an engine."""

    def wave(self, layers: Sequence[Layer]) -> None:
        """Take the lowest layers of an image that is not whole yet."""

    def finish(self, image: Image) -> int:
        """Take an image, and whatever of it was not taken yet; return the bytes sent."""

    def stop(self) -> None:
        """Have what another thread sends end there at once."""


@dataclass(frozen=True)
class Means:
    """What a build works with.

    `room` runs the image's programs while there is no image yet. `loader` makes what takes an
    image, and counts its bytes; without one, images stay in the store. `jobs` is the number of
    layers that are made at a time (default: the cores). With `verify`, everything in the store
    is hashed again. `held` tells whether an image must have the ID that images.lock says.
    `nearer` tells where an artifact is that need not come from a mirror or an index. `layers` is a
    folder to find layers in, and to keep them in (default: the store's).
    """

    room: Room
    loader: Callable[[progress.Meter], AbstractContextManager[Loader]] | None = None
    jobs: int = 0
    verify: bool = False
    held: bool = True
    nearer: Callable[[Pin], Source | None] | None = None
    layers: Path | None = None


@dataclass(frozen=True)
class Built:
    """An image, and the bytes of it that were sent to the engine."""

    image: Image
    sent: int


def build(recipes: Sequence[Recipe], means: Means) -> tuple[list[Built], Graph]:
    """Build images from their recipes, and load them; return them with the graph that ran.

    A layer in the store that the engine finds broken is built again, once.

    Raises:
        PinError: an image has another ID than images.lock says; it was not tagged.
        ArtifactError: an artifact cannot be had, or is not what the lock says.
        EngineError: the engine refused.

    """
    try:
        return _build(recipes, means)
    except BrokenLayerError as error:
        progress.say(f"{error.what}; looking at all layers, and building it again")
        return _build(recipes, replace(means, verify=True))


def _build(recipes: Sequence[Recipe], means: Means) -> tuple[list[Built], Graph]:
    jobs = means.jobs or os.cpu_count() or 1
    lanes = {
        "find": 16,
        "fetch": 8,
        "room": 2,
        "compile": jobs,
        "first": 1,
        "write": jobs,
        "send": 1,
    }
    with (
        store.exclusive("build"),
        store.scratch("build") as work,
        progress.board() as board,
        ExitStack() as loaders,
        Graph(lanes) as graph,
        Fetcher(meter=board.meter("fetching"), again=means.verify, nearer=means.nearer) as fetcher,
        Rooms(graph, fetching := Fetching(graph, fetcher), means.room, work, jobs) as rooms,
        ExitStack() as sending,
    ):
        cache.sweep()
        shop = Shop(graph, fetching, rooms, work, means.layers, means.verify)
        made = [shop.parts(recipe) for recipe in recipes]
        rooms.closed()
        loads = []
        for recipe, own in zip(recipes, made, strict=True):
            meter = board.meter(f"loading {recipe.name}")
            loader = loaders.enter_context(means.loader(meter)) if means.loader else None
            if loader:
                sending.callback(loader.stop)  # else the graph waits for what nobody wants now
            loads.append(_deliver(graph, recipe, own, Delivery(means.held, loader, meter)))
        graph.wait()
    return [load.result for load in loads], graph


@dataclass(frozen=True)
class Delivery:
    """Where an image goes, if anywhere, and whether it must be the pinned one."""

    held: bool
    loader: Loader | None
    meter: progress.Meter

    def wave(self, jobs: Sequence[Job[Layer]], *_: Layer) -> None:
        """Send the lowest layers, as many as are made by now; all of them are an image's."""
        made = [job.result for job in itertools.takewhile(lambda job: job.made, jobs)]
        if self.loader and len(made) < len(jobs):
            self.loader.wave(made)

    def finish(self, recipe: Recipe, *layers: Layer) -> Built:
        """Make the image of its layers, hold it to what is pinned, and load it."""
        overlap.check(layers)
        image = Image.of(recipe, layers)
        if self.held:
            pins.hold(image)
        if self.loader is None:
            return Built(image, 0)
        self.meter.expect(image.size)
        return Built(image, self.loader.finish(image))


def _deliver(graph: Graph, recipe: Recipe, made: Parts, delivery: Delivery) -> Job[Built]:
    """Send an image's lowest layers as they come, and in the end the image."""
    graph.wait(made.fetched())
    layers, ends = made.ordered()
    if delivery.loader and not all(job.future.done() for job in layers):
        for end in ends:
            wave = partial(delivery.wave, layers)
            graph.add(f"wave {recipe.name}", "send", wave, *layers[:end])
    return graph.add(f"load {recipe.name}", "send", partial(delivery.finish, recipe), *layers)
