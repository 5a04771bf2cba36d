"""An image as the tar stream that a Docker Engine loads."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from gradlock import store
from gradlock.errors import ArtifactError
from gradlock.images.config import to_json
from gradlock.layers import Layer

#: What is read from a layer, and sent, at a time.
CHUNK = 1 << 20


class BrokenLayerError(ArtifactError):
    """A layer's file is not what was written: gone, cut short, or other bytes."""

    def __init__(self, layer: Layer) -> None:
        super().__init__(
            f"the layer {layer.name} is broken: its file is gone, cut short, or has changed",
            where=str(layer.path),
            mend="remove the file; ./inv image writes it again",
        )
        self.layer = layer


def manifest(config: bytes, layers: Iterable[Mapping[str, Any]]) -> bytes:
    """Return the OCI manifest of a config and of layers, each as its descriptor."""
    return to_json(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "digest": f"sha256:{store.digest(config)}",
                "size": len(config),
            },
            "layers": [dict(layer) for layer in layers],
        }
    )


def descriptor(layer: Layer) -> dict[str, Any]:
    """Return what a manifest says of a layer as it is, not compressed."""
    return {
        "mediaType": "application/vnd.oci.image.layer.v1.tar",
        "digest": f"sha256:{layer.digest}",
        "size": layer.size,
    }


def stream(
    config: bytes,
    layers: Sequence[Layer],
    sent: Sequence[Layer],
    advance: Callable[[int], None],
    name: str = "",
) -> Iterator[bytes]:
    """Yield the tar that an engine loads: an image, with those of its layers to be `sent`.

    It is an OCI layout, which containerd's store reads, with the `manifest.json` that the
    classic store reads. Without a name the image is tagged when it has proved whole. `advance`
    takes the bytes of each piece of a layer.

    Raises:
        BrokenLayerError: a layer's file is gone, or shorter than it was.

    """
    whole = manifest(config, map(descriptor, layers))
    own, top = store.digest(config), store.digest(whole)
    index = {
        "schemaVersion": 2,
        "manifests": [
            {
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "digest": f"sha256:{top}",
                "size": len(whole),
                **({"annotations": _named(name)} if name else {}),
            }
        ],
    }
    classic = {
        "Config": _blob(own),
        "RepoTags": [name] if name else None,
        "Layers": [_blob(layer.digest) for layer in layers],
    }
    yield from _member("oci-layout", to_json({"imageLayoutVersion": "1.0.0"}))
    yield from _member("index.json", to_json(index))
    yield from _member("manifest.json", to_json([classic]))
    yield from _member(_blob(own), config)
    yield from _member(_blob(top), whole)
    for layer in sent:
        yield _header(_blob(layer.digest), layer.size)
        for chunk in _chunks(layer):
            yield chunk
            advance(len(chunk))
        yield _padding(layer.size)
    yield b"\0" * 2 * tarfile.BLOCKSIZE


def _named(name: str) -> dict[str, str]:
    """Return a name as containerd looks for it, and as the standard has it."""
    return {
        "io.containerd.image.name": f"docker.io/library/{name}",
        "org.opencontainers.image.ref.name": name.rpartition(":")[2],
    }


def _chunks(layer: Layer) -> Iterator[bytes]:
    """Yield a layer's bytes, exactly as many as its header promised."""
    left = layer.size
    try:
        with layer.path.open("rb") as stream:
            while left and (chunk := stream.read(min(CHUNK, left))):
                left -= len(chunk)
                yield chunk
    except OSError as error:
        raise BrokenLayerError(layer) from error
    if left:
        raise BrokenLayerError(layer)


def _blob(digest: str) -> str:
    return f"blobs/sha256/{digest}"


def _member(name: str, data: bytes) -> Iterator[bytes]:
    yield _header(name, len(data)) + data + _padding(len(data))


def _header(name: str, size: int) -> bytes:
    entry = tarfile.TarInfo(name)
    entry.size = size
    return entry.tobuf(tarfile.GNU_FORMAT)  # the older one ends at 8 GiB


def _padding(size: int) -> bytes:
    return b"\0" * (-size % tarfile.BLOCKSIZE)
