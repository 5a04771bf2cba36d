"""An image as the tar stream that a Docker Engine loads."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator, Sequence
from typing import Any

from gradlock import store
from gradlock.errors import ArtifactError
from gradlock.images.image import Image
from gradlock.layers import Layer
from gradlock.progress import Meter

#: What is read from a layer, and sent, at a time.
CHUNK = 1 << 20


def manifest(image: Image) -> bytes:
    """Return the OCI manifest: the config and the layers, by digest and size."""
    return _json(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "digest": image.id,
                "size": len(image.config),
            },
            "layers": [
                {
                    "mediaType": "application/vnd.oci.image.layer.v1.tar",
                    "digest": f"sha256:{layer.digest}",
                    "size": layer.size,
                }
                for layer in image.layers
            ],
        }
    )


def stream(image: Image, layers: Sequence[Layer], watch: Meter) -> Iterator[bytes]:
    """Yield the tar that an engine loads: an image, with those of its layers that are given.

    It is an OCI layout, which containerd's store reads, with the `manifest.json` that the
    classic store reads. It holds no name: the image is tagged when it has proved whole.
    """
    whole = manifest(image)
    config, top = image.id.removeprefix("sha256:"), store.digest(whole)
    index = {
        "schemaVersion": 2,
        "manifests": [
            {
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "digest": f"sha256:{top}",
                "size": len(whole),
            }
        ],
    }
    classic = {
        "Config": _blob(config),
        "RepoTags": None,
        "Layers": [_blob(layer.digest) for layer in image.layers],
    }
    yield from _member("oci-layout", _json({"imageLayoutVersion": "1.0.0"}))
    yield from _member("index.json", _json(index))
    yield from _member("manifest.json", _json([classic]))
    yield from _member(_blob(config), image.config)
    yield from _member(_blob(top), whole)
    for layer in layers:
        yield _header(_blob(layer.digest), layer.size)
        for chunk in _chunks(layer):
            yield chunk
            watch.advance(len(chunk))
        yield _padding(layer.size)
    yield b"\0" * 2 * tarfile.BLOCKSIZE


def _chunks(layer: Layer) -> Iterator[bytes]:
    """Yield a layer's bytes, exactly as many as its header promised."""
    left = layer.size
    try:
        with layer.path.open("rb") as stream:
            while left and (chunk := stream.read(min(CHUNK, left))):
                left -= len(chunk)
                yield chunk
    except FileNotFoundError:
        left = layer.size
    if left:
        raise ArtifactError(
            f"the layer {layer.name} is cut short or gone",
            where=str(layer.path),
            mend="remove the file; ./inv image writes it again",
        )


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


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()
