"""A user's folder inside a container: mounted, and used under the user's own id."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gradlock import progress
from gradlock.errors import InputError

#: Where a container sees the folder; also where its services start.
INSIDE = "/home/gradlock/work"


def options(folder: Path) -> dict[str, Any]:
    """Return the SDK's options that mount a folder, for a process with the id of its owner.

    What the container writes there is the user's own. No container runs as root: a folder of
    root's is seen by the image's user, who may not write to it, and a line says so.

    Raises:
        InputError: there is no such folder.

    """
    if not folder.is_dir():
        raise InputError("no such folder", where=str(folder), mend="make it, or name another")
    folder = folder.resolve()
    mounted: dict[str, Any] = {"volumes": {str(folder): {"bind": INSIDE, "mode": "rw"}}}
    owner = folder.stat()
    if owner.st_uid:
        return {**mounted, "user": f"{owner.st_uid}:{owner.st_gid}"}
    if not owner.st_mode & 0o002:
        progress.say(
            f"{folder} belongs to root: the container, which is not root, can only read it"
        )
    return mounted
