"""What images are called in a registry, and that one is pushed as it is pinned."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gradlock.artifacts import fetcher
from gradlock.errors import PinError
from gradlock.images import pins
from gradlock.images.image import Image
from gradlock.inputs import variants
from gradlock.proof import bill, envelope, keys, receipts, statement
from gradlock.proof.statement import Statement
from gradlock.registry import push as pushing
from gradlock.registry.reference import Reference
from gradlock.registry.referrers import Document
from gradlock.verbs import sharing
from tests.unit.images.conftest import Workshop, workshop
from tests.unit.registry.conftest import docker_home, registry
from tests.unit.registry.loopback import Registry

__all__ = ["docker_home", "registry", "workshop"]  # fixtures, from beside
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


@pytest.mark.usefixtures("own_store")
def test_what_is_said_of_an_image_goes_with_it_and_receipts_only_signed(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    image, recipe = workshop.build(CPU), workshop.recipe(CPU)
    pin = pins.pin_of(image)
    monkeypatch.setattr(pins, "find", lambda *_: pin)
    receipts.note(Statement("gradlock", image.id, receipts.KIND, {"result": "PASSED"}))
    receipts.note(Statement("gradlock", "sha256:1", receipts.KIND, {"result": "PASSED"}))
    brought: list[list[Document]] = []

    def push(*given: Any) -> pushing.Pushed:
        brought.append(given[4])
        return pushing.Pushed(pin.manifest, 1, 1, ())

    monkeypatch.setattr(pushing, "push", push)
    place = Reference("127.0.0.1:9", "x")
    sharing.push(place, [recipe], [image])
    sharing.push(place, [recipe], [image], keys.make(tmp_path / "key.pem"))
    plain, signed = ([one.kind for one in documents] for documents in brought)
    assert plain == [bill.KIND, statement.KIND]
    assert signed == [*plain, envelope.KIND]


@pytest.mark.usefixtures("own_store")
def test_artifacts_that_the_cache_has_are_not_fetched_to_be_shared(
    workshop: Workshop, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them: with one more in the locks they are, and only that one is sent."""
    monkeypatch.setenv("GRADLOCK_CACHE", str(registry.place))
    monkeypatch.setattr(sharing, "push", lambda *_: None)
    fetch, fetched = fetcher.fetch, []

    def noted(needed: Any, **given: Any) -> Any:
        fetched.append(needed)
        return fetch(needed, **given)

    monkeypatch.setattr(fetcher, "fetch", noted)
    sharing.share([workshop.recipe(CPU)], [])
    assert len(fetched) == 1
    had = set(registry.blobs)
    sharing.share([workshop.recipe(CPU)], [])
    assert len(fetched) == 1
    workshop.stock("keras")
    sharing.share([workshop.recipe(CPU)], [])
    assert len(fetched) == 2
    assert len(set(registry.blobs) - had) == 1
