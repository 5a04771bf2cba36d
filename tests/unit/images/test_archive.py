"""The tar stream that an engine loads."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Iterator, Sequence

import pytest

from gradlock import store
from gradlock.errors import ArtifactError
from gradlock.images import archive
from gradlock.images.image import Image
from gradlock.layers import Layer

Handmade = Callable[..., Image]


def sent(image: Image, layers: Sequence[Layer] | None = None) -> Iterator[bytes]:
    """Return what an engine gets: an image, with some of its layers."""
    given = image.layers if layers is None else layers
    return archive.stream(image.config, image.layers, given, lambda _: None)


def members(data: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {entry.name: (tar.extractfile(entry) or io.BytesIO()).read() for entry in tar}


def test_every_blob_is_named_by_its_hash(handmade: Handmade) -> None:
    image = handmade("bottom", "top")
    found = members(b"".join(sent(image)))
    blobs = {name: data for name, data in found.items() if name.startswith("blobs/")}
    assert len(blobs) == 4  # the config, the manifest, two layers
    for name, data in blobs.items():
        assert name == f"blobs/sha256/{store.digest(data)}"


def test_both_stores_find_the_config_and_the_layers_in_order(handmade: Handmade) -> None:
    image = handmade("bottom", "top")
    found = members(b"".join(sent(image)))
    wanted = [layer.digest for layer in image.layers]
    (classic,) = json.loads(found["manifest.json"])
    assert found[classic["Config"]] == image.config
    assert classic["Layers"] == [f"blobs/sha256/{digest}" for digest in wanted]
    (entry,) = json.loads(found["index.json"])["manifests"]
    manifest = found["blobs/sha256/" + entry["digest"].removeprefix("sha256:")]
    assert entry["size"] == len(manifest)
    parsed = json.loads(manifest)
    assert parsed["config"] == {
        "mediaType": "application/vnd.oci.image.config.v1+json",
        "digest": image.id,
        "size": len(image.config),
    }
    assert [(row["digest"], row["size"]) for row in parsed["layers"]] == [
        (f"sha256:{layer.digest}", layer.size) for layer in image.layers
    ]


def test_layers_that_are_not_sent_stay_in_the_manifests(handmade: Handmade) -> None:
    image = handmade("bottom", "top")
    found = members(b"".join(sent(image, image.layers[1:])))
    assert f"blobs/sha256/{image.layers[0].digest}" not in found
    assert f"blobs/sha256/{image.layers[1].digest}" in found
    assert len(json.loads(found["manifest.json"])[0]["Layers"]) == 2


def test_it_carries_no_name_so_that_no_tag_moves_before_the_image_is_whole(
    handmade: Handmade,
) -> None:
    image = handmade("one")
    data = b"".join(sent(image))
    assert json.loads(members(data)["manifest.json"])[0]["RepoTags"] is None
    assert image.reference.encode() not in data


def test_the_same_image_gives_the_same_bytes(handmade: Handmade) -> None:
    image = handmade("one", "two")
    first, second = (b"".join(sent(image)) for _ in range(2))
    assert first == second


def test_a_large_layer_is_never_held_in_memory(handmade: Handmade) -> None:
    image = handmade(bytes(3 * archive.CHUNK))
    pieces = list(sent(image))
    assert max(map(len, pieces)) <= archive.CHUNK


def test_a_layer_over_8_gib_has_a_header_that_says_so() -> None:
    size = 9 << 30
    assert tarfile.TarInfo.frombuf(archive._header("x", size), "utf-8", "strict").size == size


@pytest.mark.parametrize("fault", ["cut-short", "gone", "a-folder"])
def test_a_layer_that_is_not_whole_is_named(handmade: Handmade, fault: str) -> None:
    image = handmade("one")
    (layer,) = image.layers
    if fault == "cut-short":
        layer.path.write_bytes(layer.path.read_bytes()[:-1])
    else:
        layer.path.unlink()
    if fault == "a-folder":
        layer.path.mkdir()
    with pytest.raises(archive.BrokenLayerError, match="cut short") as caught:
        list(sent(image))
    assert caught.value.where == str(layer.path)
    assert caught.value.layer == layer
    assert isinstance(caught.value, ArtifactError)


def test_each_byte_of_a_layer_that_is_sent_is_counted(handmade: Handmade) -> None:
    image, counted = handmade(bytes(3 * archive.CHUNK), "top"), []
    list(archive.stream(image.config, image.layers, image.layers[:1], counted.append))
    assert sum(counted) == image.layers[0].size
