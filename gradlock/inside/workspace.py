"""A user's folder inside a container: mounted, and used under the user's own id."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from docker.errors import APIError
from docker.models.containers import Container
from docker.types import Mount
from docker.utils import decode_json_header

from gradlock.engine import containers
from gradlock.engine.engine import Engine
from gradlock.errors import EngineError, InputError
from gradlock.inside import identity

#: Where a container sees the folder; also where its services start.
INSIDE = "/home/gradlock/work"
#: The label that holds the folder's path on this machine.
FOLDER = "gradlock.folder"


def found(folder: Path) -> Path:
    """Return a user's folder by its whole path.

    Raises:
        InputError: there is no such folder.

    """
    if not folder.is_dir():
        raise InputError("no such folder", where=str(folder), mend="make it, or name another")
    return folder.resolve()


def options(
    engine: Engine, folder: Path, *, read_only: bool = False, mounts: Sequence[Mount] = ()
) -> dict[str, Any]:
    """Return the SDK's options that mount a folder, for a process with its user's id.

    `mounts` are mounted beside it.

    Raises:
        InputError: there is no such folder.

    """
    folder = found(folder)
    # Not a "volume": of a folder that it does not see, an engine makes an empty one.
    mounted = Mount(INSIDE, str(folder), type="bind", read_only=read_only)
    return {"mounts": [mounted, *mounts], **identity.of(engine, folder).options()}


def create(
    engine: Engine,
    image: str,
    argv: Sequence[str],
    folder: Path,
    *,
    read_only: bool = False,
    mounts: Sequence[Mount] = (),
    **more: Any,
) -> Container:
    """Make a container, not started, that works in a user's folder.

    `more` is for `containers.create`.

    Raises:
        InputError: there is no such folder.
        EngineError: the engine does not see it: it runs on another machine, or in a virtual one.

    """
    folder = found(folder)
    given = {
        **containers.confined(engine),
        **options(engine, folder, read_only=read_only, mounts=mounts),
        **more,
    }
    given["labels"] = {FOLDER: str(folder), **more.get("labels", {})}
    try:
        made = containers.create(engine, image, argv, **given)
    except APIError as error:
        _, refused, path = str(error.explanation).partition("bind source path does not exist: ")
        if refused:
            raise _unseen(engine, path.strip()) from error
        raise
    try:
        if not _sees(engine, made, folder):
            raise _unseen(engine, str(folder))
    except BaseException:
        containers.discard(made)
        raise
    return made


def _unseen(engine: Engine, path: str) -> EngineError:
    return EngineError(
        "the Docker Engine does not see the folder: it has other files than this machine",
        where=f"{path}, {engine.where}",
        mend="share the folder with the engine's virtual machine (Docker Desktop: Settings, "
        "Resources, File sharing), or use an engine of this machine",
    )


def _sees(engine: Engine, container: Container, folder: Path) -> bool:
    """Whether what a container has in its folder is this machine's folder.

    Both tell the same of it, where the engine is here. A virtual machine may round what it
    tells: then a file that is there for a moment is looked for.
    """
    here, there = folder.stat(), _told(engine, container, INSIDE)
    if there is not None:
        changed = datetime.fromisoformat(there["mtime"]).timestamp()
        same_time = round(changed * 1_000_000) == here.st_mtime_ns // 1000
        if same_time and there["mode"] & 0o777 == here.st_mode & 0o777:
            return True
    try:
        with tempfile.NamedTemporaryFile(prefix=".gradlock-", dir=folder) as marker:
            return _told(engine, container, f"{INSIDE}/{Path(marker.name).name}") is not None
    except OSError:
        return False


def _told(engine: Engine, container: Container, path: str) -> dict[str, Any] | None:
    """Return what a container tells of a path: its mode, its time; None if it is not there.

    The SDK asks this only together with the path's whole content.
    """
    api: Any = engine.client.api
    response = api.head(api._url("/containers/{0}/archive", container.id), params={"path": path})
    header = response.headers.get("x-docker-container-path-stat")
    return decode_json_header(header) if response.ok and header else None
