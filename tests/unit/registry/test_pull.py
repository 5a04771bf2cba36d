"""What is pulled is the pinned image, layer by layer, or nothing."""

from __future__ import annotations

import dataclasses
import gzip
import json
from pathlib import Path

import pytest

from gradlock import store
from gradlock.errors import RegistryError
from gradlock.images import packed
from gradlock.images.image import Image
from gradlock.images.pins import ImagePin
from gradlock.progress import Board, Meter
from gradlock.registry import pull, push
from gradlock.registry.client import Repository
from tests.unit.images.conftest import CPU, Workshop
from tests.unit.registry.loopback import Registry


@pytest.fixture
def offered(built: Image, pin: ImagePin, repository: Repository) -> pull.Offer:
    """Push the image, and forget its layers."""
    push.push(built, repository, ("cpu",), Meter())
    for folder in ("layers", "packed"):
        for path in store.folder(folder).iterdir():
            path.unlink()
    offer = pull.find(repository, pin)
    assert offer
    return offer


def test_the_image_comes_back_as_it_went(
    built: Image, offered: pull.Offer, repository: Repository, workshop: Workshop
) -> None:
    taken = pull.take(workshop.recipe(CPU), offered, repository, Board()).image
    assert (taken.id, taken.layers) == (built.id, built.layers)
    assert packed.digest(taken) == packed.digest(built)
    assert not list(store.folder("blobs").iterdir())


def test_what_the_store_has_does_not_come_again(
    offered: pull.Offer, repository: Repository, registry: Registry, workshop: Workshop
) -> None:
    pull.take(workshop.recipe(CPU), offered, repository, Board())
    registry.asked.clear()
    pull.take(workshop.recipe(CPU), offered, repository, Board())
    assert not registry.asked


@pytest.mark.parametrize("fault", ["flipped", "truncated", "gone", "another_layer"])
def test_a_layer_that_is_not_the_pinned_one_is_refused(
    fault: str,
    offered: pull.Offer,
    repository: Repository,
    registry: Registry,
    workshop: Workshop,
) -> None:
    blob = offered.blobs[2]
    data = registry.blobs[blob.digest]
    if fault == "another_layer":  # a manifest that is lied about is refused before; not here
        other = gzip.compress(b"another layer", mtime=0)
        blob = dataclasses.replace(blob, digest=registry.add(other), size=len(other))
        offered = pull.Offer((*offered.blobs[:2], blob, *offered.blobs[3:]))
    elif fault == "gone":
        del registry.blobs[blob.digest]
    else:
        half = len(data) // 2
        rest = b"" if fault == "truncated" else bytes([data[half] ^ 1]) + data[half + 1 :]
        registry.blobs[blob.digest] = data[:half] + rest
    with pytest.raises(RegistryError):
        pull.take(workshop.recipe(CPU), offered, repository, Board())
    assert not blob.layer.path.exists()
    assert not list(store.folder("pulled").iterdir())


def test_what_is_not_there_is_none(pin: ImagePin, repository: Repository) -> None:
    assert pull.find(repository, pin) is None


@pytest.mark.parametrize("fault", ["no_json", "index", "another_config", "fewer_layers"])
def test_a_manifest_that_is_none_of_the_image_is_refused(
    fault: str, built: Image, pin: ImagePin, repository: Repository, registry: Registry
) -> None:
    push.push(built, repository, ("cpu",), Meter())
    told = json.loads(registry.manifests["cpu"])
    if fault == "another_config":
        told["config"]["digest"] = "sha256:0"
    elif fault == "fewer_layers":
        told["layers"].pop()
    elif fault == "index":
        told = {"schemaVersion": 2, "manifests": []}
    data = b"<html>" if fault == "no_json" else json.dumps(told).encode()
    digest = f"sha256:{store.digest(data)}"
    registry.manifests[digest] = data
    with pytest.raises(RegistryError, match="pinned manifest"):
        pull.find(repository, dataclasses.replace(pin, manifest=digest))


def test_what_a_killed_run_has_brought_is_gone_on_with(
    offered: pull.Offer, repository: Repository, registry: Registry, workshop: Workshop
) -> None:
    blob = max(offered.blobs, key=lambda blob: blob.size)
    part = store.folder("blobs") / blob.digest.removeprefix("sha256:")
    Path(part).write_bytes(registry.blobs[blob.digest][:100])
    pull.take(workshop.recipe(CPU), offered, repository, Board())
    assert not part.exists()
