"""What a registry is told of who asks: what Docker knows, and to nobody else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gradlock.errors import RegistryError
from gradlock.registry.client import Repository
from gradlock.registry.login import Login, Secret
from gradlock.registry.reference import Reference
from gradlock.registry.upload import put
from tests.unit.registry.loopback import Registry

LogIn = Callable[[str, str], None]


@pytest.mark.parametrize("by_token", [False, True])
def test_dockers_login_is_what_a_registry_is_told(
    repository: Repository, registry: Registry, log_in: LogIn, by_token: bool
) -> None:
    registry.login, registry.by_token = ("who", "secret"), by_token
    log_in("who", "secret")
    put(repository, b"data")
    assert b"data" in registry.blobs.values()


def test_an_expired_token_is_asked_for_again(
    repository: Repository, registry: Registry, log_in: LogIn
) -> None:
    registry.login, registry.by_token = ("who", "secret"), True
    log_in("who", "secret")
    digest = registry.add(b"data")
    assert repository.has(digest)
    registry.expired.add("token-1")
    assert repository.has(digest)
    assert registry.tokens == 2


@pytest.mark.parametrize("known", [True, False])
def test_what_stands_for_a_password_gets_a_token_until_it_has_expired(
    repository: Repository, registry: Registry, docker_home: Path, known: bool
) -> None:
    registry.login, registry.by_token = ("who", "secret"), True
    registry.identity = "identity" if known else "another"
    told = {"auths": {registry.place.host: {"identitytoken": "identity"}}}
    (docker_home / "config.json").write_text(json.dumps(told))
    if known:
        put(repository, b"data")
        return
    with pytest.raises(RegistryError, match="has expired") as error:
        put(repository, b"data")
    assert "docker login" in error.value.mend
    assert "identity" not in str(error.value)


@pytest.mark.parametrize("by_token", [False, True])
def test_a_wrong_password_says_how_to_log_in(
    repository: Repository, registry: Registry, log_in: LogIn, by_token: bool
) -> None:
    registry.login, registry.by_token = ("who", "secret"), by_token
    log_in("who", "wrong-one")
    with pytest.raises(RegistryError) as error:
        repository.has("sha256:0")
    assert "password" in error.value.what
    assert "docker login" in error.value.mend
    assert "wrong-one" not in str(error.value)


def test_a_password_is_not_sent_for_a_token_without_tls(docker_home: Path) -> None:
    del docker_home
    asked = Login(Reference("registry.example", "x"))
    with pytest.raises(RegistryError, match="without TLS"):
        asked._ask({"realm": "http://registry.example/token"}, Secret("who", "secret"))


def test_a_broken_configuration_of_dockers_is_told(
    repository: Repository, registry: Registry, docker_home: Path
) -> None:
    registry.login = ("who", "secret")
    told = {"credHelpers": {registry.place.host: "not-there"}}
    (docker_home / "config.json").write_text(json.dumps(told))
    with (
        pytest.warns(UserWarning, match="docker-credential-not-there"),
        pytest.raises(RegistryError, match="logins cannot be read"),
    ):
        repository.has("sha256:0")
