"""Layers in the store: found when nothing moved, built again when anything did."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from gradlock import store
from gradlock.artifacts import artifacts
from gradlock.layers import Layer, cache, tar
from gradlock.layers.tar import LayerWriter

pytestmark = pytest.mark.usefixtures("own_store")

KEY = cache.key_of("code", "inputs")


def write(writer: LayerWriter) -> None:
    writer.file("file", b"data")


def never(_: LayerWriter) -> None:
    raise AssertionError("the layer had to be found")


@pytest.fixture
def layer() -> Layer:
    """Build a layer."""
    return cache.get("name", KEY, write)


def test_a_layer_is_built_once(layer: Layer) -> None:
    assert layer.digest == store.file_digest(layer.path)
    assert layer.size == layer.path.stat().st_size
    assert cache.find("name", KEY) == layer
    assert cache.get("name", KEY, never) == layer


def test_layers_of_the_same_bytes_share_a_file(layer: Layer) -> None:
    other = cache.get("other", cache.key_of("code", "other inputs"), write)
    assert dataclasses.replace(other, name=layer.name) == layer


@pytest.mark.parametrize(
    "inputs",
    [
        ("other code", "inputs"),
        ("code", "other inputs"),
        ("code", "inputs", "more"),
        ("code", ["inputs"]),
        ("codeinputs", ""),
    ],
)
def test_a_key_moves_with_the_code_and_every_input(inputs: tuple[str, ...]) -> None:
    assert cache.key_of(*inputs) != KEY


def test_a_recipe_moves_with_the_code_of_its_modules(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "layers").mkdir()
    for name in ("tar", "cache", "base", "wheels"):
        (tmp_path / f"layers/{name}.py").write_text(name)
    monkeypatch.setattr(cache, "__file__", str(tmp_path / "layers/cache.py"))

    def recipe() -> str:
        cache.recipe.cache_clear()
        return cache.recipe("layers/base.py")

    before = recipe()
    (tmp_path / "layers/wheels.py").write_text("changed")
    assert recipe() == before
    for name in ("tar", "base"):
        (tmp_path / f"layers/{name}.py").write_text("changed")
        assert recipe() != before
        before = recipe()
    cache.recipe.cache_clear()


def test_a_recipe_moves_with_the_releases_of_its_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    def recipe() -> str:
        cache.recipe.cache_clear()
        return cache.recipe("layers/wheels.py", libraries=("installer",))

    before = recipe()
    assert recipe() == before
    monkeypatch.setattr(importlib.metadata, "version", lambda name: f"99 of {name}")
    assert recipe() != before
    cache.recipe.cache_clear()


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[600] ^= 1
    path.write_bytes(data)


FAULTS: dict[str, Callable[[Path, Path], object]] = {
    "flipped-byte": lambda tar, entry: flip(tar),
    "cut-short": lambda tar, entry: tar.write_bytes(tar.read_bytes()[:-1]),
    "empty": lambda tar, entry: tar.write_bytes(b""),
    "gone": lambda tar, entry: tar.unlink(),
    "entry-gone": lambda tar, entry: entry.unlink(),
    "entry-empty": lambda tar, entry: entry.write_text(""),
    "entry-cut": lambda tar, entry: entry.write_text(entry.read_text()[:-9]),
    "entry-is-no-text": lambda tar, entry: entry.write_bytes(b"\xff\xfe"),
    "entry-of-another-kind": lambda tar, entry: entry.write_text("[]"),
    "entry-with-another-size": lambda tar, entry: entry.write_text(
        entry.read_text().replace('"size": 1', '"size": 2')
    ),
    "entry-with-another-digest": lambda tar, entry: entry.write_text(
        entry.read_text().replace('"digest": "', '"digest": "0')
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_not_as_it_was_built_is_built_again(layer: Layer, fault: str) -> None:
    entry = store.folder("layers") / f"{KEY}.json"
    before = (layer.path.read_bytes(), entry.read_bytes())
    FAULTS[fault](layer.path, entry)
    assert (
        not layer.path.exists()
        or not entry.exists()
        or before
        != (
            layer.path.read_bytes(),
            entry.read_bytes(),
        )
    )
    assert cache.get("name", KEY, write) == layer
    assert layer.path.read_bytes() == before[0]


def keeping_the_time(path: Path, entry: Path, fault: str) -> None:
    """Damage a layer as a failing disk does, or `rsync -t`: its time stays."""
    before = path.stat()
    FAULTS[fault](path, entry)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("fault", ["cut-short", "empty"])
def test_a_layer_that_lost_bytes_is_built_again_whatever_its_time(layer: Layer, fault: str) -> None:
    keeping_the_time(layer.path, store.folder("layers") / f"{KEY}.json", fault)
    assert cache.find("name", KEY) is None
    assert cache.get("name", KEY, write) == layer
    assert store.file_digest(layer.path) == layer.digest


@pytest.mark.parametrize("fault", ["flipped-byte", "cut-short", "empty"])
def test_to_verify_is_to_hash_again_whatever_is_marked(layer: Layer, fault: str) -> None:
    keeping_the_time(layer.path, store.folder("layers") / f"{KEY}.json", fault)
    assert cache.get("name", KEY, write, verify=True) == layer
    assert store.file_digest(layer.path) == layer.digest
    assert cache.get("name", KEY, never, verify=True) == layer


def test_a_layer_that_is_dropped_is_built_again(layer: Layer) -> None:
    cache.drop(layer)
    assert cache.find("name", KEY) is None
    cache.drop(layer)
    assert cache.get("name", KEY, write) == layer


def test_a_layer_counts_as_verified_after_it_reached_the_disk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps = []
    fsync, mark = os.fsync, artifacts.mark

    def flush(handle: int) -> None:
        steps.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        fsync(handle)

    def marked(path: Path) -> None:
        steps.append("mark")
        mark(path)

    monkeypatch.setattr(os, "fsync", flush)
    monkeypatch.setattr(artifacts, "mark", marked)
    cache.get("name", KEY, write)
    assert steps[:3] == ["file", "folder", "mark"]


def test_a_listing_is_what_the_layer_holds(layer: Layer) -> None:
    assert cache.listing(layer) == tar.listing(layer.path)


@pytest.mark.parametrize("text", [None, "", "{}", "[]", '{"files": {}, "folders": {"a": 1}}'])
def test_a_listing_that_is_gone_or_broken_is_read_from_the_layer(
    layer: Layer, text: str | None
) -> None:
    path = layer.path.with_suffix(".listing.json")
    before = path.read_text()
    if text is None:
        path.unlink()
    else:
        path.write_text(text)
    assert cache.listing(layer) == tar.listing(layer.path)
    assert path.read_text() == before


def test_a_changed_layer_is_named(layer: Layer, capsys: pytest.CaptureFixture[str]) -> None:
    flip(layer.path)
    assert cache.find("name", KEY) is None
    assert "refused the layer name" in capsys.readouterr().err


def test_an_error_leaves_no_layer() -> None:
    def fail(writer: LayerWriter) -> None:
        write(writer)
        raise KeyError

    with pytest.raises(KeyError):
        cache.get("name", KEY, fail)
    assert list(store.folder("layers").iterdir()) == []


def test_what_killed_runs_left_is_swept_and_layers_stay(layer: Layer) -> None:
    (store.folder("layers") / f".{KEY}.tar.x1y2.part").write_bytes(b"half")
    cache.sweep()
    assert cache.find("name", KEY) == layer
    assert len(list(store.folder("layers").iterdir())) == 3
