"""Wheel layers: pypa's `installer` writes each wheel straight into a tar, bytecode included.

Every wheel is kept as a layer of its own in the store. In an image the large ones stay that,
and the small ones are merged, so that a bump of one wheel rewrites little.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import posixpath
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from installer import install
from installer.destinations import SchemeDictionaryDestination
from installer.records import Hash, RecordEntry
from installer.scripts import Script
from installer.sources import WheelFile
from installer.utils import Scheme

from gradlock import command, progress, store
from gradlock.command import Program
from gradlock.errors import ArtifactError
from gradlock.layers import Layer, cache, compile_trees, tar
from gradlock.locks.lockfile import WheelPin

PREFIX = "opt/conda"
RECIPE = cache.recipe("layers/wheels.py", "layers/compile_trees.py", "layers/interpreter.py")
#: Wheels of this many bytes and more get a layer of their own; chosen so that the merged
#: layer of small wheels is below 5% of the CPU image, and that a GPU image stays well below
#: the 127 layers that engines take.
LARGE = 1_200_000


@dataclass(frozen=True)
class Wheel:
    """A verified wheel, and the key of the layer that it makes."""

    pin: WheelPin
    path: Path
    key: str

    @property
    def large(self) -> bool:
        """Whether it has a layer of its own in an image.

        CUDA's parts always do, so that CPU and GPU images share the merged layer.
        """
        return self.pin.name.startswith("nvidia-") or self.path.stat().st_size >= LARGE


class LayerDestination(SchemeDictionaryDestination):
    """Takes what `installer` writes, and writes it into a layer instead of a file system."""

    def __init__(self, writer: tar.LayerWriter, python: str, sizes: Mapping[str, int]) -> None:
        """Write with `writer`; `sizes` are the bytes of the wheel's files by their names."""
        super().__init__(schemes(python), f"/{PREFIX}/bin/python", "posix")
        self.writer = writer
        self.sizes = sizes

    def write_to_fs(
        self, scheme: Scheme, path: str, stream: BinaryIO, is_executable: bool
    ) -> RecordEntry:
        """Write one file, and return its line of RECORD."""
        place = posixpath.normpath(f"{self.scheme_dict[scheme]}/{path}")
        if not place.startswith(f"/{PREFIX}/"):
            raise ArtifactError(f"a wheel writes outside of its prefix: {path}")
        size = None
        if scheme in ("purelib", "platlib") and isinstance(stream, zipfile.ZipExtFile):
            size = self.sizes.get(path)
        if size is None:  # a script, or another small file that installing makes or changes
            data = stream.read()
            stream, size = io.BytesIO(data), len(data)
        reader = HashingReader(stream)
        mode = 0o755 if is_executable or scheme == "scripts" else 0o644
        self.writer.stream(place.lstrip("/"), reader, size, mode=mode)
        return RecordEntry(path, Hash("sha256", _urlsafe(reader.hash.digest())), size)

    def write_script(self, name: str, module: str, attr: str, section: str) -> RecordEntry:
        """Write the launcher of an entry point."""
        script = Script(name, module, attr, section)  # type: ignore[arg-type]
        filename, data = script.generate(self.interpreter, self.script_kind)
        with io.BytesIO(data) as stream:
            return self.write_to_fs(Scheme("scripts"), filename, stream, is_executable=True)


class HashingReader:
    """Hashes what is read through it: a library of 1 GB goes from wheel to layer in one pass."""

    def __init__(self, source: BinaryIO) -> None:
        self.source = source
        self.hash = hashlib.sha256()

    def read(self, length: int = -1, /) -> bytes:
        """Read up to `length` bytes."""
        data = self.source.read(length)
        self.hash.update(data)
        return data


def _urlsafe(digest: bytes) -> str:
    """Return a digest as RECORD spells it."""
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


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


def plan(pins: Sequence[WheelPin], files: Mapping[str, Path], python: str) -> tuple[Wheel, ...]:
    """Return the wheels of a lock; `python` names the interpreter that compiles them."""
    return tuple(
        Wheel(pin, files[pin.sha256], cache.key_of(RECIPE, pin.sha256, python)) for pin in pins
    )


def build(wheels: Sequence[Wheel], interpreter: Program, python: str) -> None:
    """Build the layers of wheels that the store lacks, several at once.

    A wheel's bytes depend on the wheel and the interpreter alone (see `compile_trees`).
    """
    workers = os.cpu_count() or 1
    with store.scratch("bytecode") as work:
        trees = {wheel: work / wheel.pin.name for wheel in wheels}
        with ProcessPoolExecutor(workers) as pool:
            list(
                pool.map(
                    _extract_sources,
                    [w.path for w in wheels],
                    trees.values(),
                    [python] * len(wheels),
                )
            )
            _compile(list(trees.values()), interpreter, workers)
            # The largest first: the last to end should be a small one.
            jobs = {
                pool.submit(_write, wheel, trees[wheel], python): wheel
                for wheel in sorted(wheels, key=lambda wheel: -wheel.path.stat().st_size)
            }
            with progress.meter("writing wheel layers", len(jobs), unit="wheels") as meter:
                for job in as_completed(jobs):
                    job.result()
                    meter.advance(1)


def merged(name: str, layers: Sequence[Layer]) -> Layer:
    """Return one layer that holds what several layers hold."""
    key = cache.key_of(RECIPE, [layer.digest for layer in layers])
    return cache.get(name, key, lambda writer: tar.merge(writer, [one.path for one in layers]))


def _compile(trees: Sequence[Path], interpreter: Program, workers: int) -> None:
    command.run(
        [*interpreter.argv, compile_trees.__file__, str(workers), *map(str, trees)],
        purpose="compiling bytecode with the image's Python",
        env=command.plain(**interpreter.env),
    )


def _extract_sources(wheel: Path, tree: Path, python: str) -> None:
    """Unpack a wheel's Python files to where they will be in the image, below `tree`."""
    site = tree / schemes(python)["purelib"].lstrip("/")
    site.mkdir(parents=True)
    with zipfile.ZipFile(wheel) as archive:
        for info in archive.infolist():
            folder, _, inner = info.filename.partition("/")
            if folder.endswith(".data"):
                scheme, _, inner = inner.partition("/")
                if scheme not in ("purelib", "platlib"):
                    continue
            else:
                inner = info.filename
            target = site / inner
            if inner.endswith(".py") and target.resolve().is_relative_to(site.resolve()):
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(info) as source, target.open("wb") as sink:
                    shutil.copyfileobj(source, sink)


def _write(wheel: Wheel, tree: Path, python: str) -> None:
    """Write one wheel's layer: what it installs, then the bytecode of `tree`."""

    def write(writer: tar.LayerWriter) -> None:
        with zipfile.ZipFile(wheel.path) as archive:
            sizes = {info.filename: info.file_size for info in archive.infolist()}
            destination = LayerDestination(writer, python, sizes)
            install(WheelFile(archive), destination, {"INSTALLER": b"gradlock\n"})
        for path in sorted(tree.rglob("*.pyc")):
            writer.file(path.relative_to(tree).as_posix(), path.read_bytes())

    cache.build(wheel.pin.name, wheel.key, write)
