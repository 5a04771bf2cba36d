"""From recipes to images, and into an engine: the same inputs give the same ID."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from gradlock.errors import PinError
from gradlock.graph import Job, ready
from gradlock.images import build, pins
from gradlock.images.build import Means
from gradlock.images.image import Image
from gradlock.layers import Layer
from gradlock.progress import Meter
from tests.unit.images.conftest import CPU, CU125, Bench, Workshop, names, tars

pytestmark = pytest.mark.usefixtures("project")


def test_the_same_locks_give_the_same_image_on_another_machine(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = workshop.build(CU125)
    monkeypatch.setenv("GRADLOCK_STORE", str(tmp_path / "other machine"))
    workshop.stock()
    second = workshop.build(CU125)
    assert first.id == second.id
    assert [layer.digest for layer in first.layers] == [layer.digest for layer in second.layers]
    assert str(tmp_path) not in first.config.decode()


def test_a_folder_of_its_own_gets_every_layer_and_the_store_none(
    workshop: Workshop, tmp_path: Path
) -> None:
    """Nor is one taken from the store."""
    stored = workshop.build(CPU)
    before = tars()
    own = tmp_path / "own"
    own.mkdir()
    means = Means(Bench(), held=False, layers=own)
    ((built,), _) = build.build([workshop.recipe(CPU)], means)
    assert built.image.id == stored.id
    assert {layer.path.parent for layer in built.image.layers} == {own}
    assert tars() == before


@dataclasses.dataclass
class Shelf:
    """A loader that keeps what it is sent."""

    waves: list[list[str]] = dataclasses.field(default_factory=list)
    images: list[Image] = dataclasses.field(default_factory=list)

    def loader(self, _: Meter) -> AbstractContextManager[Shelf]:
        """Return what takes the next image."""
        return nullcontext(self)

    def wave(self, layers: Sequence[Layer]) -> None:
        """Note a wave."""
        self.waves.append([layer.name for layer in layers])

    def finish(self, image: Image) -> int:
        """Note an image."""
        self.images.append(image)
        return image.size

    def stop(self) -> None:
        """Have nothing to leave."""


def test_the_lowest_layers_are_sent_before_the_image_is_whole(workshop: Workshop) -> None:
    shelf = Shelf()
    build.build([workshop.recipe(CU125)], Means(Bench(), shelf.loader, held=False))
    (image,) = shelf.images
    assert [names(image)[: len(wave)] for wave in shelf.waves] == shelf.waves
    sizes = [len(wave) for wave in shelf.waves]
    assert sizes == sorted(sizes)
    assert sizes[0] >= 1
    assert sizes[-1] < len(names(image))


def test_a_wave_takes_all_that_is_made_by_then() -> None:
    """Fewer waves, and an engine that never waits for what could have come along."""
    made = [ready(name, Layer(name, Path(name), name, 1)) for name in ("one", "two")]
    failed: Job[Layer] = Job("three", "")
    failed.future.set_exception(OSError())
    shelf = Shelf()
    delivery = build.Delivery(False, shelf, Meter())
    delivery.wave([*made, Job("three", ""), ready("four", made[0].result)])
    delivery.wave([*made, failed])
    assert shelf.waves == [["one", "two"]] * 2
    delivery.wave(made)  # the image itself is next
    assert len(shelf.waves) == 2


def test_what_is_built_already_is_sent_at_once(workshop: Workshop) -> None:
    first, second = Shelf(), Shelf()
    for shelf in (first, second):
        build.build([workshop.recipe(CPU)], Means(Bench(), shelf.loader, held=False))
    assert second.images == first.images
    assert second.waves == []


def test_another_id_than_the_pinned_one_is_not_loaded(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin = pins.ImagePin("sha256:0", "sha256:0", "sha256:0", {})
    monkeypatch.setattr(pins, "find", lambda *_: pin)
    shelf = Shelf()
    with pytest.raises(PinError):
        build.build([workshop.recipe(CPU)], Means(Bench(), shelf.loader))
    assert not shelf.images
