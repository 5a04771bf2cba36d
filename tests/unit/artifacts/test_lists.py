"""Debian's lists: those that the release names by their hash, whatever else a mirror serves."""

from __future__ import annotations

import pytest

from gradlock import store
from gradlock.artifacts import lists
from gradlock.errors import ArtifactError
from gradlock.locks.resolve.debian import SUITES
from tests.unit.artifacts.loopback import Index

FOLDERS = (
    "debian/dists/trixie",
    "debian/dists/trixie-updates",
    "debian-security/dists/trixie-security",
)
ARCHITECTURES = ("amd64", "arm64")


def packages(folder: str, architecture: str) -> bytes:
    return f"the list of {folder} for {architecture}".encode()


@pytest.fixture
def mirror(index: Index) -> Index:
    """Serve two archives as mirrors do: lists by their hashes, and one of them by name older."""
    for folder in FOLDERS:
        lines = ["SHA256:"]
        for architecture in ARCHITECTURES:
            data, name = packages(folder, architecture), f"main/binary-{architecture}"
            lines.append(f" {store.digest(data)}  {len(data)} {name}/Packages.xz")
            index.files[f"{folder}/{name}/Packages.xz"] = b"older"
            index.files[f"{folder}/{name}/by-hash/SHA256/{store.digest(data)}"] = data
        index.files[f"{folder}/InRelease"] = "\n".join([*lines, ""]).encode()
    return index


def fetch(mirror: Index, architecture: str = "amd64") -> dict[str, bytes]:
    return lists.fetch({name: f"{mirror.url}/{name}" for name in SUITES}, "trixie", architecture)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_what_the_release_names_is_fetched_to_where_a_mirror_has_it(
    mirror: Index, architecture: str
) -> None:
    found = fetch(mirror, architecture)
    for folder in FOLDERS:
        assert found.pop(f"{folder}/InRelease") == mirror.files[f"{folder}/InRelease"]
        list_ = found.pop(f"{folder}/main/binary-{architecture}/Packages.xz")
        assert list_ == packages(folder, architecture)
    assert found == {}


def test_a_mirror_without_lists_by_hash_serves_too(mirror: Index) -> None:
    mirror.files = {name: data for name, data in mirror.files.items() if "by-hash" not in name}
    found = fetch(mirror)
    assert [data for name, data in found.items() if name.endswith(".xz")] == [b"older"] * 3


def test_a_mirror_that_fails_once_is_asked_again(mirror: Index) -> None:
    mirror.faults = [503]
    assert len(fetch(mirror)) == 2 * len(FOLDERS)


@pytest.mark.parametrize("gone", ["InRelease", "Packages.xz"])
def test_a_list_that_cannot_be_had_is_named(mirror: Index, gone: str) -> None:
    mirror.files = {
        name: data
        for name, data in mirror.files.items()
        if gone not in name and ("by-hash" not in name or gone == "InRelease")
    }
    with pytest.raises(ArtifactError, match="the server answers 404") as caught:
        fetch(mirror)
    assert caught.value.where.endswith(gone)
    assert caught.value.where.startswith(mirror.url)


def test_a_release_without_the_architecture_is_named(mirror: Index) -> None:
    with pytest.raises(ArtifactError, match="no packages for riscv64"):
        fetch(mirror, "riscv64")
