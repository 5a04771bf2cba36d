"""The top layer: docker/rootfs laid over the image, and what the image says of itself."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from gradlock import store
from gradlock.errors import InputError
from gradlock.inputs import extending
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
    for key in extending.OWN:  # what is in the image says it
        row.pop(key, None)
    return {
        "etc/gradlock/variant.json": json.dumps(row, indent=1, sort_keys=True) + "\n",
        "etc/gradlock/requested.txt": "".join(f"{name}\n" for name in requested),
        "etc/gradlock/requirements.txt": lock.body,
    }


def links(variant: Variant) -> dict[str, str]:
    """Return the symbolic links of the layer: targets by name."""
    site = schemes(variant.python)["purelib"].lstrip("/")
    return {f"{site}/{name}": target for name, target in GPU_LINKS.items() if variant.gpu}


def rootfs() -> dict[str, tuple[bytes, int]]:
    """Return the bytes and mode of the files of docker/rootfs, by their names in the layer.

    What an interpreter compiled in place is none of them: whether there is any depends on who
    ran what here.

    Raises:
        InputError: there is what an editor or a desktop leaves, and no layer should hold.

    """
    found = {}
    for path in ROOTFS.rglob("*"):
        name = path.relative_to(ROOTFS).as_posix()
        if BYTECODE in name.split("/"):
            continue
        if STRAY.search(path.name) or not (path.is_file() or path.is_dir()):
            raise InputError(
                "a stray file in what the images' top layer is made of",
                where=f"docker/rootfs/{name}",
                mend="remove it, or give it a name that is no hidden, backup or compiled file's",
            )
        if path.is_dir():
            continue
        found[name] = (path.read_bytes(), 0o755 if path.stat().st_mode & 0o100 else 0o644)
    return found


def inputs(texts: dict[str, str], links: dict[str, str]) -> list[object]:
    """Return what the layer is made of, for its key."""
    held = [(name, mode, store.digest(data)) for name, (data, mode) in sorted(rootfs().items())]
    return [held, texts, links]


def write(writer: tar.LayerWriter, texts: dict[str, str], links: dict[str, str]) -> None:
    """Write the layer."""
    for name, (data, mode) in sorted(rootfs().items()):
        writer.file(name, data, mode=mode)
    for name, text in sorted(texts.items()):
        writer.file(name, text.encode())
    for name, target in sorted(links.items()):
        writer.symlink(name, target)
