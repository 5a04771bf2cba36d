"""The image's own Python, run on the host from an unpacked root file system.

It is started through its own loader with its own libraries, so that it needs neither a
container nor root, and the host's Python plays no part in what an image holds.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from gradlock import store
from gradlock.command import Program
from gradlock.layers import Layer

LIBRARIES = "usr/lib/x86_64-linux-gnu"


@contextmanager
def unpacked(layers: Sequence[Layer], python: str) -> Iterator[Program]:
    """Unpack the layers that hold an interpreter; yield it for as long as the block lasts."""
    with store.scratch("root") as root:
        for layer in layers:
            with tarfile.open(layer.path, mode="r:") as source:
                members = [member for member in source if not member.isdev()]
                source.extractall(root, members, filter=_plain)  # noqa: S202 - our own layers
        yield _interpreter(root, python)


def _plain(member: tarfile.TarInfo, _path: str) -> tarfile.TarInfo:
    """Take a member as it is, without its owner: only root could give files away."""
    return member.replace(uid=None, gid=None, uname=None, gname=None, deep=False)  # type: ignore[arg-type]


def _interpreter(root: Path, python: str) -> Program:
    own = root / f"opt/conda/bin/python{python}"
    # In the channel `debian` the prefix only links to Debian's interpreter.
    home = root / ("opt/conda" if own.is_file() and not own.is_symlink() else "usr")
    libraries = root / LIBRARIES
    return Program(
        (
            str(libraries / "ld-linux-x86-64.so.2"),
            *("--library-path", f"{home / 'lib'}:{libraries}"),
            str(home / f"bin/python{python}"),
        ),
        {"PYTHONHOME": str(home), "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"},
    )
