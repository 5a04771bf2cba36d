"""Images that came from elsewhere are known, as long as nothing of theirs has changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradlock.images import pins, pulled
from gradlock.images.image import Image
from tests.unit.images.conftest import CPU, Workshop


@pytest.fixture
def image(own_store: Path, workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Image:
    del own_store
    built = workshop.build(CPU)
    pin = pins.pin_of(built)
    monkeypatch.setattr(pins, "find", lambda *_: pin)
    return built


def test_one_that_was_built_here_is_not_taken_for_one(image: Image, workshop: Workshop) -> None:
    del image
    assert pulled.find(workshop.recipe(CPU)) is None


def test_one_that_came_whole_is_found(image: Image, workshop: Workshop) -> None:
    pulled.note(image)
    assert pulled.find(workshop.recipe(CPU)) == image


@pytest.mark.parametrize("fault", ["gone", "truncated"])
def test_one_that_is_not_whole_any_more_is_not(
    fault: str, image: Image, workshop: Workshop
) -> None:
    pulled.note(image)
    if fault == "gone":
        image.layers[3].path.unlink()
    else:
        image.layers[3].path.write_bytes(b"")
    assert pulled.find(workshop.recipe(CPU)) is None


def test_one_of_other_locks_is_not(image: Image, workshop: Workshop) -> None:
    pulled.note(image)
    workshop.stock("six")
    assert pulled.find(workshop.recipe(CPU)) is None
