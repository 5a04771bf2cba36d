"""Who a container's process is, so that what it saves belongs to who started it.

It is never more than a user: where root's own folder needs root, it is a root without any
capability, on a root file system that it cannot write to.
"""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradlock import progress
from gradlock.engine.engine import Engine
from gradlock.errors import InputError

ROOT = 0
#: Bytes without which a disk is full: a notebook with a few pictures has as many.
LEAST = 1 << 20
#: What a file system needs of a folder that is worked in: reading, writing, entering.
ALL = os.R_OK | os.W_OK | os.X_OK


@dataclass(frozen=True)
class Identity:
    """A user and groups by number, as the container has them.

    `mapped` says that the engine maps root in containers to the user it runs as.
    """

    uid: int
    gid: int
    groups: tuple[int, ...] = ()
    mapped: bool = False
    shifted: bool = False

    def options(self) -> dict[str, Any]:
        """Return the SDK's options of a container that runs as this user."""
        options: dict[str, Any] = {"user": f"{self.uid}:{self.gid}"}
        if self.groups:
            options["group_add"] = [str(group) for group in self.groups]
        if self.shifted:
            # The engine would run users as others than they are, who own nothing here.
            options["userns_mode"] = "host"
        if self.uid == ROOT:
            # Root owns the image's programs, and needs no capability to write to them.
            options["read_only"] = True
            options["tmpfs"] = {"/tmp": "rw,exec,nosuid,nodev,mode=1777"}
        return options


def of(engine: Engine, folder: Path) -> Identity:
    """Return who works in a folder: who started this, or for root the folder's owner.

    Root may be anybody, and without capabilities could not write to what is another's. An
    engine without root's rights has its user as root in containers.
    """
    security = " ".join(engine.client.info().get("SecurityOptions") or ())
    if "name=rootless" in security:
        return Identity(ROOT, ROOT, mapped=True)
    shifted = "name=userns" in security
    uid, gid = os.geteuid(), os.getegid()
    if uid == ROOT:
        owner = folder.stat()
        return Identity(owner.st_uid, owner.st_gid, shifted=shifted)
    groups = tuple(sorted(set(os.getgroups()) - {gid}))
    return Identity(uid, gid, groups, shifted=shifted)


def tell(who: Identity, folder: Path) -> None:
    """Say whose the files will be, where that is not who started this."""
    if os.geteuid() == ROOT and who.uid != ROOT:
        progress.say(f"{folder} is {_named(who.uid)}'s, and so will be what is saved there")


def check(who: Identity, folder: Path) -> None:
    """Hold a folder to this: `who` can save there.

    The container tries it once more; it alone knows of quotas, and of what the engine's own
    machine allows.

    Raises:
        InputError: it is another's, on a read-only file system, or on a full disk.

    """
    elsewhere = (
        "name a folder of yours with --folder; this one can be read beside it: "
        f"--mount {folder}:/mnt/{folder.name or 'root'}:ro"
    )
    system, stat = os.statvfs(folder), folder.stat()
    if system.f_flag & os.ST_RDONLY:
        raise InputError(
            "nothing could be saved: the folder is on a read-only file system",
            where=str(folder),
            mend=f"mount it for writing, or {elsewhere}",
        )
    if not _may_write(who, folder):
        raise InputError(
            f"nothing could be saved: the folder is {_named(stat.st_uid)}'s (mode "
            f"{stat.st_mode & 0o777:o}), and {_named(os.geteuid())} may not write to it",
            where=str(folder),
            mend=elsewhere,
        )
    # Some blocks are kept for root, also without capabilities.
    free = system.f_bfree if who.uid == ROOT and not who.mapped else system.f_bavail
    if free * system.f_frsize < LEAST or (system.f_files and not system.f_favail):
        raise InputError(
            "nothing could be saved: the folder's disk is full",
            where=str(folder),
            mend="free some space (./inv clean removes what gradlock can make again), or "
            "name a folder on another disk with --folder",
        )


def _may_write(who: Identity, folder: Path) -> bool:
    """Whether a user may; root without capabilities is held to the mode of what it owns."""
    if os.geteuid() == ROOT:
        mode = folder.stat().st_mode
        return who.mapped or mode >> 6 & ALL == ALL
    return os.access(folder, ALL)


def _named(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
