"""What gradlock runs in an engine: listed, read, and ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from docker.errors import NotFound

from gradlock.engine.containers import LABEL, OWNER
from gradlock.engine.engine import Engine, working
from gradlock.errors import InputError
from gradlock.inside.service import URL
from gradlock.inside.workspace import FOLDER

#: The kinds that a person starts to work in, as opposed to tests and builds.
SERVICES = ("lab", "tensorboard", "shell")


@dataclass(frozen=True)
class Running:
    """A container of gradlock's: what `ps` prints of it.

    `name` is what it is called by: the port of a service, else the first digits of its ID.
    `state` is the engine's own line: since when it runs and how it is, or how it ended.
    """

    name: str
    kind: str
    image: str
    state: str
    folder: str
    url: str
    detached: bool
    id: str

    def called(self, name: str) -> bool:
        """Whether a person may mean this one: by its name, what it is, or more of its ID."""
        return name in (self.name, self.kind) or (len(name) >= 4 and self.id.startswith(name))


def every(engine: Engine) -> list[Running]:
    """Return all containers of gradlock's, those that ended too; services first.

    Raises:
        EngineError: the engine refused, or stopped answering.

    """
    with working(engine, "listing what runs"):
        rows = engine.client.api.containers(all=True, filters={"label": LABEL})
        found = [_read(row) for row in rows]
    return sorted(found, key=lambda one: (one.kind not in SERVICES, one.kind, one.name))


def one(found: Sequence[Running], name: str) -> Running:
    """Return the one that a name means, or without a name the only service.

    Raises:
        InputError: there is no such one, or several may be meant.

    """
    services = [row for row in found if row.kind in SERVICES]
    meant = [row for row in found if row.called(name)] if name else services
    if len(meant) == 1:
        return meant[0]
    names = ", ".join(f"{row.name} ({row.kind})" for row in meant or services)
    if meant:
        raise InputError("several may be meant", where=names, mend="name one of them by its number")
    raise InputError(
        f"nothing is called {name}" if name else "nothing is running",
        where=names,
        mend="./inv ps shows what runs",
    )


def stop(engine: Engine, chosen: Sequence[Running]) -> None:
    """End containers, each with the time to end by itself, and remove them.

    Raises:
        EngineError: the engine refused, or stopped answering.

    """
    with working(engine, "stopping"):
        for row in chosen:
            with suppress(NotFound):  # who started it removes it, too
                container = engine.client.containers.get(row.id)
                container.stop(timeout=10)
                container.remove(force=True, v=True)


def log(engine: Engine, chosen: Running, *, follow: bool) -> Iterator[bytes]:
    """Yield what a container has printed, and with `follow` what it prints until it ends.

    Raises:
        EngineError: the engine refused, or stopped answering.

    """
    with working(engine, "reading a log"):
        container = engine.client.containers.get(chosen.id)
        yield from container.logs(stream=True, follow=follow)


def _read(row: Mapping[str, Any]) -> Running:
    """Read a row of the engine's list."""
    labels = row["Labels"]
    url = labels.get(URL, "")
    return Running(
        name=str(urlsplit(url).port or row["Id"][:12]),
        kind=labels[LABEL],
        image=_short(row["Image"]),
        state=row["Status"],
        folder=labels.get(FOLDER, ""),
        url=url,
        detached=OWNER not in labels,
        id=row["Id"],
    )


def _short(image: str) -> str:
    """Return an image's name; of one that has none, as much of its ID as tells it apart."""
    return image[:19] if image.startswith("sha256:") else image
