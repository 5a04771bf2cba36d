"""Addresses: the doctor looks for the engine where gradlock does, in the same order."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from gradlock import store
from gradlock.doctor import addresses
from gradlock.engine import dockerd, engine

PRIVATE = Path("/run/private.sock")


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("runtime", ["", "/run/user/7"])
def test_the_sockets_are_those_of_the_engine(
    monkeypatch: pytest.MonkeyPatch, own_store: Path, runtime: str
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
    assert addresses.usual(os.environ) == engine.usual_sockets()
    assert addresses.private(store.store()) == dockerd.listens()


def test_what_is_named_is_the_only_place() -> None:
    (place,) = addresses.known({"DOCKER_HOST": "tcp://far:2375"}, PRIVATE)
    assert (place.url, place.named, place.socket) == ("tcp://far:2375", "DOCKER_HOST", None)


def test_the_private_engine_is_named_by_who_exported_its_address() -> None:
    (place,) = addresses.known({"DOCKER_HOST": f"unix://{PRIVATE}"}, PRIVATE)
    assert (place.named, place.socket) == ("", PRIVATE)


def test_else_it_is_the_usual_sockets_and_then_the_private_one() -> None:
    places = addresses.known({}, PRIVATE)
    assert places[0].socket == Path("/var/run/docker.sock")
    assert places[-1].socket == PRIVATE


def context(home: Path, name: str, meta: object) -> None:
    digest = hashlib.sha256(name.encode()).hexdigest()
    path = home / ".docker/contexts/meta" / digest / "meta.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(meta))


def test_a_context_is_read_as_docker_does(home: Path) -> None:
    context(home, "far", {"Endpoints": {"docker": {"Host": "ssh://far"}}})
    (place,) = addresses.known({"DOCKER_CONTEXT": "far"}, PRIVATE)
    assert (place.url, place.named) == ("ssh://far", "the Docker context far")
    (home / ".docker/config.json").write_text('{"currentContext": "far"}')
    assert addresses.known({}, PRIVATE) == [place]


@pytest.mark.parametrize("meta", [{}, [], {"Endpoints": {"docker": {}}}, None])
def test_a_context_that_is_broken_or_not_there_is_lost(home: Path, meta: object) -> None:
    if meta is not None:
        context(home, "far", meta)
    with pytest.raises(LookupError, match="far"):
        addresses.known({"DOCKER_CONTEXT": "far"}, PRIVATE)


@pytest.mark.parametrize("text", ["", "[]", "{", "null"])
def test_broken_settings_name_no_context(home: Path, text: str) -> None:
    (home / ".docker").mkdir()
    (home / ".docker/config.json").write_text(text)
    assert len(addresses.known({}, PRIVATE)) == 5


def test_certificates_are_those_of_dockers_variables() -> None:
    environ = {"DOCKER_HOST": "tcp://far:2376", "DOCKER_TLS_VERIFY": "1"}
    (place,) = addresses.known({**environ, "DOCKER_CERT_PATH": "/certs"}, PRIVATE)
    assert place.certificates == Path("/certs")
    (place,) = addresses.known(environ, PRIVATE)
    assert place.certificates == Path("~/.docker").expanduser()
