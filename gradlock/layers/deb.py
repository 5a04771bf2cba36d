"""Debian packages as files: what a .deb holds, read without dpkg."""

from __future__ import annotations

import gzip
import io
import lzma
import re
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import zstandard

from gradlock.errors import ArtifactError
from gradlock.layers.tar import ENCODING, ERRORS

#: What every ar archive starts with, and the bytes of a member's header.
MAGIC, HEADER = b"!<arch>\n", 60


@dataclass(frozen=True)
class Deb:
    """A package's content: the files of its control archive by name, and its data, a plain tar."""

    control: Mapping[str, bytes]
    data: bytes

    @property
    def fields(self) -> dict[str, str]:
        """The first line of each field of its control file."""
        return dict(re.findall(r"(?m)^([A-Za-z-]+): *(.*)$", self.control["control"].decode()))

    @property
    def name(self) -> str:
        """The package's name."""
        return self.fields["Package"]

    @property
    def key(self) -> str:
        """The name that dpkg keeps its files by: with the architecture where several may be."""
        fields = self.fields
        same = fields.get("Multi-Arch") == "same"
        return f"{fields['Package']}:{fields['Architecture']}" if same else fields["Package"]


def read(path: Path) -> Deb:
    """Read a .deb whole; what it holds must fit into memory.

    Raises:
        ArtifactError: it is no .deb, cut short, or packed in a way that is not known.

    """
    return _read(path, lambda parts: _plain(parts, "data.tar"))


def source(path: Path) -> tuple[str, str]:
    """Return the name and the version of the source that a .deb was built from.

    Only its control archive is unpacked. Its own name and version stand for what it does not say.

    Raises:
        ArtifactError: as `read`.

    """
    fields = _read(path, lambda _: b"").fields
    name, _, version = fields.get("Source", "").partition(" ")
    return name or fields["Package"], version.strip("() ") or fields["Version"]


def needs(path: Path) -> frozenset[str]:
    """Return the names of what a .deb depends on, of alternatives all.

    Only its control archive is unpacked.

    Raises:
        ArtifactError: as `read`.

    """
    fields = _read(path, lambda _: b"").fields
    said = ", ".join(fields.get(field, "") for field in ("Pre-Depends", "Depends"))
    return frozenset(re.findall(r"(?:^|[,|]) *([a-z0-9][a-z0-9.+-]+)", said))


def _read(path: Path, data: Callable[[Mapping[str, bytes]], bytes]) -> Deb:
    """Read a .deb, of its members as much of the data as is asked for."""
    try:
        parts = dict(_members(path.read_bytes()))
        if not parts.get("debian-binary", b"").startswith(b"2."):
            raise ValueError("no package of format 2")
        control = _plain(parts, "control.tar")
        with opened(control) as archive:
            files = {
                plain_name(member.name): _content(archive, member)
                for member in archive
                if member.isreg()
            }
        deb = Deb(files, data(parts))
        if not {"Package", "Version", "Architecture"} <= deb.fields.keys():
            raise ValueError("its control file names no package")
    except FAULTS as error:
        raise ArtifactError(
            f"not a Debian package that can be read: {error}",
            where=path.name,
            mend=f"remove {path}; ./inv fetch brings it again",
        ) from error
    return deb


#: What reading a damaged file ends in.
FAULTS = (
    *(ValueError, KeyError, EOFError, gzip.BadGzipFile, zlib.error),
    *(lzma.LZMAError, zstandard.ZstdError, tarfile.TarError),
)


def opened(data: bytes) -> tarfile.TarFile:
    """Open a plain tar in memory; its names are bytes of any kind, in no locale."""
    return tarfile.TarFile(fileobj=io.BytesIO(data), encoding=ENCODING, errors=ERRORS)


def plain_name(name: str) -> str:
    """Return a name in a tar relative to the root, `` for the root itself.

    Raises:
        ArtifactError: it leads out of the root.

    """
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise ArtifactError(f"a name leads out of the root: {name}")
    return "/".join(parts)


def _members(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the names and contents of an ar archive."""
    if not data.startswith(MAGIC):
        raise ValueError("no ar archive")
    position = len(MAGIC)
    while position < len(data):
        header = data[position : position + HEADER]
        position += HEADER
        size = int(header[48:58])
        if not header.endswith(b"`\n") or position + size > len(data):
            raise ValueError("cut short")
        yield header[:16].decode("ascii").strip().rstrip("/"), data[position : position + size]
        position += size + size % 2  # members start at even places


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = archive.extractfile(member)
    assert stream is not None, f"{member.name} is a regular file"
    return stream.read()


def _zst(data: bytes) -> bytes:
    # Not `decompress`: it refuses frames that do not tell their size, and takes cut ones.
    inflater = zstandard.ZstdDecompressor().decompressobj()
    plain = inflater.decompress(data)
    if not inflater.eof:
        raise ValueError("cut short")
    return plain


UNPACKERS: Mapping[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.decompress,
    ".xz": lzma.decompress,
    ".zst": _zst,
}


def _plain(parts: Mapping[str, bytes], name: str) -> bytes:
    """Return a member without its packing."""
    for ending, unpack in UNPACKERS.items():
        if name + ending in parts:
            return unpack(parts[name + ending])
    raise ValueError(f"it has no {name} in a packing that is known ({', '.join(parts)})")
