"""What is said of an image is found beside it, whatever a registry knows of such things."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from gradlock import store
from gradlock.errors import RegistryError
from gradlock.registry import referrers
from gradlock.registry.client import Repository
from gradlock.registry.referrers import Document
from tests.unit.registry.loopback import Registry

SUBJECT = b'{"an": "image"}'
DIGEST = f"sha256:{store.digest(SUBJECT)}"
TAG = f"sha256-{store.digest(SUBJECT)}"
ONE = Document("application/one", b"one", {"what": "it says"})


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(referrers, "SETTLING", 0.05)


@pytest.mark.parametrize("knows", [False, True])
def test_what_is_attached_is_found_by_its_kind(
    repository: Repository, registry: Registry, knows: bool
) -> None:
    registry.lists_referrers = knows
    other = Document("application/two", b"two")
    assert referrers.attach(repository, SUBJECT, [ONE, other]) == 2
    (found,) = referrers.find(repository, DIGEST, "application/one")
    assert (found.kind, found.notes) == (ONE.kind, ONE.notes)
    assert referrers.read(repository, found, DIGEST) == b"one"
    assert len(referrers.find(repository, DIGEST)) == 2
    assert (TAG in registry.manifests) != knows


def test_nothing_is_beside_an_image_that_nobody_speaks_of(repository: Repository) -> None:
    assert referrers.find(repository, DIGEST) == []


def test_what_is_there_is_not_attached_again(repository: Repository, registry: Registry) -> None:
    referrers.attach(repository, SUBJECT, [ONE])
    before = dict(registry.manifests)
    registry.asked.clear()
    assert referrers.attach(repository, SUBJECT, [ONE]) == 0
    assert registry.manifests == before
    assert "PUT" not in {method for method, _ in registry.asked}


def test_what_stands_in_the_list_stays(repository: Repository) -> None:
    referrers.attach(repository, SUBJECT, [ONE])
    referrers.attach(repository, SUBJECT, [Document("application/two", b"two")])
    assert len(referrers.find(repository, DIGEST)) == 2


def test_those_who_push_at_once_lose_nothing(registry: Registry) -> None:
    """Each has read the list before the others wrote theirs."""

    def push(number: int) -> None:
        with Repository(registry.place, timeout=5) as own:
            data = f"{number}".encode()
            referrers.attach(own, SUBJECT, [Document("application/one", data)])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(push, range(4)))
    with Repository(registry.place, timeout=5) as reader:
        found = referrers.find(reader, DIGEST)
        texts = {referrers.read(reader, one, DIGEST) for one in found}
    assert texts == {b"0", b"1", b"2", b"3"}


@pytest.mark.parametrize("data", [b"<html>", b"[]", b'{"manifests": [{}]}', b'{"manifests": 1}'])
def test_a_list_that_is_none_is_an_error(
    repository: Repository, registry: Registry, data: bytes
) -> None:
    registry.manifests[TAG] = data
    with pytest.raises(RegistryError, match="is no index"):
        referrers.find(repository, DIGEST)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"subject": {"digest": "sha256:" + "0" * 64}}, "of another image"),
        ({"layers": []}, "that is none"),
        ({"layers": [{"digest": DIGEST, "size": 1 << 40}]}, "too much"),
    ],
)
def test_a_referrer_that_is_none_is_an_error(
    repository: Repository, registry: Registry, change: dict[str, object], words: str
) -> None:
    referrers.attach(repository, SUBJECT, [ONE])
    (listed,) = referrers.find(repository, DIGEST)
    broken = json.dumps(json.loads(registry.manifests[listed.digest]) | change).encode()
    name = f"sha256:{store.digest(broken)}"
    registry.manifests[name] = broken
    with pytest.raises(RegistryError, match=words):
        referrers.read(repository, referrers.Referrer(name, listed.kind, {}), DIGEST)
