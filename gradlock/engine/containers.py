"""Containers: made with what tells whose they are, confined, and gone when they are done with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from docker.errors import NotFound
from docker.models.containers import Container

from gradlock.engine import owner
from gradlock.engine.engine import Engine

#: The label of every container that gradlock makes: its kind.
LABEL = "gradlock"
#: The label that tells which process a container, or a throw-away image, belongs to.
OWNER = "gradlock.owner"
#: How many processes and threads a container may have at least, and how many for each core:
#: TensorFlow, its libraries and four test workers start some 15 threads a core together, and
#: a fork bomb must end before the machine's own numbers do.
PROCESSES, PROCESSES_PER_CORE = 4096, 64


def owned() -> dict[str, str]:
    """Return the label by which `removal.sweep` knows what is this process's own."""
    return {OWNER: str(owner.me())}


def confined(engine: Engine) -> dict[str, Any]:
    """Return the SDK's options of a container that runs what we do not trust: users' code.

    No capability, none to be gained, and a limit of processes where the engine can hold one.
    """
    options: dict[str, Any] = {"cap_drop": ["ALL"], "security_opt": ["no-new-privileges"]}
    info = engine.client.info()
    if info.get("PidsLimit"):
        options["pids_limit"] = max(PROCESSES, PROCESSES_PER_CORE * info.get("NCPU", 0))
    return options


@contextmanager
def container(
    engine: Engine, image: str, argv: Sequence[str], *, kind: str, **options: Any
) -> Iterator[Container]:
    """Make a container that is gone when the block ends."""
    made = create(engine, image, argv, kind=kind, **options)
    try:
        yield made
    finally:
        discard(made)


def create(
    engine: Engine,
    image: str,
    argv: Sequence[str],
    *,
    kind: str,
    lasting: bool = False,
    labels: Mapping[str, str] | None = None,
    **options: Any,
) -> Container:
    """Make a container, not started, of a `kind` that its label tells.

    It is swept when this process is gone, unless it is `lasting`. `options` are the SDK's for
    `containers.create`, `labels` are set beside gradlock's own.
    """
    labels = {**(labels or {}), LABEL: kind, **({} if lasting else owned())}
    return engine.client.containers.create(image, list(argv), labels=labels, **options)


def discard(made: Container) -> None:
    """Remove a container, running or not, with its own volumes."""
    with suppress(NotFound):
        made.remove(force=True, v=True)
