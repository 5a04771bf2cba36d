"""The base layer's apt: it gets the lists that are signed, and what it says names the mirrors."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from gradlock import store
from gradlock.artifacts import fetcher, network
from gradlock.errors import ArtifactError
from gradlock.layers import apt, base
from gradlock.layers.apt import BaseApt
from gradlock.layers.room import Pipes
from gradlock.locks.resolve import debian
from tests.unit.artifacts.loopback import Index, serving

PACKAGES = {
    "debian/dists/trixie": b"main's",
    "debian/dists/trixie-updates": b"updates'",
    "debian-security/dists/trixie-security": b"security's",
}
SHA256 = "0" * 64
DEB = "tini_1_amd64.deb"
LINE = f"'file:/apt/mirrors/debian/pool/main/t/tini/{DEB}' {DEB} 1 SHA256:{SHA256}"


class Room:
    """A room whose programs print what it is told to; it keeps what they were given."""

    def __init__(self, printed: str = f"{LINE}\n") -> None:
        self.printed = printed
        self.argv: Sequence[str] = ()
        self.files: Mapping[str, bytes] = {}
        self.env: Mapping[str, str] = {}
        self.root = Path()

    @contextmanager
    def open(self, root: Path) -> Iterator[Room]:
        """Take in a root."""
        assert root.read_bytes() == b"root"
        self.root = root
        yield self

    @contextmanager
    def start(
        self, argv: Sequence[str], env: Mapping[str, str], files: Mapping[str, bytes]
    ) -> Iterator[Pipes]:
        """Start a program."""
        self.argv, self.env, self.files = argv, env, files
        yield Pipes(io.BytesIO(), io.BytesIO(self.printed.encode()), lambda: "")

    def configure(self, script: str, env: Mapping[str, str], target: Path) -> None:
        """Never be asked for it."""
        raise AssertionError("nothing is configured to resolve")


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch, own_store: Path) -> Iterator[Index]:
    """Serve two archives as mirrors do, lists by their hashes too; take the .debs' place."""
    monkeypatch.setattr(network, "BACKOFF", (0.0, 0.0, 0.0))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(fetcher, "fetch", lambda _: {})
    monkeypatch.setattr(base, "unpack", lambda _, __, target: target.write_bytes(b"root"))
    with serving() as served:
        for folder, data in PACKAGES.items():
            for name in ("main/binary-amd64", "main/binary-arm64"):
                own = data + name.encode()
                listed = f"SHA256:\n {store.digest(own)}  {len(own)} {name}/Packages.xz\n"
                known = served.files.get(f"{folder}/InRelease", b"")
                served.files[f"{folder}/InRelease"] = known + listed.encode()
                served.files[f"{folder}/{name}/Packages.xz"] = own
                served.files[f"{folder}/{name}/by-hash/SHA256/{store.digest(own)}"] = own
        yield served


def install(mirror: Index, room: Room, architecture: str = "amd64") -> str:
    archives = {name: f"{mirror.url}/{name}" for name in debian.SUITES}
    with BaseApt(room, ())(archives, "trixie", architecture) as ask:
        return ask(["git", "tini"], "Package: git\n")


@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
def test_apt_gets_the_lists_as_they_lie_on_a_mirror(mirror: Index, architecture: str) -> None:
    room = Room()
    install(mirror, room, architecture)
    for folder, data in PACKAGES.items():
        name = f"main/binary-{architecture}"
        packages = room.files[f"/apt/mirrors/{folder}/{name}/Packages.xz"]
        assert packages == data + name.encode()
        assert store.digest(packages).encode() in room.files[f"/apt/mirrors/{folder}/InRelease"]
    sources = room.files["/apt/etc/sources.list"].decode().splitlines()
    assert len(sources) == len(PACKAGES)
    assert all("[signed-by=" in line and " file:/apt/mirrors/debian" in line for line in sources)
    assert f'APT::Architecture "{architecture}";'.encode() in room.files["/apt/etc/apt.conf"]
    assert room.files["/apt/etc/preferences"] == b"Package: git\n"
    assert room.env["APT_CONFIG"] == "/apt/etc/apt.conf"
    assert list(room.argv[-3:]) == ["?essential", "git", "tini"]
    assert not room.root.exists()


def test_what_apt_says_names_the_mirrors(mirror: Index) -> None:
    archives = {name: f"{mirror.url}/{name}" for name in debian.SUITES}
    (pin,) = debian.parse_uris(install(mirror, Room()), archives)
    assert (pin.archive, pin.path) == ("debian", "pool/main/t/tini/tini_1_amd64.deb")


def test_a_mirror_without_lists_by_hash_serves_too(mirror: Index) -> None:
    mirror.files = {name: data for name, data in mirror.files.items() if "by-hash" not in name}
    room = Room()
    install(mirror, room)
    assert len([name for name in room.files if name.endswith("Packages.xz")]) == len(PACKAGES)


def test_a_mirror_that_fails_once_is_asked_again(mirror: Index) -> None:
    mirror.faults = [503]
    assert "tini" in install(mirror, Room())


@pytest.mark.parametrize(
    ("gone", "said"),
    [("InRelease", "the server answers 404"), ("Packages.xz", "the server answers 404")],
)
def test_a_list_that_cannot_be_had_is_named(mirror: Index, gone: str, said: str) -> None:
    mirror.files = {
        name: data
        for name, data in mirror.files.items()
        if gone not in name and ("by-hash" not in name or gone == "InRelease")
    }
    with pytest.raises(ArtifactError, match=said) as caught:
        install(mirror, Room())
    assert caught.value.where.endswith(gone)
    assert caught.value.where.startswith(mirror.url)


def test_a_release_without_the_architecture_is_named(mirror: Index) -> None:
    with pytest.raises(ArtifactError, match="no packages for riscv64"):
        install(mirror, Room(), "riscv64")


def test_apt_speaks_to_stderr_but_for_its_answer() -> None:
    assert "apt-get update >&2" in apt.SCRIPT
