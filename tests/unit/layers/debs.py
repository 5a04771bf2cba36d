"""Debian packages made up for tests."""

from __future__ import annotations

import gzip
import io
import lzma
import tarfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import zstandard

from gradlock import store
from gradlock.locks.pins import DebPin

Pack = Callable[[bytes], bytes]
PACKINGS: Mapping[str, Pack] = {
    "": bytes,
    ".gz": lambda data: gzip.compress(data, mtime=0),
    ".xz": lzma.compress,
    ".zst": zstandard.ZstdCompressor(write_content_size=False).compress,
}


def folder(name: str, mode: int = 0o755) -> tarfile.TarInfo:
    """Return a folder of a package's data."""
    return entry(name, tarfile.DIRTYPE, mode=mode)


def link(name: str, target: str) -> tarfile.TarInfo:
    """Return a symbolic link."""
    return entry(name, tarfile.SYMTYPE, target)


def hard(name: str, target: str) -> tarfile.TarInfo:
    """Return a hard link to another file of the package."""
    return entry(name, tarfile.LNKTYPE, f"./{target}")


def entry(name: str, kind: bytes, target: str = "", mode: int = 0o777) -> tarfile.TarInfo:
    """Return a member without content."""
    member = tarfile.TarInfo(f"./{name}")
    member.type, member.linkname, member.mode = kind, target, mode
    return member


def plain(members: Iterable[tarfile.TarInfo | tuple[str, bytes]]) -> bytes:
    """Return members as a tar; a pair is a regular file."""
    buffer = io.BytesIO()
    with tarfile.open(
        fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT, encoding="utf-8"
    ) as archive:
        for member in members:
            if isinstance(member, tuple):
                info = tarfile.TarInfo(f"./{member[0]}")
                info.size, info.mtime, info.uname = len(member[1]), 10**9, "somebody"
                archive.addfile(info, io.BytesIO(member[1]))
            else:
                archive.addfile(member)
    return buffer.getvalue()


def ar(members: Iterable[tuple[str, bytes]]) -> bytes:
    """Return an ar archive."""
    parts = [b"!<arch>\n"]
    for name, data in members:
        header = f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n"
        parts += [header.encode(), data, b"\n" * (len(data) % 2)]
    return b"".join(parts)


def deb(
    name: str = "one",
    *members: tarfile.TarInfo | tuple[str, bytes],
    fields: str = "",
    packing: str = ".xz",
    **control: bytes,
) -> bytes:
    """Return a package; `control` are more files of its control archive."""
    text = f"Package: {name}\nVersion: 1\nArchitecture: amd64\n{fields}Description: a test\n"
    pack = PACKINGS[packing]
    inner = plain([("control", text.encode()), *control.items()])
    return ar(
        [
            ("debian-binary", b"2.0\n"),
            (f"control.tar{packing}", pack(inner)),
            (f"data.tar{packing}", pack(plain(members))),
        ]
    )


def locked(home: Path, **packages: bytes) -> tuple[list[DebPin], dict[str, Path]]:
    """Write packages to files; return their pins, and their paths by sha256."""
    pins, files = [], {}
    for name, data in packages.items():
        sha256 = store.digest(data)
        files[sha256] = home / sha256
        files[sha256].write_bytes(data)
        label = name.replace("_", "-")
        pins.append(DebPin(label, "1", "amd64", len(data), sha256, "debian", f"pool/{label}.deb"))
    return pins, files
