"""Pull: the pinned image out of a registry into the store, each layer held to what is pinned.

A registry is asked for the one manifest whose digest images.lock has, so whatever it tells is
known to be right or wrong: the manifest by its digest, the configuration by the image's ID, the
layers by their digests, compressed and not.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gradlock import store
from gradlock.errors import RegistryError
from gradlock.graph import Graph, Job, ready
from gradlock.images import packed, pulled
from gradlock.images.archive import BrokenLayerError
from gradlock.images.build import Built, Loader
from gradlock.images.image import Image
from gradlock.images.pins import ImagePin
from gradlock.images.recipe import Recipe
from gradlock.layers import Layer, cache
from gradlock.progress import Board, Meter
from gradlock.registry import refusals
from gradlock.registry.client import Repository

#: Blobs that come at a time, and layers that are unpacked at a time.
FETCHED, UNPACKED = 4, 2
#: Shares of an image's layers after which a wave of them is sent to the engine.
WAVES = (0.25, 0.5, 0.75)


@dataclass(frozen=True)
class Blob:
    """A layer as a registry has it."""

    layer: Layer
    digest: str
    size: int


@dataclass(frozen=True)
class Offer:
    """An image that a registry has: its layers, bottom first."""

    blobs: tuple[Blob, ...]


def find(repository: Repository, pin: ImagePin) -> Offer | None:
    """Return what a repository has of the pinned image; None where it does not have it.

    Raises:
        RegistryError: it cannot be reached, or what it says cannot be the pinned image.

    """
    manifest = repository.manifest(pin.manifest)
    if manifest is None:
        return None
    try:
        told = json.loads(manifest)
        config = str(told["config"]["digest"])
        blobs = [(str(row["digest"]), int(row["size"])) for row in told["layers"]]
    except (ValueError, KeyError, TypeError) as error:
        raise RegistryError(
            "the pinned manifest is none of an image",
            where=f"{repository.place}, {pin.manifest}",
            mend="images.lock was changed by hand: git checkout images.lock",
        ) from error
    if config != pin.id or len(blobs) != len(pin.layers):
        raise RegistryError(
            "the pinned manifest is that of another image than the pinned ID",
            where=f"{repository.place}, {pin.manifest}",
            mend="images.lock was changed by hand: git checkout images.lock",
        )
    folder = store.folder("layers")
    layers = [Layer(name, folder / f"{plain}.tar", plain, 0) for name, plain in pin.layers.items()]
    rows = zip(layers, blobs, strict=True)
    return Offer(tuple(Blob(layer, digest, size) for layer, (digest, size) in rows))


def take(
    recipe: Recipe,
    offer: Offer,
    repository: Repository,
    board: Board,
    loader: Callable[[Meter], AbstractContextManager[Loader]] | None = None,
) -> Built:
    """Bring an image into the store, and into an engine while its last layers still come.

    What the store has does not come again.

    Raises:
        RegistryError: a layer cannot be had, or is not the pinned one; nothing was tagged.

    """
    with (
        store.exclusive("pull"),
        store.scratch("pull") as work,
        ExitStack() as loaders,
        Graph({"fetch": FETCHED, "unpack": UNPACKED, "send": 1}) as graph,
        ExitStack() as sending,
    ):
        fetching = board.meter(f"pulling {recipe.name}")
        meter = board.meter(f"loading {recipe.name}")
        sender = loaders.enter_context(loader(meter)) if loader else None
        if sender:
            sending.callback(sender.stop)
        taking = partial(_layer, graph, repository, work, fetching)
        jobs = [graph.once(blob.digest, partial(taking, blob)) for blob in offer.blobs]
        if sender:
            for share in WAVES:
                lowest = jobs[: round(len(jobs) * share)]
                graph.add("wave", "send", lambda *layers: sender.wave(layers), *lowest)

        def finish(*layers: Layer) -> Built:
            named = tuple(
                Layer(blob.layer.name, layer.path, layer.digest, layer.size)
                for blob, layer in zip(offer.blobs, layers, strict=True)
            )
            image = Image.of(recipe, named)
            pulled.note(image)
            if sender is None:
                return Built(image, 0)
            meter.expect(image.size)
            return Built(image, sender.finish(image))

        done = graph.add("load", "send", finish, *jobs)
        graph.wait()
    return done.result


def _layer(
    graph: Graph, repository: Repository, work: Path, meter: Meter, blob: Blob
) -> Job[Layer]:
    """Return the job that brings a layer into the store, where it is not there."""
    held = cache.held(blob.layer.name, blob.layer.digest)
    if held:
        return ready(blob.layer.name, held)
    meter.expect(blob.size)
    # Not in the scratch: what a killed run has brought is gone on with.
    part = store.folder("blobs") / blob.digest.removeprefix("sha256:")

    def fetch() -> Path:
        repository.download(blob.digest, blob.size, part, meter)
        return part

    def unpack(source: Path) -> Layer:
        try:
            packed.unpack(source, blob.layer, work)
        except BrokenLayerError as error:
            raise refusals.other_bytes(
                repository.place, f"the layer {blob.layer.name}", "another layer"
            ) from error
        finally:
            source.unlink(missing_ok=True)
        packed.note(blob.layer, blob.digest.removeprefix("sha256:"), blob.size)
        layer = cache.held(blob.layer.name, blob.layer.digest)
        assert layer is not None
        return layer

    fetched = graph.add(f"fetch {blob.layer.name}", "fetch", fetch)
    return graph.add(f"unpack {blob.layer.name}", "unpack", unpack, fetched)
