"""What is removed from an engine: what dead processes left, and what a person wants gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

from docker.errors import APIError, ImageNotFound, NotFound

from gradlock.engine import owner
from gradlock.engine.containers import LABEL, OWNER
from gradlock.engine.engine import Engine, working

#: The labels of images that are thrown away: of layers on their way, of a root being made.
THROWN_AWAY = ("gradlock.wave", "gradlock.room")
#: The label of every image that gradlock builds.
VARIANT = "io.gradlock.variant"
#: How the history of a layer that gradlock wrote begins.
WRITTEN = "gradlock layer "


def sweep(engine: Engine) -> int:
    """Remove containers, networks, throw-away images whose process has ended; return how many.

    Whose process lives, or is another machine's, stays.

    Raises:
        EngineError: the engine refused, or stopped answering.

    """
    with working(engine, "removing what killed runs left"):
        removed = 0
        for row in engine.client.api.containers(all=True, filters={"label": OWNER}):
            if _abandoned(engine, row["Labels"]):
                removed += _remove_container(engine, row["Id"])
        for row in engine.client.api.networks(filters={"label": OWNER}):
            if _abandoned(engine, row["Labels"]):
                removed += _remove_network(engine, row["Id"])
        for label in THROWN_AWAY:
            for row in engine.client.api.images(all=True, filters={"label": label}):
                if _abandoned(engine, row["Labels"]):
                    removed += _remove_image(engine, row["Id"])
        return removed


def remove(engine: Engine, references: Iterable[str]) -> None:
    """Remove images by reference, and what a killed run or a newer build left behind.

    That is containers that have ended, and gradlock's own images that lost their tag. What
    people built from an image of gradlock's stays, though it has inherited the label.

    Raises:
        EngineError: a running container uses one of them.

    """
    sweep(engine)
    with working(engine, "removing images"):
        ended: dict[str, str | list[str] | bool] = {"label": LABEL, "status": ["exited", "dead"]}
        for row in engine.client.api.containers(all=True, filters=ended):
            if OWNER not in row["Labels"]:  # else a run that goes on has not read it yet
                _remove_container(engine, row["Id"])
        for reference in references:
            with suppress(ImageNotFound):
                engine.client.api.remove_image(reference, force=True)
        untagged: dict[str, str | list[str] | bool] = {"label": VARIANT, "dangling": True}
        for row in engine.client.api.images(all=True, filters=untagged):
            if _is_ours(engine, row["Id"]):
                _remove_image(engine, row["Id"])


def _abandoned(engine: Engine, labels: Mapping[str, str]) -> bool:
    """Whether labels tell of a process that has ended."""
    whose = owner.parse(labels.get(OWNER, ""))
    return whose is not None and whose.ended(local=engine.local)


def _is_ours(engine: Engine, identity: str) -> bool:
    """Whether gradlock wrote an image: its history says so of every layer, and tells no more.

    Whatever is built on it, by whichever builder, adds a line of its own, even where it adds
    no layer.
    """
    with suppress(NotFound):  # removed since it was listed
        lines = engine.client.api.history(identity)
        layers = engine.client.api.inspect_image(identity)["RootFS"].get("Layers") or ()
        return len(lines) == len(layers) and all(
            line["CreatedBy"].startswith(WRITTEN) for line in lines
        )
    return False


def _remove_container(engine: Engine, identity: str) -> bool:
    with suppress(NotFound):
        engine.client.api.remove_container(identity, force=True, v=True)
        return True
    return False


def _remove_network(engine: Engine, identity: str) -> bool:
    """Remove a network, unless something uses it; return whether it is gone."""
    with suppress(APIError):
        engine.client.api.remove_network(identity)
        return True
    return False


def _remove_image(engine: Engine, identity: str) -> bool:
    """Remove an untagged image, unless something uses it; return whether it is gone."""
    with suppress(APIError):
        engine.client.api.remove_image(identity)
        return True
    return False
