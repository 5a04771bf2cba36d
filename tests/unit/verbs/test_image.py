"""The verb `image`: what is mistyped or not pinned is told before anything is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from gradlock.images import pins
from gradlock.inputs import variants
from gradlock.verbs.image import image

pytestmark = pytest.mark.usefixtures("no_engine")


@pytest.mark.parametrize(
    "flags", [{"variant": "cu999"}, {"cuda": "11.8"}, {"channel": "pip"}], ids=str
)
def test_a_mistyped_flag_is_told_before_an_engine_is_sought(flags: dict[str, Any]) -> None:
    with pytest.raises(Exit) as caught:
        image.body(Context(), **flags)
    (value,) = flags.values()
    assert repr(value) in str(caught.value)


def test_a_variant_without_a_pin_fails_where_pins_are_required(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Deleting a row of images.lock must not pass for a reproducible build."""
    (gone, *_) = (row.name for row in variants.load() if row.gpu)
    found = pins.find
    monkeypatch.setattr(
        pins, "find", lambda channel, name, *_: None if name == gone else found(channel, name)
    )
    with pytest.raises(Exit, match=f"which ID these images must have: {gone} from debian") as told:
        image.body(Context(), all=True, pinned=True, channel="debian")
    assert "--pin" in str(told.value)


def test_pinning_what_must_be_pinned_already_is_refused() -> None:
    with pytest.raises(Exit, match="choose one of --pin and --pinned"):
        image.body(Context(), pin=True, pinned=True)
