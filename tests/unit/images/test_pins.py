"""images.lock: what must come out, and what is said when something else does."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from gradlock.errors import LockError, PinError
from gradlock.images import pins, stack
from gradlock.images.image import Image

pytestmark = pytest.mark.usefixtures("own_store")

Handmade = Callable[..., Image]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "images.lock"


def named(image: Image, *names: str) -> Image:
    """Give an image's layers names that do not tell what they hold."""
    layers = tuple(
        dataclasses.replace(layer, name=name)
        for layer, name in zip(image.layers, names, strict=True)
    )
    return dataclasses.replace(image, layers=layers)


def test_without_a_file_or_an_entry_nothing_is_pinned(handmade: Handmade, path: Path) -> None:
    assert pins.find("debian", "cpu", path) is None
    pins.write(handmade("one", variant="cpu"), path)
    assert pins.find("debian", "cu125", path) is None
    assert pins.find("conda-forge", "cpu", path) is None


def test_what_is_written_is_found_and_passes(handmade: Handmade, path: Path) -> None:
    image = named(handmade("one", "two", variant="cpu"), "base", "wheels")
    pins.write(image, path)
    pin = pins.find("debian", "cpu", path)
    assert pin == pins.pin_of(image)
    assert list(pin.layers) == ["base", "wheels"]
    pins.check(image, pin)


def test_writing_keeps_the_other_entries(handmade: Handmade, path: Path) -> None:
    cpu, gpu = handmade("one", variant="cpu"), handmade("two", variant="cu125")
    forge = dataclasses.replace(handmade("three", variant="cpu"), channel="conda-forge")
    for image in (gpu, forge, cpu):
        pins.write(image, path)
    moved = handmade("four", variant="cu125")
    pins.write(moved, path)
    assert pins.find("debian", "cpu", path) == pins.pin_of(cpu)
    assert pins.find("conda-forge", "cpu", path) == pins.pin_of(forge)
    assert pins.find("debian", "cu125", path) == pins.pin_of(moved)


def test_the_entry_of_a_row_that_is_gone_goes_with_it(handmade: Handmade, path: Path) -> None:
    gone, cpu = handmade("one", variant="cu99"), handmade("two", variant="cpu")
    pins.write(gone, path)
    assert pins.find("debian", "cu99", path)
    pins.write(cpu, path)
    assert pins.find("debian", "cu99", path) is None
    assert pins.find("debian", "cpu", path) == pins.pin_of(cpu)


def test_the_order_of_writing_changes_nothing(
    handmade: Handmade, path: Path, tmp_path: Path
) -> None:
    images = [handmade("one", variant="cpu"), handmade("two", variant="cu125")]
    for image in images:
        pins.write(image, path)
    for image in (*reversed(images), images[1]):
        pins.write(image, tmp_path / "other")
    assert path.read_text() == (tmp_path / "other").read_text()


def test_a_build_that_differs_names_its_layers(handmade: Handmade) -> None:
    old = named(handmade("one", "two", "three", variant="cpu"), "base", "scipy", "wheels")
    new = named(handmade("one", "2", "four", variant="cpu"), "base", "numpy", "wheels")
    with pytest.raises(PinError) as caught:
        pins.check(new, pins.pin_of(old))
    assert f"came out as {new.id}, but is pinned to {old.id}" in caught.value.what
    assert caught.value.what.endswith("layers that differ: numpy, wheels, scipy")
    assert caught.value.where == "images.lock, [debian.cpu]"


def test_a_build_that_differs_in_its_configuration_alone_says_so(handmade: Handmade) -> None:
    image = handmade("one")
    changed = dataclasses.replace(image, config=image.config.replace(b"/file", b"/other"))
    with pytest.raises(PinError, match="none, only the configuration"):
        pins.check(changed, pins.pin_of(image))


@pytest.mark.parametrize(
    ("locks", "said"),
    [("sha256:0", "is not reproducible"), ("sha256:1", "the locks have moved")],
)
def test_the_way_out_depends_on_the_locks(handmade: Handmade, locks: str, said: str) -> None:
    pin = dataclasses.replace(pins.pin_of(handmade("one")), locks=locks)
    with pytest.raises(PinError) as caught:
        pins.check(handmade("two"), pin)
    assert said in caught.value.mend
    assert "--pin" in caught.value.mend


@pytest.mark.parametrize(
    "text",
    [
        "[debian.cpu",
        "debian = 3",
        "[debian]\ncpu = 3",
        "[debian.cpu]\nlocks = ''\nlayers = {}",
        "[debian.cpu]\nid = 3\nlocks = ''\nlayers = {}",
        "[debian.cpu]\nid = ''\nlocks = ''\nlayers = 'none'",
    ],
    ids=["cut", "no-channels", "no-variants", "no-id", "id-is-no-text", "no-layers"],
)
def test_a_malformed_file_is_refused_and_stays(handmade: Handmade, path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(LockError, match=r"images\.lock is not what") as caught:
        pins.find("debian", "cpu", path)
    assert caught.value.mend == "git checkout images.lock"
    with pytest.raises(LockError, match=r"images\.lock is not what"):
        pins.write(handmade("one"), path)
    assert path.read_text() == text


def test_the_projects_own_pins_can_be_read() -> None:
    pin = pins.find("debian", "cpu")
    assert pin is not None
    assert pin.id.startswith("sha256:")
    assert {"base", "conda", *stack.SHELVES, "files"} < pin.layers.keys()
