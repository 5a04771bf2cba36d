"""Wheel layers: pypa's `installer` writes a wheel straight into a tar, and its bytecode follows.

Its bytes depend on the wheel and on the interpreter that compiles it, and on nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import io
import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, BinaryIO

from installer import install
from installer.destinations import SchemeDictionaryDestination
from installer.exceptions import InstallerError
from installer.records import Hash, RecordEntry, parse_record_file
from installer.scripts import Script
from installer.sources import WheelContentElement, WheelFile
from installer.utils import Scheme
from isal import isal_zlib
from isal.igzip_lib import IsalError

from gradlock.errors import ArtifactError
from gradlock.layers import PREFIX, cache, tar

RECIPE = cache.recipe(
    *("layers/wheels.py", "layers/bytecode.py", "layers/compile_server.py"),
    libraries=("installer",),
)
#: The folder of a package's test suite, which nobody imports: a fifth of all sources lie in
#: such. Folders `test` are few, and TensorFlow's are its public `tf.test`.
SUITE = "tests"
#: The schemes whose Python files are modules.
MODULES = ("purelib", "platlib")
#: A sha256 as RECORD spells it.
SHA256 = re.compile(r"[A-Za-z0-9_-]{43}")
#: What reading a file says that is no wheel, or is one no more.
UNREADABLE: tuple[type[Exception], ...] = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, KeyError, ValueError),
    IsalError,  # type: ignore[assignment] # a class, whatever its stub says
    *(RuntimeError, InstallerError),  # the former: of another compression, or encrypted
)


class Archive(zipfile.ZipFile):
    """A zip that is read in less than half of the time: Intel's library inflates its files."""

    def open(self, *given: Any, **named: Any) -> IO[bytes]:
        """Open a file, as `ZipFile` does."""
        file = super().open(*given, **named)
        # Where a Python keeps it elsewhere, zlib goes on; what comes is the same.
        if getattr(file, "_compress_type", None) == zipfile.ZIP_DEFLATED:
            file._decompressor = isal_zlib.decompressobj(-zlib.MAX_WBITS)  # type: ignore[attr-defined]
        return file


class Source(WheelFile):
    """A wheel's files, and what its RECORD says of them.

    The wheel's own hash was checked, so that of each file in it need not be taken again.
    """

    def __init__(self, archive: zipfile.ZipFile) -> None:
        super().__init__(archive)
        self.sizes = {info.filename: info.file_size for info in archive.infolist()}
        self.records = {
            path: (digest.removeprefix("sha256="), size)
            for path, digest, size in parse_record_file(self.read_dist_info("RECORD").splitlines())
        }

    def entry(self, member: str) -> tuple[str | None, int]:
        """Return the sha256 of a file, spelt as in RECORD, and its size in bytes.

        There is no hash where RECORD has none of this kind, or another size than the file.
        """
        size = self.sizes[member]
        digest, recorded = self.records.get(member, ("", ""))
        known = SHA256.fullmatch(digest) and recorded == str(size)
        return (digest if known else None), size

    def get_contents(self) -> Iterator[WheelContentElement]:
        """Yield the files to install. Bytecode that a wheel brings is not: who knows of what."""
        for element in super().get_contents():
            if "__pycache__" not in element[0][0].split("/"):
                yield element


class LayerDestination(SchemeDictionaryDestination):
    """Takes what `installer` writes, and writes it into a layer instead of a file system."""

    def __init__(self, writer: tar.LayerWriter, python: str, source: Source) -> None:
        """Write the files of `source` with `writer`."""
        super().__init__(schemes(python), f"/{PREFIX}/bin/python", "posix")
        self.writer = writer
        self.source = source

    def write_to_fs(
        self, scheme: Scheme, path: str, stream: BinaryIO, is_executable: bool
    ) -> RecordEntry:
        """Write one file, and return its line of RECORD."""
        place = _place(self.scheme_dict[scheme], path)
        mode = 0o755 if is_executable or scheme == "scripts" else 0o644
        if isinstance(stream, zipfile.ZipExtFile):
            # A library of 1 GB goes from wheel to layer in one pass.
            known, size = self.source.entry(stream.name)
            reader = HashingReader(stream)
            self.writer.stream(place, stream if known else reader, size, mode=mode)
            digest = known or _spelt(reader.hash)
        else:
            data = stream.read()  # small, and made or changed by installing
            self.writer.file(place, data, mode=mode)
            digest, size = _spelt(hashlib.sha256(data)), len(data)
        return RecordEntry(path, Hash("sha256", digest), size)

    def write_script(self, name: str, module: str, attr: str, section: str) -> RecordEntry:
        """Write the launcher of an entry point."""
        script = Script(name, module, attr, section)  # type: ignore[arg-type]
        filename, data = script.generate(self.interpreter, self.script_kind)
        with io.BytesIO(data) as stream:
            return self.write_to_fs(Scheme("scripts"), filename, stream, is_executable=True)


