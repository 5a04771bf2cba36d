"""No layer hides a file of another: an image is what its layers hold, in whatever order.

Layers lie by weight, so which of two files won would be chance. Folders are shared, as long as
all layers say the same of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from gradlock.errors import LockError, raise_all
from gradlock.layers import Layer, cache, tar

#: Files that several layers may hold as long as they are the same, and why.
SHARED = re.compile(
    # The wheels of CUDA 12.5 each bring the empty marker of their common package.
    r"opt/conda/lib/python[\d.]+/site-packages/nvidia/"
    r"(__init__\.py|__pycache__/__init__\.cpython-\d+\.pyc)"
    # Until 2.20 TensorFlow's wheels bring TensorBoard's program, too: the same call.
    r"|opt/conda/bin/tensorboard"
    # What conda takes a folder for a prefix by, whichever part of it is there.
    r"|opt/conda/conda-meta/history"
)


def check(layers: Sequence[Layer]) -> None:
    """Refuse layers of which one hides or changes what another holds.

    Raises:
        LockError: two layers hold one file, or differ in a folder; all such are named.

    """
    files: dict[str, tuple[Layer, int]] = {}
    folders: dict[str, tuple[Layer, tuple[int, int, int]]] = {}
    problems: list[LockError] = []
    for layer in layers:
        held = cache.listing(layer)
        for name in sorted(held.files.keys() & files.keys()):
            other, offset = files[name]
            if not SHARED.fullmatch(name):
                problems.append(_problem("hold the same file", name, other, layer))
            elif _file(other.path, offset) != _file(layer.path, held.files[name]):
                problems.append(_problem("differ in a file that they share", name, other, layer))
        for name in sorted(held.folders.keys() & folders.keys()):
            other, attributes = folders[name]
            if attributes != held.folders[name]:
                what = "differ in the owner or the mode of a folder"
                problems.append(_problem(what, name, other, layer))
        for name in sorted(held.folders.keys() & files.keys()):
            problems.append(_problem("hold a file and a folder", name, files[name][0], layer))
        for name in sorted(held.files.keys() & folders.keys()):
            problems.append(_problem("hold a folder and a file", name, folders[name][0], layer))
        files.update((name, (layer, offset)) for name, offset in held.files.items())
        folders.update((name, (layer, how)) for name, how in held.folders.items())
    raise_all(LockError, problems)


def _file(path: Path, offset: int) -> tuple[object, ...]:
    """Return all that two layers' copies of a file must have in common."""
    member, data = tar.member_at(path, offset)
    return (member.type, member.mode, member.uid, member.gid, member.linkname, data)


def _problem(what: str, name: str, one: Layer, other: Layer) -> LockError:
    return LockError(
        f"the layers {one.name} and {other.name} {what}: which one counts, nobody said",
        where=f"/{name}",
        mend="drop one of the packages that bring it, or pin a release that does not",
    )
