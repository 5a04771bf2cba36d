"""Layers compressed: the same bytes everywhere, and nothing else comes out again."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gradlock import store
from gradlock.images import packed
from gradlock.images.archive import BrokenLayerError
from gradlock.images.image import Image
from gradlock.layers import Layer

Handmade = Callable[..., Image]


@pytest.fixture
def layer(own_store: Path) -> Layer:
    """Return a layer of some pieces, of what compresses well and what does not."""
    data = (b"gradlock" * 40_000 + bytes(range(256)) * 2_000) * 12
    digest = store.digest(data)
    path = store.folder("layers") / f"{digest}.tar"
    path.write_bytes(data)
    return Layer("numpy", path, digest, len(data))


def test_a_layer_always_gives_these_bytes(layer: Layer) -> None:
    """An engine pulls them by this digest, and images.lock pins it by the manifest's."""
    made = packed.pack(layer, bytes_too=True)
    assert made.digest == store.file_digest(made.path)
    assert made.size == made.path.stat().st_size < layer.size
    assert made.digest == "dfcb132c14b73816aad34184e8edcc2e61eef63210485c64b9008a51dcfd75c0"


def test_one_core_gives_what_many_give(layer: Layer, monkeypatch: pytest.MonkeyPatch) -> None:
    many = packed.pack(layer, bytes_too=True)
    many.path.unlink()
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    assert packed.pack(layer, bytes_too=True) == many


def test_any_gzip_reads_it(layer: Layer) -> None:
    made = packed.pack(layer, bytes_too=True)
    assert gzip.decompress(made.path.read_bytes()) == layer.path.read_bytes()


def test_what_is_known_is_not_compressed_again(layer: Layer) -> None:
    made = packed.pack(layer)
    made.path.unlink()
    layer.path.unlink()
    assert packed.pack(layer) == made


def test_what_is_known_is_not_asked_for_anew(layer: Layer, tmp_path: Path) -> None:
    made = packed.pack(layer)
    packed.note(layer, "0" * 64, 1)
    assert packed.anew(layer, tmp_path) == made
    assert not list(tmp_path.glob("*.gz"))


def test_a_flipped_file_is_compressed_again(layer: Layer) -> None:
    made = packed.pack(layer, bytes_too=True)
    data = bytearray(made.path.read_bytes())
    data[1000] ^= 1
    made.path.write_bytes(data)
    again = packed.pack(layer, bytes_too=True)
    assert again == made
    assert store.file_digest(again.path) == made.digest


def test_a_layer_that_is_not_what_it_was_is_refused(layer: Layer) -> None:
    layer.path.write_bytes(b"other")
    with pytest.raises(BrokenLayerError):
        packed.pack(layer)


def test_what_comes_back_is_the_layer(layer: Layer, tmp_path: Path) -> None:
    made = packed.pack(layer, bytes_too=True)
    data = layer.path.read_bytes()
    layer.path.unlink()
    packed.unpack(made.path, layer, tmp_path)
    assert layer.path.read_bytes() == data


@pytest.mark.parametrize("fault", ["truncated", "flipped", "no_gzip", "another"])
def test_anything_else_is_refused(layer: Layer, tmp_path: Path, fault: str) -> None:
    data = bytearray(packed.pack(layer, bytes_too=True).path.read_bytes())
    if fault == "truncated":
        del data[len(data) // 2 :]
    elif fault == "flipped":
        data[len(data) // 2] ^= 1
    elif fault == "no_gzip":
        data = bytearray(b"<html>")
    else:
        data = bytearray(gzip.compress(b"another layer"))
    layer.path.unlink()
    (tmp_path / "came").write_bytes(data)
    with pytest.raises(BrokenLayerError):
        packed.unpack(tmp_path / "came", layer, tmp_path)
    assert not layer.path.exists()


def test_an_images_digest_moves_with_its_configuration(handmade: Handmade) -> None:
    one, two = handmade("one", variant="cpu"), handmade("one", variant="cu125")
    assert packed.digest(one) == packed.digest(one)
    assert (packed.digest(one) == packed.digest(two)) == (one.config == two.config)
