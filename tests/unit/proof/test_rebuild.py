"""A build without any layer, compared: what differs is named, the layer and the file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from gradlock import store
from gradlock.images import packed
from gradlock.images.build import Means
from gradlock.images.image import Image
from gradlock.images.recipe import Recipe
from gradlock.layers import Layer, tar
from gradlock.layers.tar import LayerWriter
from gradlock.proof import rebuild
from tests.unit.images.conftest import Bench, tars

Write = Callable[[LayerWriter], None]


def rows(image: Image) -> list[tuple[str, str]]:
    return [(layer.name, layer.digest) for layer in image.layers]


def test_it_is_built_from_artifacts_alone(built: Image, recipe: Recipe, own_store: Path) -> None:
    """A layer in the store that is broken, and says that it is whole, changes nothing."""
    layer = built.layers[0]
    broken = bytes(layer.size)
    layer.path.write_bytes(broken)
    os.utime(layer.path, (layer.size, layer.size))
    before = tars()
    made = rebuild.rebuild(recipe, Means(Bench(), held=False), rows(built), lambda *_: None)
    assert (made.id, made.differences) == (built.id, ())
    assert tars() == before
    assert store.store() == own_store.resolve()
    assert not list((own_store / "tmp").glob("rebuild-*"))


def test_the_manifest_is_that_of_what_was_built(built: Image, recipe: Recipe) -> None:
    made = rebuild.rebuild(recipe, Means(Bench(), held=False), rows(built), lambda *_: None)
    assert made.manifest == packed.digest(built)


def test_what_the_store_knows_of_a_layer_compressed_is_not_believed(
    built: Image, recipe: Recipe
) -> None:
    right = packed.digest(built)
    packed.note(built.layers[0], "0" * 64, 1)
    made = rebuild.rebuild(recipe, Means(Bench(), held=False), rows(built), lambda *_: None)
    assert made.manifest == right != packed.digest(built)


def layer_of(folder: Path, name: str, write: Write) -> Layer:
    path = folder / name
    with tar.writing(path) as (writer, stream):
        write(writer)
    return Layer("one", path, stream.hash.hexdigest(), stream.size)


def image_of(*layers: Layer) -> Image:
    return Image("cpu", "debian", "", b"{}", layers)


def told(theirs: Layer, ours: Layer) -> list[str]:
    found = rebuild.differences({"one": theirs.digest}, image_of(ours), lambda *_: theirs)
    return [str(one) for one in found]


def test_files_that_differ_are_named(tmp_path: Path) -> None:
    def theirs(writer: LayerWriter) -> None:
        writer.file("a/same", b"1")
        writer.file("a/bytes", b"1")
        writer.file("a/gone", b"1")
        writer.file("a/mode", b"1", mode=0o755)

    def ours(writer: LayerWriter) -> None:
        writer.file("a/same", b"1")
        writer.file("a/bytes", b"2")
        writer.file("a/new", b"1")
        writer.file("a/mode", b"1", mode=0o644)

    assert told(layer_of(tmp_path, "theirs", theirs), layer_of(tmp_path, "ours", ours)) == [
        "one: /a/bytes differs in its bytes",
        "one: /a/gone is in the image, and was not built",
        "one: /a/mode differs in its mode",
        "one: /a/new was built, and is not in the image",
    ]


def test_many_files_are_counted(tmp_path: Path) -> None:
    def write(data: bytes) -> Write:
        return lambda writer: [writer.file(f"f{number:02}", data) for number in range(30)] and None

    found = told(layer_of(tmp_path, "a", write(b"1")), layer_of(tmp_path, "b", write(b"2")))
    assert len(found) == rebuild.NAMED + 1
    assert found[-1] == "one: 10 more files differ"


def test_layers_that_one_alone_has_are_named(tmp_path: Path) -> None:
    ours = layer_of(tmp_path, "ours", lambda writer: writer.file("a", b"1"))
    found = rebuild.differences({"two": "0"}, image_of(ours), lambda *_: None)
    assert sorted(map(str, found)) == [
        "one: was built: the image has no such layer",
        "two: was not built: the image has this layer",
    ]


def test_a_layer_that_cannot_be_had_is_told_by_its_digest(tmp_path: Path) -> None:
    ours = layer_of(tmp_path, "ours", lambda writer: writer.file("a", b"1"))
    (found,) = rebuild.differences({"one": "0"}, image_of(ours), lambda *_: None)
    assert str(found) == f"one: came out as {ours.digest}"
