"""What images are called in a registry, and that one is pushed as it is pinned."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from gradlock.errors import PinError
from gradlock.images import pins
from gradlock.images.image import Image
from gradlock.inputs import variants
from gradlock.registry.reference import Reference
from gradlock.verbs import sharing

CPU = variants.load().cpu


def test_a_variant_is_named_last_as_people_name_it() -> None:
    moment = datetime(2026, 11, 20, tzinfo=UTC)
    assert sharing.names(CPU, moment) == ("cpu-20261120", f"{CPU.tensorflow}-cpu", "cpu")


@pytest.mark.usefixtures("own_store")
def test_another_digest_than_the_pinned_one_is_not_pushed(
    handmade: Callable[..., Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    image = handmade("one", variant="cpu")
    other = pins.ImagePin(image.id, "sha256:0", "sha256:0", {})
    monkeypatch.setattr(pins, "find", lambda *_: other)
    recipe: Any = SimpleNamespace(name="cpu", variant=CPU)
    with pytest.raises(PinError, match="the pinned one is sha256:0"):
        sharing.push(Reference("127.0.0.1:9", "x"), [recipe], [image])
