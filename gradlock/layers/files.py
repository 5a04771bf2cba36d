"""The top layer: docker/rootfs laid over the image, and what the image says of itself."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from gradlock import store
from gradlock.errors import InputError
from gradlock.inputs.variants import Variant
from gradlock.layers import cache, tar
from gradlock.layers.wheels import schemes
from gradlock.locks.lockfile import LockText

RECIPE = cache.recipe("layers/files.py")
ROOTFS = store.ROOT / "docker/rootfs"
#: What a program of it leaves there that was run in place.
BYTECODE = "__pycache__"
#: Names that hidden files, back-ups and bytecode have.
STRAY = re.compile(r"^\.|~$|\.(pyc|swp|orig|rej|bak)$")
#: Links that a GPU image needs below site-packages. TensorFlow opens CUDA's libraries through
#: the RUNPATH of libtensorflow_framework, and 2.21's lacks cuSOLVER's folder (that of
#: libtensorflow_cc has it, which does not help): with a GPU it would say "Cannot dlopen some
#: GPU libraries" and use none. A link in a folder that it does search mends that; cuSOLVER
#: finds its own neighbours from there. tests/image/smoke/cuda proves it, and tells when the
#: link is no longer needed.
GPU_LINKS = {"nvidia/cusparse/lib/libcusolver.so.11": "../../cusolver/lib/libcusolver.so.11"}


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


def links(variant: Variant) -> dict[str, str]:
    """Return the symbolic links of the layer: targets by name."""
    site = schemes(variant.python)["purelib"].lstrip("/")
    return {f"{site}/{name}": target for name, target in GPU_LINKS.items() if variant.gpu}


def inputs(texts: dict[str, str], links: dict[str, str]) -> list[object]:
    """Return what the layer is made of, for its key.

    Raises:
        InputError: something in docker/rootfs does not belong into an image.

    """
    rootfs = [
        (path.relative_to(ROOTFS).as_posix(), path.stat().st_mode & 0o100, store.file_digest(path))
        for path in _rootfs()
        if path.is_file()
    ]
    return [rootfs, texts, links]


def _rootfs() -> list[Path]:
    """Return what docker/rootfs holds, refusing what editors and systems leave in folders."""
    found = [
        path for path in sorted(ROOTFS.rglob("*")) if BYTECODE not in path.relative_to(ROOTFS).parts
    ]
    strays = [path for path in found if STRAY.search(path.name)]
    if strays:
        raise InputError(
            "docker/rootfs is laid over every image, and holds what does not belong there",
            where=", ".join(str(path.relative_to(store.ROOT)) for path in strays),
            mend="remove it",
        )
    return found


def write(writer: tar.LayerWriter, texts: dict[str, str], links: dict[str, str]) -> None:
    """Write the layer."""
    tar.add_tree(writer, ROOTFS, without=BYTECODE)
    for name, text in sorted(texts.items()):
        writer.file(name, text.encode())
    for name, target in sorted(links.items()):
        writer.symlink(name, target)
