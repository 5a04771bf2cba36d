"""The one writer of layers: a tree or a list of members as a deterministic tar.

Sorted names in UTF-8, one fixed time, numeric owners, no sparse files, no extended headers but
for long names: the bytes depend on what the files are, and on nothing else.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from gradlock.errors import LockError

#: The time of every file in a layer, in seconds: 1980-01-01, the first that a zip can hold.
#: Fixed rather than `as_of`, so that a relock rewrites only the layers whose artifacts moved.
MTIME = 315532800
#: How names are bytes in a layer. Python's own choice is the locale's encoding.
ENCODING, ERRORS = "utf-8", "surrogateescape"
#: The bytes that are read from a file at once. Python's default of 16 KiB costs a third of the
#: time of a layer of large libraries.
CHUNK = 1 << 23


class Readable(Protocol):
    """What a file's bytes are read from."""

    def read(self, length: int = ..., /) -> bytes:
        """Read up to `length` bytes."""


class HashingWriter(io.RawIOBase):
    """Passes bytes on to a file, and counts and hashes them on the way."""

    def __init__(self, sink: IO[bytes]) -> None:
        self.sink = sink
        self.hash = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        """Tell that this stream takes bytes."""
        return True

    def tell(self) -> int:
        """Return the bytes written so far."""
        return self.size

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Write all of `data`."""
        self.sink.write(data)
        self.hash.update(data)
        self.size += len(data)
        return len(data)


@dataclass(frozen=True)
class Listing:
    """What a layer holds, by name: folders, and files, which is all else.

    Of a file it is where its member begins in the tar, in bytes; of a folder its mode, owner
    and group.
    """

    files: dict[str, int]
    folders: dict[str, tuple[int, int, int]]


class LayerWriter:
    """Adds members to a layer; a folder that is added twice is written once, a file is refused.

    `listing` is what was added until now.
    """

    def __init__(self, sink: HashingWriter) -> None:
        self._tar = tarfile.TarFile(
            fileobj=sink,
            mode="w",
            format=tarfile.GNU_FORMAT,
            encoding=ENCODING,
            errors=ERRORS,
            copybufsize=CHUNK,
        )
        self.listing = Listing({}, {})

    def folder(self, name: str, *, mode: int = 0o755, uid: int = 0, gid: int = 0) -> None:
        """Add a folder, its parents before it."""
        parent = name.rpartition("/")[0]
        if parent and parent not in self.listing.folders:
            self.folder(parent)
        if name not in self.listing.folders:
            self.listing.folders[name] = (mode, uid, gid)
            self._tar.addfile(_info(name, tarfile.DIRTYPE, mode, uid, gid))

    def file(
        self, name: str, data: bytes, *, mode: int = 0o644, uid: int = 0, gid: int = 0
    ) -> None:
        """Add a regular file, its parents before it."""
        info = _info(name, tarfile.REGTYPE, mode, uid, gid)
        info.size = len(data)
        self._with_parents(info, io.BytesIO(data))

    def stream(self, name: str, source: Readable, size: int, *, mode: int = 0o644) -> None:
        """Add a regular file of `size` bytes from a stream, its parents before it."""
        info = _info(name, tarfile.REGTYPE, mode, 0, 0)
        info.size = size
        self._with_parents(info, source)

    def symlink(self, name: str, target: str) -> None:
        """Add a symbolic link, its parents before it."""
        info = _info(name, tarfile.SYMTYPE, 0o777, 0, 0)
        info.linkname = target
        self._with_parents(info)

    def copy(self, member: tarfile.TarInfo, source: tarfile.TarFile) -> None:
        """Add a member of another tar under its own name, with its mode and owner."""
        name = member.name.removeprefix("./").strip("/")
        if member.isdir():
            self.folder(name, mode=member.mode & 0o7777, uid=member.uid, gid=member.gid)
            return
        info = _info(name, member.type, member.mode & 0o7777, member.uid, member.gid)
        info.linkname = member.linkname.removeprefix("./") if member.islnk() else member.linkname
        info.devmajor, info.devminor = member.devmajor, member.devminor
        info.size = member.size if member.isreg() else 0
        self._with_parents(info, source.extractfile(member) if member.isreg() else None)

    def close(self) -> None:
        """Write the end of the archive."""
        self._tar.close()

    def _with_parents(self, info: tarfile.TarInfo, source: Readable | None = None) -> None:
        if info.name in self.listing.files:
            raise LockError(
                "two packages of one layer hold the same file: which one counts, nobody said",
                where=f"/{info.name}",
                mend="drop one of them, or pin a release that does not hold it",
            )
        parent = info.name.rpartition("/")[0]
        if parent:
            self.folder(parent)
        self.listing.files[info.name] = self._tar.offset
        self._tar.addfile(info, source)


def _info(name: str, kind: bytes, mode: int, uid: int, gid: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.uid, info.gid, info.mtime = kind, mode, uid, gid, MTIME
    return info


@contextmanager
def writing(path: Path) -> Iterator[tuple[LayerWriter, HashingWriter]]:
    """Yield a writer of a layer at `path`, and the stream that knows its hash and size.

    When the block has ended well, the bytes are on the disk.
    """
    with path.open("wb", buffering=CHUNK) as sink:
        stream = HashingWriter(sink)
        writer = LayerWriter(stream)
        yield writer, stream
        writer.close()
        sink.flush()
        os.fsync(sink.fileno())


@contextmanager
def reading(path: Path) -> Iterator[tarfile.TarFile]:
    """Open an uncompressed tar, its names decoded as those of layers are encoded."""
    with tarfile.open(path, mode="r:", encoding=ENCODING, errors=ERRORS) as source:
        yield source


def listing(path: Path) -> Listing:
    """Return what a layer holds."""
    found = Listing({}, {})
    with reading(path) as source:
        for member in source:
            if member.isdir():
                found.folders[member.name] = (member.mode, member.uid, member.gid)
            else:
                found.files[member.name] = member.offset
    return found


def member_at(path: Path, offset: int) -> tuple[tarfile.TarInfo, bytes]:
    """Return the member of a layer that begins at `offset`, in bytes, and what is in it."""
    with path.open("rb") as stream:
        stream.seek(offset)
        with tarfile.TarFile(fileobj=stream, encoding=ENCODING, errors=ERRORS) as source:
            member = source.next()
            assert member is not None, f"{path} has a member at {offset}"
            data = source.extractfile(member) if member.isreg() else None
            return member, data.read() if data else b""


def add_tree(writer: LayerWriter, root: Path) -> None:
    """Add everything below a folder: names sorted, owner root, modes 0755 or 0644."""
    found = {_name(path.relative_to(root)): path for path in root.rglob("*")}
    for name, path in sorted(found.items(), key=lambda item: item[0].split("/")):
        if path.is_symlink():
            writer.symlink(name, _name(path.readlink()))
        elif path.is_dir():
            writer.folder(name)
        else:
            with path.open("rb") as source:
                stat = path.stat()
                mode = 0o755 if stat.st_mode & 0o100 else 0o644
                writer.stream(name, source, stat.st_size, mode=mode)


def _name(path: Path) -> str:
    """Return a path's name in a layer: the file system's bytes, whatever the locale."""
    return os.fsencode(path).decode(ENCODING, ERRORS)


def merge(writer: LayerWriter, tars: Iterable[Path]) -> None:
    """Add the members of other tars, one tar after the other."""
    for path in tars:
        with reading(path) as source:
            for member in source:
                writer.copy(member, source)
