"""The image's own Python, run on this machine from an unpacked root, for resolvers alone.

It is started through its own loader with its own libraries, so that it needs neither a
container nor root. What goes into an image is compiled in a room instead.
"""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from gradlock import command, store
from gradlock.command import Program
from gradlock.errors import InputError
from gradlock.inputs.variants import Variant
from gradlock.layers import base, deb, emulation
from gradlock.locks.pins import DebPin


@contextmanager
def unpacked(
    debs: Sequence[DebPin], files: Mapping[str, Path], variant: Variant
) -> Iterator[Program]:
    """Unpack a variant's Python, of .debs at `files` (paths by sha256); yield it for the block.

    Raises:
        InputError: they hold no such Python, or it is for a machine that this one cannot be.

    """
    python, machine = variant.python, variant.machine
    through = _emulator(variant)
    with store.scratch("python") as work:
        base.unpack(_needed(f"python{python}", debs, files), files, work / "root.tar")
        _extract(work / "root.tar", work / "root")
        home, libraries = work / "root/usr", work / "root" / machine.libraries
        program = home / f"bin/python{python}"
        if not program.exists():
            raise InputError(
                f"the base layer has no Python {python}",
                where="requirements/apt.lock",
                mend="choose the Debian suite's own Python in variants.toml",
            )
        loader = str(libraries / machine.loader)
        yield Program(
            (*through, loader, "--library-path", str(libraries), str(program)),
            {"PYTHONHOME": str(home), "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"},
        )


def _needed(name: str, debs: Sequence[DebPin], files: Mapping[str, Path]) -> list[DebPin]:
    """Return a package and all that it depends on: to unpack the others takes far longer."""
    left = {pin.name: pin for pin in debs}
    wanted, found = {name}, []
    while wanted:
        if pin := left.pop(wanted.pop(), None):
            found.append(pin)
            wanted |= deb.needs(files[pin.sha256])
    return found


def _emulator(variant: Variant) -> tuple[str, ...]:
    """Return what runs a variant's programs on this machine: nothing, where it is of their kind."""
    machine = variant.machine.machine
    here = emulation.here()
    if here == machine:
        return ()
    names = (f"qemu-{machine}-static", f"qemu-{machine}")
    found = next(filter(None, (shutil.which(name, path=command.PATH) for name in names)), None)
    if found is None:
        raise InputError(
            f"the Python of {variant.name}, under which pip-compile checks its wheels, is for "
            f"{machine}, and this machine is {here}",
            where=variant.platform,
            mend="install qemu-user-static (Debian's name), or lock on such a machine",
        )
    return (found,)


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
