"""Push: an image from the store into a registry, only the blobs that it lacks, its tags last."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from gradlock import store
from gradlock.images import packed
from gradlock.images.image import Image
from gradlock.images.packed import Packed
from gradlock.progress import Meter
from gradlock.registry import referrers
from gradlock.registry.client import Repository
from gradlock.registry.reference import Reference
from gradlock.registry.referrers import Document
from gradlock.registry.upload import put, upload

#: Blobs that are on their way at a time.
AT_ONCE = 4


@dataclass(frozen=True)
class Pushed:
    """What came of a push: the image's digest in registries, its size there, the bytes sent."""

    digest: str
    size: int
    sent: int
    tags: tuple[str, ...]


def push(
    image: Image,
    repository: Repository,
    tags: Sequence[str],
    meter: Meter,
    documents: Sequence[Document] = (),
) -> Pushed:
    """Bring an image into a repository, and what is said of it, then let tags name it.

    A tag names a whole image at every moment: until the last blob is there, the one that it
    named before. What a killed push has brought is there for the next.

    Raises:
        RegistryError: the registry refuses, or cannot be reached.
        BrokenLayerError: a layer's file is not what it should be.

    """
    parts = [packed.pack(layer) for layer in image.layers]
    manifest = packed.manifest(image.config, parts)
    others = _Known(repository.place)
    blobs = {part.digest: part for part in parts}  # two layers may be the same
    size = len(image.config) + sum(part.size for part in blobs.values())
    meter.expect(size)

    def send(part: Packed) -> int:
        if repository.has(f"sha256:{part.digest}"):
            meter.advance(part.size)
            return 0
        whole = packed.pack(part.layer, bytes_too=True)
        with whole.path.open("rb") as source:
            sent = upload(
                repository,
                f"sha256:{part.digest}",
                source,
                part.size,
                meter,
                others.repositories,
            )
        return part.size if sent else 0

    with ThreadPoolExecutor(AT_ONCE) as pool:
        sent = sum(pool.map(send, blobs.values()))
    put(repository, image.config)
    meter.advance(len(image.config))
    name = f"sha256:{store.digest(manifest)}"
    repository.tag(name, manifest)
    if documents:
        referrers.attach(repository, manifest, documents)
    for tag in tags:
        repository.tag(tag, manifest)
    others.add()
    return Pushed(name, size, sent, tuple(tags))


class _Known:
    """The repositories of a registry that were pushed to from here: they may share blobs."""

    def __init__(self, place: Reference) -> None:
        self._place = place
        name = store.digest(place.host.encode())[:16]
        self._path: Path = store.folder("registries") / f"{name}.json"
        try:
            told = json.loads(self._path.read_text(encoding="utf-8"))
            known = [one for one in told if isinstance(one, str)]
        except (OSError, ValueError, TypeError):
            known = []
        self.repositories = [one for one in known if one != place.repository][:2]

    def add(self) -> None:
        """Have the next push, to another repository, look for its blobs in this one."""
        kept = [self._place.repository, *self.repositories]
        store.write_text(self._path, json.dumps(kept))
