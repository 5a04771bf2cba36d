"""An image as verbs begin with it: built from what is pinned, held to it, loaded, reported."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gradlock.engine import engine
from gradlock.images import image as images
from gradlock.images import pins
from gradlock.images.image import Image
from gradlock.inputs import variants
from gradlock.progress import Stopwatch
from gradlock.verbs import building


def test_an_image_is_held_to_its_pin_before_it_is_loaded(
    monkeypatch: pytest.MonkeyPatch, handmade: Callable[..., Image]
) -> None:
    made, done = handmade("bottom"), []
    monkeypatch.setattr(images, "build", lambda *_: made)
    monkeypatch.setattr(pins, "hold", lambda image: done.append(("hold", image)))
    monkeypatch.setattr(engine, "load", lambda _, image, __: done.append(("load", image)))
    reference = building.present(None, variants.load().cpu)  # type: ignore[arg-type]
    assert reference == made.reference
    assert done == [("hold", made), ("load", made)]


def test_the_report_has_the_id_and_what_was_sent(
    handmade: Callable[..., Image], capsys: pytest.CaptureFixture[str]
) -> None:
    made, watch = handmade("bottom", "top"), Stopwatch()
    with watch.stage("load"):
        pass
    building.report(made, 3_000_000, watch)
    printed = capsys.readouterr().out
    assert f"{made.reference}  {made.id}" in printed
    assert "in 2 layers, 3 MB sent, channel debian; load 0.0 s" in printed
