"""What a registry refuses is told in words, with what to do."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import httpx
import pytest

from gradlock.errors import RegistryError
from gradlock.registry import refusals
from gradlock.registry.client import Repository
from gradlock.registry.reference import Reference
from gradlock.registry.upload import put
from tests.unit.registry.loopback import Registry


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
        put(repository, b"data")
    assert error.value.mend
    assert str(registry.place) in error.value.where


def test_a_registry_with_a_full_disk_is_not_asked_again(
    repository: Repository, registry: Registry
) -> None:
    """Docker's own calls it an error of its own, and says more in the detail."""
    registry.statuses, registry.detail = [500] * 9, "write /data: no space left on device"
    with pytest.raises(RegistryError, match="no room") as error:
        repository.blob("sha256:0")
    assert "make room" in error.value.mend
    assert len(registry.statuses) == 8


def test_a_detail_that_is_no_text_is_left_out(repository: Repository, registry: Registry) -> None:
    registry.statuses, registry.detail = [403], [{"Type": "repository"}]
    with pytest.raises(RegistryError, match="toomanyrequests") as error:
        repository.blob("sha256:0")
    assert "Type" not in error.value.what


def test_a_registry_that_is_not_there_is_told_within_its_time(docker_home: Path) -> None:
    del docker_home
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        place = Reference(f"127.0.0.1:{taken.getsockname()[1]}", "x")
        with (
            Repository(place, waits=(), timeout=1) as repository,
            pytest.raises(RegistryError, match="does not answer"),
        ):
            repository.has("sha256:0")


def test_a_certificate_that_is_not_trusted_names_where_docker_looks() -> None:
    error = httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate")
    error.__cause__ = ssl.SSLCertVerificationError("self-signed")
    told = refusals.unreachable(Reference("registry.example:5000", "x"), error)
    assert "not trusted" in told.what
    assert "/etc/docker/certs.d/registry.example:5000/ca.crt" in told.mend


def test_an_answer_that_is_no_json_is_a_refusal_all_the_same(
    repository: Repository, registry: Registry
) -> None:
    registry.login = ("who", "secret")  # its 401 has no body
    with pytest.raises(RegistryError, match="wants a password"):
        repository.has("sha256:0")
