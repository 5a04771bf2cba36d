"""Layers as registries keep them: compressed, the same layer always to the same bytes.

    <store>/packed/<digest>.<way>.tar.gz    the compressed layer
    <store>/packed/<digest>.<way>.json      its digest and size, known without it, too

Each piece of a layer is a gzip member of its own, so that all cores compress one layer. It is
libdeflate that does it: its bytes depend on its release and the level, and not on the processor,
as those of the faster ones do; every engine reads gzip, and Docker before 23 reads no zstd.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.metadata
import json
import os
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import deflate

from gradlock import store
from gradlock.artifacts import artifacts
from gradlock.images import archive
from gradlock.images.archive import BrokenLayerError
from gradlock.images.image import Image
from gradlock.layers import Layer

#: libdeflate's level, of 12: a step more costs half as much time again for 3% of the bytes.
LEVEL = 4
#: Bytes of a layer in one gzip member.
PIECE = 4 << 20
KIND = "application/vnd.oci.image.layer.v1.tar+gzip"


@dataclass(frozen=True)
class Packed:
    """A layer, and the digest and size of it compressed; `digest` has no `sha256:`."""

    layer: Layer
    digest: str
    size: int

    @property
    def path(self) -> Path:
        """Where the compressed layer lies, if it is there."""
        return _beside(self.layer, ".tar.gz")

    def descriptor(self) -> dict[str, Any]:
        """Return what a manifest says of it."""
        return {"mediaType": KIND, "digest": f"sha256:{self.digest}", "size": self.size}


def pack(layer: Layer, *, bytes_too: bool = False) -> Packed:
    """Return a layer compressed: done once for each layer that the store ever had.

    With `bytes_too` the compressed file is there, verified; without, perhaps only what is known
    of it.

    Raises:
        BrokenLayerError: the layer's file is not what it should be.

    """
    known = _known(layer)
    if known and not bytes_too:
        return known
    if known and known.path.is_file() and artifacts.seal(known.path, known.digest):
        return known
    with store.scratch("pack") as work:
        part = work / layer.digest
        digest, size = _compress(layer, part)
        _place(part, _beside(layer, ".tar.gz"))
    return note(layer, digest, size)


def anew(layer: Layer, work: Path) -> Packed:
    """Return a layer compressed, whatever is known of it; `work` is a folder for its bytes.

    Raises:
        BrokenLayerError: the layer's file is not what it should be.

    """
    part = work / f"{layer.digest}.tar.gz"
    try:
        return Packed(layer, *_compress(layer, part))
    finally:
        part.unlink(missing_ok=True)


def note(layer: Layer, digest: str, size: int) -> Packed:
    """Write down what a layer is when compressed."""
    told = {"digest": digest, "size": size}
    store.write_text(_beside(layer, ".json"), json.dumps(told))
    return Packed(layer, digest, size)


def unpack(source: Path, layer: Layer, work: Path) -> None:
    """Write a layer's tar from a compressed file; it is there only if its digest is right.

    `work` is a folder of the store for what is not known to be right yet.

    Raises:
        BrokenLayerError: what comes out is another layer.

    """
    written = hashlib.sha256()
    part = work / layer.digest
    try:
        with gzip.open(source) as stream, part.open("wb") as sink:
            while chunk := stream.read(PIECE):
                written.update(chunk)
                sink.write(chunk)
    except (zlib.error, EOFError, gzip.BadGzipFile) as error:
        raise BrokenLayerError(layer) from error
    if written.hexdigest() != layer.digest:
        raise BrokenLayerError(layer)
    _place(part, layer.path)


def _place(part: Path, target: Path) -> None:
    """Move a file that is right to its place, flushed, as one that was verified."""
    part.chmod(0o644)
    store.flush(part)
    artifacts.mark(part)
    part.replace(target)


def manifest(config: bytes, parts: Sequence[Packed]) -> bytes:
    """Return the manifest that a registry has of an image; its sha256 is the image's digest."""
    return archive.manifest(config, (part.descriptor() for part in parts))


def digest(image: Image) -> str:
    """Return the digest that an image has in every registry: a function of it alone."""
    parts = [pack(layer) for layer in image.layers]
    return f"sha256:{store.digest(manifest(image.config, parts))}"


def _compress(layer: Layer, target: Path) -> tuple[str, int]:
    """Write a layer compressed; return its digest and size. All cores take part."""
    packed, plain = hashlib.sha256(), hashlib.sha256()
    size = 0
    with target.open("wb") as sink, ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        waiting: deque[Future[bytes]] = deque()
        for piece in _pieces(layer):
            plain.update(piece)
            waiting.append(pool.submit(_member, piece))
            if len(waiting) > 2 * pool._max_workers:
                size += _take(waiting, packed, sink)
        while waiting:
            size += _take(waiting, packed, sink)
    if plain.hexdigest() != layer.digest:
        raise BrokenLayerError(layer)
    return packed.hexdigest(), size


def _member(piece: bytes) -> bytes:
    return bytes(deflate.gzip_compress(piece, LEVEL))


def _take(waiting: deque[Future[bytes]], packed: Any, sink: Any) -> int:
    data = waiting.popleft().result()
    packed.update(data)
    sink.write(data)
    return len(data)


def _pieces(layer: Layer) -> Iterator[bytes]:
    try:
        with layer.path.open("rb") as stream:
            while piece := stream.read(PIECE):
                yield piece
    except OSError as error:
        raise BrokenLayerError(layer) from error


def _known(layer: Layer) -> Packed | None:
    """Return what is known of a layer compressed."""
    try:
        told = json.loads(_beside(layer, ".json").read_text(encoding="utf-8"))
        return Packed(layer, str(told["digest"]), int(told["size"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _beside(layer: Layer, suffix: str) -> Path:
    return store.folder("packed") / f"{layer.digest}.{_way()}{suffix}"


@cache
def _way() -> str:
    """Return what tells one way of compressing from another: the release and the settings."""
    release = importlib.metadata.version("deflate")
    return store.digest(f"{release} {LEVEL} {PIECE}".encode())[:12]
