"""The team's cache: what it has is not built; what it has not, or lies about, is."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from gradlock import store
from gradlock.errors import InputError
from gradlock.images.archive import BrokenLayerError
from gradlock.images.image import Image
from gradlock.images.pins import ImagePin
from gradlock.layers import Layer
from gradlock.progress import Meter
from gradlock.registry import push, team
from gradlock.registry.client import Repository
from tests.unit.images.conftest import CPU, Workshop
from tests.unit.registry.loopback import Registry


@pytest.fixture
def cache(
    registry: Registry,
    repository: Repository,
    built: Image,
    pin: ImagePin,
    monkeypatch: pytest.MonkeyPatch,
) -> Registry:
    """Name a cache that has the image; the store has forgotten it."""
    del pin
    push.push(built, repository, (), Meter())
    for folder in ("layers", "packed"):
        for path in store.folder(folder).iterdir():
            path.unlink()
    monkeypatch.setenv(team.VARIABLE, str(registry.place))
    monkeypatch.setattr(team, "WAITS", ())
    return registry


def test_what_it_has_comes_from_there_and_is_known_without_it(
    cache: Registry, workshop: Workshop, built: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = workshop.recipe(CPU)
    assert team.take([recipe], None)[recipe.name].image.id == built.id
    cache.asked.clear()
    monkeypatch.delenv(team.VARIABLE)
    assert team.take([recipe], None)[recipe.name].image.layers == built.layers
    assert not cache.asked


@pytest.mark.parametrize("fault", ["empty", "flipped", "forbidden", "failing"])
def test_what_it_cannot_bring_is_left_to_be_built(
    fault: str, cache: Registry, workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    if fault == "empty":
        cache.manifests.clear()
    elif fault == "flipped":
        cache.blobs = {digest: b"x" + data[1:] for digest, data in cache.blobs.items()}
    else:
        cache.statuses = [403 if fault == "forbidden" else 500] * 99
    assert team.take([workshop.recipe(CPU)], None) == {}
    assert "building it" in capsys.readouterr().err


def test_a_layer_that_broke_after_it_came_comes_again(
    cache: Registry, workshop: Workshop, built: Image
) -> None:
    """The engine tells: its size and its time are what they were."""
    recipe = workshop.recipe(CPU)
    victim = team.take([recipe], None)[recipe.name].image.layers[2]
    refused: list[Layer] = []

    class Engine:
        def wave(self, layers: object) -> None:
            pass

        def stop(self) -> None:
            pass

        def finish(self, image: Image) -> int:
            if not refused:
                refused.append(victim)
                raise BrokenLayerError(victim)
            return image.size

    found = team.take([recipe], lambda _: nullcontext(Engine()))
    assert found[recipe.name].image.id == built.id
    assert store.file_digest(victim.path) == victim.digest


def test_changed_locks_are_not_asked_for(
    cache: Registry, workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    cache.asked.clear()
    workshop.stock("six")
    assert team.take([workshop.recipe(CPU)], None) == {}
    assert "not what images.lock pins" in capsys.readouterr().err
    assert not cache.asked


def test_a_file_of_gradlocks_own_that_has_changed_is_not_asked_for(
    cache: Registry, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gradlock.layers import files

    cache.asked.clear()
    monkeypatch.setattr(files, "links", lambda _: {"usr/bin/new": "old"})
    assert team.take([workshop.recipe(CPU)], None) == {}
    assert not cache.asked


def test_without_a_name_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(team.VARIABLE, raising=False)
    assert team.place() is None
    with pytest.raises(InputError, match="no team's cache"):
        team.required()
    with team.artifacts(["0"]) as nearer:
        assert nearer is None
