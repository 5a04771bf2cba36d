"""Folders that are mounted into a container: there, and its user's to write to."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gradlock.doctor.findings import Finding, warning

#: The folder that work is saved in; another one may be for reading alone on purpose.
WORK = "/home/gradlock/work"


def look(name: str, known: Mapping[str, Any]) -> Iterator[Finding]:
    """Look at the folders of this machine that a container of it has.

    A user that the image names, and not by a number, is not known here. Root may write anywhere,
    but for one without capabilities, who may write to what is root's.
    """
    dropped = (known.get("HostConfig") or {}).get("CapDrop") or ()
    mighty = not {"ALL", "CAP_ALL"} & {str(name).upper() for name in dropped}
    user, _, group = str((known.get("Config") or {}).get("User") or "0").partition(":")
    for mount in known.get("Mounts") or ():
        if mount.get("Type") != "bind":
            continue
        source, target = Path(str(mount.get("Source"))), mount.get("Destination")
        try:
            state = source.stat()
        except FileNotFoundError:
            yield warning(
                f"{name}: {source}, mounted at {target}, is not there any more",
                "the container has the folder that was removed: what it writes is lost",
                "make it again, and start the container anew",
            )
            continue
        except OSError:
            continue  # this user may not look
        if not source.is_dir():
            continue
        if not mount.get("RW", True) and target == WORK:
            yield warning(
                f"{name}: {source} is mounted at {target} for reading alone",
                "nothing can be saved there",
                "leave `:ro` away where the container is started",
            )
        elif (
            mount.get("RW", True) and _known(user, mighty) and not _writes(state, int(user), group)
        ):
            yield warning(
                f"{name} runs as user {user}, and {source}, mounted at {target}, is user "
                f"{state.st_uid}'s",
                "nothing can be saved there: 'Permission denied'",
                f"docker run --user {state.st_uid}:{state.st_gid}; ./inv lab and ./inv shell do so",
            )


def _known(user: str, mighty: bool) -> bool:
    """Whether modes say what a user may do: not of one who is only named, nor of a mighty root."""
    return user.isdecimal() and not (int(user) == 0 and mighty)


def _writes(state: os.stat_result, user: int, group: str) -> bool:
    """Whether a user may write to what has that state, by its mode alone."""
    if state.st_uid == user:
        return bool(state.st_mode & 0o200)
    if group.isdecimal() and state.st_gid == int(group):
        return bool(state.st_mode & 0o020)
    return bool(state.st_mode & 0o002)
