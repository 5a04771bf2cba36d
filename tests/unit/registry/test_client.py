"""What a registry brings is what was asked for, and what it refuses is told in words."""

from __future__ import annotations

import io
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from gradlock import store
from gradlock.errors import RegistryError
from gradlock.progress import Meter
from gradlock.registry import client
from gradlock.registry.client import Repository
from gradlock.registry.login import Login, Secret
from gradlock.registry.reference import Reference
from tests.unit.registry.loopback import Registry

DATA = bytes(range(256)) * 100
DIGEST = f"sha256:{store.digest(DATA)}"
LogIn = Callable[[str, str], None]


def upload(repository: Repository, data: bytes = DATA) -> bool:
    digest = f"sha256:{store.digest(data)}"
    return repository.upload(digest, io.BytesIO(data), len(data), Meter())


def download(repository: Repository, path: Path) -> bytes:
    repository.download(DIGEST, len(DATA), path, Meter())
    return path.read_bytes()


def test_a_blob_comes_back_as_it_went(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "PIECE", 10_000)  # three of them
    assert not repository.has(DIGEST)
    upload(repository)
    assert repository.has(DIGEST)
    assert download(repository, tmp_path / "part") == DATA


def test_a_broken_connection_is_gone_on_from(
    repository: Repository, registry: Registry, tmp_path: Path
) -> None:
    registry.add(DATA)
    registry.breaks = [5000]
    assert download(repository, tmp_path / "part") == DATA


def test_what_a_killed_run_has_brought_is_not_asked_for_again(
    repository: Repository, registry: Registry, tmp_path: Path
) -> None:
    registry.add(DATA)
    (tmp_path / "part").write_bytes(DATA[:20_000])
    registry.breaks = [100]  # the first answer has 100 bytes, wherever it begins
    assert download(repository, tmp_path / "part") == DATA


def test_a_flipped_blob_is_refused_and_gone(
    repository: Repository, registry: Registry, tmp_path: Path
) -> None:
    registry.blobs[DIGEST] = b"x" + DATA[1:]
    with pytest.raises(RegistryError, match="refused the blob"):
        download(repository, tmp_path / "part")
    assert not (tmp_path / "part").exists()


def test_a_longer_blob_is_not_read_to_its_end(
    repository: Repository, registry: Registry, tmp_path: Path
) -> None:
    registry.blobs[DIGEST] = DATA * 100
    with pytest.raises(RegistryError, match="refused the blob"):
        download(repository, tmp_path / "part")


def test_a_manifest_with_another_digest_is_refused(
    repository: Repository, registry: Registry
) -> None:
    registry.manifests[DIGEST] = b"{}"
    with pytest.raises(RegistryError, match="refused the manifest"):
        repository.manifest(DIGEST)
    assert repository.manifest("sha256:0") is None


@pytest.mark.parametrize("by_token", [False, True])
def test_dockers_login_is_what_a_registry_is_told(
    repository: Repository, registry: Registry, log_in: LogIn, by_token: bool
) -> None:
    registry.login, registry.by_token = ("who", "secret"), by_token
    log_in("who", "secret")
    upload(repository)
    assert DIGEST in registry.blobs


def test_an_expired_token_is_asked_for_again(
    repository: Repository, registry: Registry, log_in: LogIn
) -> None:
    registry.login, registry.by_token = ("who", "secret"), True
    log_in("who", "secret")
    upload(repository)
    registry.expired.add("token-1")
    assert repository.has(DIGEST)
    assert registry.tokens == 2


@pytest.mark.parametrize("by_token", [False, True])
def test_a_wrong_password_says_how_to_log_in(
    repository: Repository, registry: Registry, log_in: LogIn, by_token: bool
) -> None:
    registry.login, registry.by_token = ("who", "secret"), by_token
    log_in("who", "wrong-one")
    with pytest.raises(RegistryError) as error:
        repository.has(DIGEST)
    assert "password" in error.value.what
    assert "docker login" in error.value.mend
    assert "wrong-one" not in str(error.value)


def test_a_password_is_not_sent_for_a_token_without_tls(docker_home: Path) -> None:
    del docker_home
    asked = Login(Reference("registry.example", "x"))
    with pytest.raises(RegistryError, match="without TLS"):
        asked._ask({"realm": "http://registry.example/token"}, Secret("who", "secret"))


def test_too_many_requests_are_waited_for(repository: Repository, registry: Registry) -> None:
    registry.add(DATA)
    registry.statuses = [429, 503]
    assert repository.has(DIGEST)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        *((403, "does not let"), (404, "no such"), (409, "refuses to replace"), (413, "no room")),
        *((418, "refuses"), (507, "no room"), (429, "429"), (500, "500")),
    ],
)
def test_a_refusal_says_what_and_how_to_mend_it(
    repository: Repository, registry: Registry, status: int, words: str
) -> None:
    registry.statuses = [status] * 9
    with pytest.raises(RegistryError, match=words) as error:
        upload(repository)
    assert error.value.mend
    assert str(registry.place) in error.value.where


def test_a_tag_that_cannot_move_is_told(repository: Repository, registry: Registry) -> None:
    registry.refuses_tags = True
    repository.tag(DIGEST, b"{}")
    with pytest.raises(RegistryError, match="TAG_INVALID"):
        repository.tag("cpu", b"{}")


def test_a_registry_that_is_not_there_is_told_within_its_time(docker_home: Path) -> None:
    del docker_home
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        place = Reference(f"127.0.0.1:{taken.getsockname()[1]}", "x")
        with (
            Repository(place, waits=(), timeout=1) as repository,
            pytest.raises(RegistryError, match="does not answer"),
        ):
            repository.has(DIGEST)
