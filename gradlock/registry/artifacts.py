"""Artifacts in a registry: what the locks name, for the day when no mirror or index has it.

They are blobs like any others, under the sha256 that the locks have; a manifest keeps them, and
tells their names.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gradlock import progress, store
from gradlock.artifacts import index
from gradlock.artifacts.artifacts import Pin
from gradlock.artifacts.index import Source
from gradlock.artifacts.once import Once
from gradlock.errors import ArtifactError, RegistryError
from gradlock.images.config import to_json
from gradlock.locks.pins import WheelPin
from gradlock.progress import Meter
from gradlock.registry.client import MANIFEST, Repository
from gradlock.registry.upload import put, upload

KIND = "application/vnd.gradlock.artifacts.v1"
TITLE = "org.opencontainers.image.title"
#: What an artifact's manifest has in a configuration's place, as the standard says.
EMPTY = b"{}"
NOTHING = {
    "mediaType": "application/vnd.oci.empty.v1+json",
    "digest": f"sha256:{store.digest(EMPTY)}",
    "size": len(EMPTY),
}
#: Artifacts that are on their way at a time.
AT_ONCE = 8


def tag(locks: str) -> str:
    """Return the tag under which the artifacts of some locks are kept, by the locks' digest."""
    return f"artifacts-{locks.removeprefix('sha256:')[:32]}"


def push(repository: Repository, locks: str, files: Mapping[str, Path], meter: Meter) -> int:
    """Bring artifacts (paths by sha256) into a repository; return the bytes that were sent.

    Raises:
        RegistryError: the registry refuses, or cannot be reached.

    """
    sizes = {sha256: path.stat().st_size for sha256, path in sorted(files.items())}
    meter.expect(sum(sizes.values()))

    def send(sha256: str) -> int:
        if repository.has(f"sha256:{sha256}"):
            meter.advance(sizes[sha256])
            return 0
        with files[sha256].open("rb") as source:
            upload(repository, f"sha256:{sha256}", source, sizes[sha256], meter)
        return sizes[sha256]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        sent = sum(pool.map(send, sizes))
    put(repository, EMPTY)
    rows = [(sha256, size, files[sha256].name) for sha256, size in sizes.items()]
    repository.tag(tag(locks), _manifest(rows))
    return sent


def _manifest(rows: Iterable[tuple[str, int, str]]) -> bytes:
    """Return the manifest that keeps artifacts: their hashes, sizes and names."""
    kept = [
        {
            "mediaType": "application/octet-stream",
            "digest": f"sha256:{sha256}",
            "size": size,
            "annotations": {TITLE: name},
        }
        for sha256, size, name in rows
    ]
    return to_json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": KIND,
            "config": NOTHING,
            "layers": kept,
        }
    )


class Kept:
    """The artifacts that a repository keeps for some locks.

    Where it cannot be asked, a line says so, once, and it keeps nothing.
    """

    def __init__(self, repository: Repository, locks: Iterable[str]) -> None:
        self._repository = repository
        self._locks = sorted(locks)
        self._names = Once(self._read)

    def source(self, pin: Pin) -> Source | None:
        """Return where an artifact is kept, or None."""
        name, size = self._names.get().get(pin.sha256, ("", 0))
        given = name if isinstance(pin, WheelPin) else pin.filename
        # A name becomes a path in the store, and this one was told by a registry.
        if not name or (isinstance(pin, WheelPin) and not index.names(given, pin)):
            return None
        url = self._repository.url(f"blobs/sha256:{pin.sha256}")
        return Source(url, given, size, self._repository.login)

    def _read(self) -> dict[str, tuple[str, int]]:
        try:
            return self._kept()
        except (RegistryError, ArtifactError) as error:
            progress.say(f"the team's cache failed: {error.what} ({error.where})")
            return {}

    def _kept(self) -> dict[str, tuple[str, int]]:
        """Return the names and sizes of what is kept, by sha256."""
        found: dict[str, tuple[str, int]] = {}
        for locks in self._locks:
            manifest = self._repository.manifest(tag(locks))
            if manifest is None:
                continue
            try:
                for row in json.loads(manifest)["layers"]:
                    sha256 = str(row["digest"]).removeprefix("sha256:")
                    found[sha256] = (str(row["annotations"][TITLE]), int(row["size"]))
            except (ValueError, KeyError, TypeError) as error:
                raise RegistryError(
                    "what is tagged there is no list of artifacts",
                    where=f"{self._repository.place}:{tag(locks)}",
                    mend="./inv image --push-cache, where everything can be fetched",
                ) from error
        return found
