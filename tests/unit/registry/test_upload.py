"""A blob is brought whole, whatever breaks on the way, or its refusal is told."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from gradlock import store
from gradlock.errors import ArtifactError, RegistryError
from gradlock.progress import Meter
from gradlock.registry import upload as module
from gradlock.registry.client import Repository
from gradlock.registry.upload import put, upload
from tests.unit.registry.loopback import Registry

DATA = bytes(range(256)) * 100
DIGEST = f"sha256:{store.digest(DATA)}"


@pytest.fixture(autouse=True)
def pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a blob go in three pieces."""
    monkeypatch.setattr(module, "PIECE", 10_000)


def send(repository: Repository) -> bool:
    return upload(repository, DIGEST, io.BytesIO(DATA), len(DATA), Meter())


def test_a_blob_comes_back_as_it_went(repository: Repository, tmp_path: Path) -> None:
    assert not repository.has(DIGEST)
    assert send(repository)
    assert repository.has(DIGEST)
    repository.download(DIGEST, len(DATA), tmp_path / "part", Meter())
    assert (tmp_path / "part").read_bytes() == DATA


def test_what_is_there_is_not_sent(repository: Repository, registry: Registry) -> None:
    registry.add(DATA)
    put(repository, DATA)
    assert {method for method, _ in registry.asked} == {"HEAD"}


@pytest.mark.parametrize("goes_on", [True, False])
def test_a_broken_connection_is_gone_on_from(
    repository: Repository, registry: Registry, goes_on: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within a piece, or, where the registry does not, from the blob's beginning."""
    advanced: list[int] = []
    monkeypatch.setattr(Meter, "advance", lambda _, amount: advanced.append(amount))
    registry.cuts, registry.goes_on = [5000, 3000], goes_on
    assert send(repository)
    assert registry.blobs[DIGEST] == DATA
    assert sum(advanced) == len(DATA)
    begun = [path for method, path in registry.asked if method == "POST"]
    assert len(begun) == (1 if goes_on else 3)


@pytest.mark.parametrize("goes_on", [True, False])
def test_what_comes_no_further_is_given_up(
    repository: Repository, registry: Registry, goes_on: bool
) -> None:
    registry.cuts, registry.goes_on = [0] * 99, goes_on
    with pytest.raises(RegistryError, match="does not answer"):
        send(repository)
    assert len(registry.cuts) == 96  # one try, and two more


@pytest.mark.parametrize("status", [429, 503, 404])
def test_a_refusal_that_passes_within_an_upload_is_waited_for(
    repository: Repository, registry: Registry, status: int
) -> None:
    """The piece is sent again; where the upload is forgotten, all of it."""
    registry.patches = [status]
    assert send(repository)
    assert registry.blobs[DIGEST] == DATA


def test_within_an_upload_a_registry_is_asked_again_when_it_wants(
    repository: Repository, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    rests: list[float] = []
    monkeypatch.setattr(repository.stop, "wait", rests.append)
    registry.patches, registry.retry_after = [429], "7"
    assert send(repository)
    assert rests == [7]


def test_an_answer_that_is_lost_at_the_end_is_not_asked_for_again(
    repository: Repository, registry: Registry
) -> None:
    registry.ends = [0]
    assert send(repository)
    assert registry.blobs[DIGEST] == DATA


def test_an_upload_that_is_lost_at_the_end_is_told(
    repository: Repository, registry: Registry
) -> None:
    registry.ends = [404]
    with pytest.raises(RegistryError, match="lost an upload"):
        send(repository)


def test_other_bytes_than_the_digests_are_refused(repository: Repository) -> None:
    other = DATA[:-1] + b"x"
    with pytest.raises(RegistryError, match="DIGEST_INVALID"):
        upload(repository, DIGEST, io.BytesIO(other), len(other), Meter())
    assert not repository.has(DIGEST)


def test_a_file_that_was_cut_short_meanwhile_is_told(
    repository: Repository, tmp_path: Path
) -> None:
    path = tmp_path / "layer"
    path.write_bytes(DATA[:15_000])
    with path.open("rb") as source, pytest.raises(ArtifactError, match="shorter than it was"):
        upload(repository, DIGEST, source, len(DATA), Meter())
