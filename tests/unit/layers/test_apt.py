"""The base layer's apt: it gets the lists that are signed, and what it says names the mirrors."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from gradlock.artifacts import fetcher, lists
from gradlock.layers import apt, base
from gradlock.layers.apt import BaseApt
from gradlock.layers.room import Pipes
from gradlock.locks.resolve import debian

ARCHIVES = {name: f"https://mirror.example/{name}" for name in debian.SUITES}
LISTS = {"debian/dists/trixie/InRelease": b"signed", "debian-security/a/Packages.xz": b"packed"}
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


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, own_store: Path) -> None:
    """Take the place of the network, and of the .debs."""

    def fetch(archives: Mapping[str, str], suite: str, architecture: str) -> Mapping[str, bytes]:
        assert (archives, suite) == (ARCHIVES, "trixie")
        return {**LISTS, "architecture": architecture.encode()}

    monkeypatch.setattr(lists, "fetch", fetch)
    monkeypatch.setattr(fetcher, "fetch", lambda _: {})
    monkeypatch.setattr(base, "unpack", lambda _, __, target: target.write_bytes(b"root"))


def install(room: Room, architecture: str = "amd64") -> str:
    with BaseApt(room, ())(ARCHIVES, "trixie", architecture) as ask:
        return ask(["git", "tini"], "Package: git\n")


@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
def test_apt_gets_the_lists_as_they_lie_on_a_mirror(architecture: str) -> None:
    room = Room()
    install(room, architecture)
    for name, data in LISTS.items():
        assert room.files[f"/apt/mirrors/{name}"] == data
    assert room.files["/apt/mirrors/architecture"] == architecture.encode()
    sources = room.files["/apt/etc/sources.list"].decode().splitlines()
    assert len(sources) == 3
    assert all("[signed-by=" in line and " file:/apt/mirrors/debian" in line for line in sources)
    assert f'APT::Architecture "{architecture}";'.encode() in room.files["/apt/etc/apt.conf"]
    assert room.files["/apt/etc/preferences"] == b"Package: git\n"
    assert room.env["APT_CONFIG"] == "/apt/etc/apt.conf"
    assert list(room.argv[-3:]) == ["?essential", "git", "tini"]
    assert not room.root.exists()


def test_what_apt_says_names_the_mirrors() -> None:
    (pin,) = debian.parse_uris(install(Room()), ARCHIVES)
    assert (pin.archive, pin.path) == ("debian", "pool/main/t/tini/tini_1_amd64.deb")


def test_apt_speaks_to_stderr_but_for_its_answer() -> None:
    assert "apt-get update >&2" in apt.SCRIPT
