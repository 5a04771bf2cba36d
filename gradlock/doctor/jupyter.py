"""JupyterLab: its port, its token, and whether work can be saved in this folder."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from gradlock.doctor import disks, needs
from gradlock.doctor.api import AnswerError
from gradlock.doctor.disks import Place
from gradlock.doctor.findings import Finding, Severity, broken, fine, warning
from gradlock.doctor.question import Question

HOST = "127.0.0.1"
#: The first port that `./inv lab` tries, and how many.
PORT, PORTS = 8888, 100
#: Linux's table of TCP's sockets, and what it calls one that listens.
TABLE, LISTENS = Path("/proc/net/tcp"), "0A"


def port(asked: Question) -> Iterator[Finding]:
    """Look whether JupyterLab's port is free, and who has it."""
    free = next((each for each in range(PORT, PORT + PORTS) if _free(each)), None)
    if free == PORT:
        yield fine(f"port {PORT} is free")
    elif free is None:
        yield broken(
            f"no port from {PORT} to {PORT + PORTS - 1} is free, or none may be listened on",
            "JupyterLab cannot be reached",
            "./inv lab --port 9999",
        )
    else:
        yield warning(
            f"port {PORT} is taken" + (_published(asked, PORT) or _by(PORT)),
            f"`docker run -p {PORT}:{PORT}` fails; ./inv lab takes {free}",
            f"docker run -p 127.0.0.1:{free}:{PORT}; or end who has it",
        )


def _free(number: int) -> bool:
    """Whether a port of this machine can be listened on; asked as the engine will."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, number))
        except OSError as error:
            return error.errno not in (errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL)
    return True


def _published(asked: Question, number: int) -> str:
    """Return which container of the engine has a port, if one has."""
    api = asked.engine.get().api
    rows: list[dict[str, Any]] = []
    with suppress(OSError, AnswerError):  # then /proc may tell
        rows = api.get("/containers/json") if api else []
    having = [
        row
        for row in rows
        if any(each.get("PublicPort") == number for each in row.get("Ports") or ())
    ]
    return f" by the container {str(having[0]['Names'][0]).lstrip('/')}" if having else ""


def _by(number: int) -> str:
    """Return who listens on a port, where this user may know."""
    try:
        rows = [line.split() for line in TABLE.read_text().splitlines()[1:]]
    except OSError:
        return ""
    inodes = {
        f"socket:[{row[9]}]"
        for row in rows
        if row[3] == LISTENS and int(row[1].rpartition(":")[2], 16) == number
    }
    for held in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):  # it is another user's, or has ended meanwhile
            if str(held.readlink()) in inodes:
                process = held.parent.parent
                name = (process / "comm").read_text().strip()
                return f" by {name} (process {process.name})"
    return " by another user's process" if inodes else ""


def token(asked: Question) -> Iterator[Finding]:
    """Look at a token that the environment hands on."""
    if asked.environ.get("JUPYTER_TOKEN") == "":
        yield warning(
            "JUPYTER_TOKEN is set, and empty",
            "`docker run -e JUPYTER_TOKEN` hands it on: the server ends with status 64, since "
            "whoever reaches its port could run code",
            "unset JUPYTER_TOKEN",
        )


def folder(asked: Question) -> Iterator[Finding]:
    """Look whether notebooks can be saved in the folder that would be mounted: this one."""
    try:
        here = asked.folder.resolve(strict=True)
        here.stat()
    except PermissionError as error:
        yield broken(
            f"this user may not come to this folder ({error.filename})",
            "JupyterLab and the shell work in the folder where they are started",
            "cd to one of your own",
        )
        return
    except OSError as error:
        yield broken(
            f"this folder is gone ({error.strerror})",
            "JupyterLab and the shell work in the folder where they are started",
            "cd to one that is there",
        )
        return
    found = list(disks.look(Place(here, "this folder", needs.LEAST, "cd to another folder")))
    yield from found
    if found and found[0].severity is Severity.BROKEN:
        return
    sought = asked.engine.get()
    if sought.api is not None and not sought.local:
        yield warning(
            f"the engine ({sought.api.address.url}) is on another machine, which does not see this "
            "folder",
            "./inv lab and ./inv shell cannot mount it",
            "work on that machine: ssh there, and clone the project",
        )
    elif _hidden(here):
        yield warning(
            f"others may not enter {_hidden(here)}, which is above this folder",
            "an engine that runs as another user (rootless, in a virtual machine) does not see it",
            f"chmod o+x {_hidden(here)}; or work elsewhere",
        )


def _hidden(here: Path) -> Path | None:
    """Return the folder above that others may not enter, where this user owns neither."""
    for each in here.parents:
        state = each.stat()
        if not state.st_mode & 0o001 and state.st_uid not in (os.getuid(), 0):
            return each
    return None
