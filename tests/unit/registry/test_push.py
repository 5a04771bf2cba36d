"""A push sends what is missing, and its tags move when all of it is there."""

from __future__ import annotations

import pytest

from gradlock.errors import RegistryError
from gradlock.images import packed
from gradlock.images.image import Image
from gradlock.progress import Meter
from gradlock.registry import push
from gradlock.registry.client import Repository
from tests.unit.registry.loopback import Registry


def test_what_is_pushed_is_whole_and_tagged(
    built: Image, repository: Repository, registry: Registry
) -> None:
    done = push.push(built, repository, ("date", "cpu"), Meter())
    assert done.digest == packed.digest(built)
    assert registry.manifests.keys() == {done.digest, "date", "cpu"}
    assert len(set(registry.manifests.values())) == 1
    assert built.id in registry.blobs
    assert done.sent == sum(map(len, registry.blobs.values())) - len(built.config)


def test_a_second_push_sends_nothing(
    built: Image, repository: Repository, registry: Registry
) -> None:
    push.push(built, repository, (), Meter())
    registry.asked.clear()
    assert push.push(built, repository, ("cpu",), Meter()).sent == 0
    assert not [path for method, path in registry.asked if method in ("POST", "PATCH")]


def test_no_tag_names_what_did_not_come(
    built: Image, repository: Repository, registry: Registry
) -> None:
    push.push(built, repository, (), Meter())
    registry.blobs.popitem()
    registry.manifests.clear()
    registry.statuses = [403]
    with pytest.raises(RegistryError):
        push.push(built, repository, ("cpu",), Meter())
    assert not registry.manifests


def test_another_repository_of_the_registry_is_asked_for_its_blobs(
    built: Image, repository: Repository, registry: Registry
) -> None:
    store_place = repository.place
    known = push._Known(store_place)
    known.add()
    other = type(store_place)(store_place.host, "other/gradlock")
    assert push._Known(other).repositories == [store_place.repository]
    assert push._Known(store_place).repositories == []
