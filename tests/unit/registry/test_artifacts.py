"""Artifacts that a registry keeps: under the hashes of the locks, with names that are right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gradlock import store
from gradlock.artifacts import fetcher
from gradlock.artifacts.index import Source
from gradlock.errors import ArtifactError
from gradlock.locks.pins import DebPin, WheelPin
from gradlock.progress import Meter
from gradlock.registry import artifacts
from gradlock.registry.client import Repository
from tests.unit.registry.loopback import Registry

DATA = b"a wheel"
LOCKS = "sha256:" + "1" * 64


@pytest.fixture
def wheel(tmp_path: Path) -> tuple[WheelPin, Path]:
    path = tmp_path / "six-1.0-py3-none-any.whl"
    path.write_bytes(DATA)
    return WheelPin("six", "1.0", store.digest(DATA)), path


def nowhere(pin: object) -> Source:
    raise ArtifactError("no index has it")


@pytest.mark.usefixtures("own_store")
def test_what_is_kept_is_found_by_its_hash(
    repository: Repository, wheel: tuple[WheelPin, Path]
) -> None:
    pin, path = wheel
    assert artifacts.push(repository, LOCKS, {pin.sha256: path}, Meter()) == len(DATA)
    assert artifacts.push(repository, LOCKS, {pin.sha256: path}, Meter()) == 0
    kept = artifacts.Kept(repository, [LOCKS])
    found = fetcher.fetch([pin], locate=nowhere, nearer=kept.source)
    assert found[pin.sha256].read_bytes() == DATA
    assert found[pin.sha256].name == path.name


@pytest.mark.usefixtures("own_store")
def test_what_a_registry_has_of_another_wheel_comes_from_the_index(
    repository: Repository, registry: Registry, wheel: tuple[WheelPin, Path], tmp_path: Path
) -> None:
    pin, path = wheel
    artifacts.push(repository, LOCKS, {pin.sha256: path}, Meter())
    registry.blobs[f"sha256:{pin.sha256}"] = b"another"
    registry.blobs["sha256:right"] = DATA
    right = Source(repository.url("blobs/sha256:right"), path.name, len(DATA))
    kept = artifacts.Kept(repository, [LOCKS])
    assert kept.source(pin) != right
    found = fetcher.fetch([pin], locate=lambda _: right, nearer=kept.source)
    assert found[pin.sha256].read_bytes() == DATA


@pytest.mark.parametrize("name", ["../six-1.0-py3-none-any.whl", "seven-1.0-py3-none-any.whl", ""])
def test_a_name_that_is_not_the_wheels_is_not_taken(
    name: str, repository: Repository, registry: Registry, wheel: tuple[WheelPin, Path]
) -> None:
    pin, _ = wheel
    row = {"digest": f"sha256:{pin.sha256}", "size": 7, "annotations": {artifacts.TITLE: name}}
    registry.manifests[artifacts.tag(LOCKS)] = json.dumps({"layers": [row]}).encode()
    assert artifacts.Kept(repository, [LOCKS]).source(pin) is None


def test_a_deb_has_the_name_that_its_lock_says(repository: Repository, registry: Registry) -> None:
    pin = DebPin("tini", "1", "amd64", 7, "2" * 64, "debian", "pool/t/tini_1_amd64.deb")
    row = {"digest": f"sha256:{pin.sha256}", "size": 7, "annotations": {artifacts.TITLE: "x"}}
    registry.manifests[artifacts.tag(LOCKS)] = json.dumps({"layers": [row]}).encode()
    source = artifacts.Kept(repository, [LOCKS]).source(pin)
    assert source
    assert source.filename == "tini_1_amd64.deb"


@pytest.mark.parametrize("data", [b"<html>", b"[]", b'{"layers": [{}]}'])
def test_what_is_no_list_costs_one_line(
    data: bytes,
    repository: Repository,
    registry: Registry,
    wheel: tuple[WheelPin, Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    registry.manifests[artifacts.tag(LOCKS)] = data
    kept = artifacts.Kept(repository, [LOCKS])
    assert [kept.source(wheel[0]) for _ in range(3)] == [None] * 3
    assert capsys.readouterr().err.count("the team's cache failed") == 1
