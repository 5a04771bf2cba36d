"""The image's own Python, run on this machine from an unpacked root, for resolvers alone.

It is started through its own loader with its own libraries, so that it needs neither a
container nor root. What goes into an image is compiled in a room instead.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from gradlock import store
from gradlock.command import Program
from gradlock.errors import InputError
from gradlock.layers import base
from gradlock.locks.lockfile import DebPin

LIBRARIES = "usr/lib/x86_64-linux-gnu"


@contextmanager
def unpacked(debs: Sequence[DebPin], files: Mapping[str, Path], python: str) -> Iterator[Program]:
    """Unpack the .debs at `files` (paths by sha256); yield their Python while the block lasts.

    Raises:
        InputError: they hold no such Python.

    """
    with store.scratch("python") as work:
        base.unpack(debs, files, work / "root.tar")
        _extract(work / "root.tar", work / "root")
        home, libraries = work / "root/usr", work / "root" / LIBRARIES
        program = home / f"bin/python{python}"
        if not program.exists():
            raise InputError(
                f"the base layer has no Python {python}",
                where="requirements/apt.lock",
                mend="choose the Debian suite's own Python in variants.toml",
            )
        loader = str(libraries / "ld-linux-x86-64.so.2")
        yield Program(
            (loader, "--library-path", str(libraries), str(program)),
            {"PYTHONHOME": str(home), "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"},
        )


def _extract(source: Path, root: Path) -> None:
    """Unpack a tar without its owners and devices: only root could make those."""
    with tarfile.open(source, "r:", encoding="utf-8", errors="surrogateescape") as archive:
        # An attribute, since the Python of Debian 12 knows no argument; our own tar, no filter.
        archive.extraction_filter = lambda member, _: member
        for member in archive:
            if not member.isdev():
                member.uid = member.gid = 0
                member.uname = member.gname = ""
                archive.extract(member, root, set_attrs=not member.islnk())