class HashingReader:
    """Hashes what is read through it."""

    def __init__(self, source: BinaryIO) -> None:
        self.source = source
        self.hash = hashlib.sha256()

    def read(self, length: int = -1, /) -> bytes:
        """Read up to `length` bytes."""
        data = self.source.read(length)
        self.hash.update(data)
        return data


def _place(folder: str, path: str) -> str:
    """Return the name in a layer of a file at `path` below one of the schemes' folders."""
    place = posixpath.normpath(f"{folder}/{path}")
    if not place.startswith(f"/{PREFIX}/"):
        raise ArtifactError(f"a wheel writes outside of its prefix: {path}")
    return place.lstrip("/")


def _spelt(digest: hashlib._Hash) -> str:
    """Return a hash as RECORD spells it."""
    return base64.urlsafe_b64encode(digest.digest()).decode().rstrip("=")


def schemes(python: str) -> dict[str, str]:
    """Return where each kind of a wheel's files goes in the image."""
    site = f"/{PREFIX}/lib/python{python}/site-packages"
    return {
        "purelib": site,
        "platlib": site,
        "scripts": f"/{PREFIX}/bin",
        "data": f"/{PREFIX}",
        "headers": f"/{PREFIX}/include/python{python}",
    }


def sources(wheel: Path, python: str) -> dict[str, bytes]:
    """Return the Python files of a wheel that get bytecode, by their names in the layer.

    Those are its modules, but for test suites.

    Raises:
        ArtifactError: the wheel cannot be read, or writes outside of its prefix.

    """
    site = schemes(python)["purelib"]
    found = {}
    with _opened(wheel) as archive:
        for info in archive.infolist():
            path = PurePosixPath(info.filename)
            if path.parts and path.parts[0].endswith(".data"):
                if len(path.parts) < 3 or path.parts[1] not in MODULES:
                    continue
                path = PurePosixPath(*path.parts[2:])
            if path.suffix == ".py" and not info.is_dir() and SUITE not in path.parts[1:-1]:
                found[_place(site, str(path))] = archive.read(info)
    return found


def write(
    writer: tar.LayerWriter, wheel: Path, python: str, bytecode: Callable[[], Mapping[str, bytes]]
) -> None:
    """Write a wheel's layer: what it installs, then its bytecode, by its names in the layer.

    `bytecode` is asked for last: it may still be in the making.

    Raises:
        ArtifactError: the wheel cannot be read, or writes outside of its prefix.

    """
    with _opened(wheel) as archive:
        source = Source(archive)
        install(source, LayerDestination(writer, python, source), {"INSTALLER": b"gradlock\n"})
    for name, data in sorted(bytecode().items()):
        writer.file(name, data)


@contextmanager
def _opened(wheel: Path) -> Iterator[zipfile.ZipFile]:
    """Open a wheel for a block that reads it.

    Raises:
        ArtifactError: it cannot be read as a zip, or its files not as a wheel's: bytes that
            changed since they were verified may look like either.

    """
    try:
        with Archive(wheel) as archive:
            yield archive
    except OSError as error:
        if error.errno is not None:
            raise  # the disk's
        raise _unreadable(wheel, error) from error  # a file ends before its length
    except UNREADABLE as error:
        raise _unreadable(wheel, error) from error


def _unreadable(wheel: Path, error: Exception) -> ArtifactError:
    return ArtifactError(
        f"{wheel.name} cannot be read as a wheel: {error}",
        where=str(wheel),
        mend="remove the file and run again: it is fetched again; if that does not help, "
        "pin another release",
    )
