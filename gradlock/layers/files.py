"""The top layer: docker/rootfs laid over the image, and what the image says of itself."""

from __future__ import annotations

import json
from collections.abc import Sequence

from gradlock import store
from gradlock.layers import tar
from gradlock.lockfile import LockText
from gradlock.variants import Variant

ROOTFS = store.ROOT / "docker/rootfs"


def facts(
    variant: Variant, channel: str, requested: Sequence[str], lock: LockText
) -> dict[str, str]:
    """Return the files of /etc/gradlock, which the tests inside the image go by."""
    row = {**variant.to_dict(), "channel": channel}
    return {
        "etc/gradlock/variant.json": json.dumps(row, indent=1, sort_keys=True) + "\n",
        "etc/gradlock/requested.txt": "".join(f"{name}\n" for name in requested),
        "etc/gradlock/requirements.txt": lock.body,
    }


def inputs(texts: dict[str, str]) -> list[object]:
    """Return what the layer is made of, for its key."""
    rootfs = [
        (path.relative_to(ROOTFS).as_posix(), path.stat().st_mode & 0o100, store.file_digest(path))
        for path in sorted(ROOTFS.rglob("*"))
        if path.is_file()
    ]
    return [rootfs, texts]


def write(writer: tar.LayerWriter, texts: dict[str, str]) -> None:
    """Write the layer."""
    tar.add_tree(writer, ROOTFS)
    for name, text in sorted(texts.items()):
        writer.file(name, text.encode())
