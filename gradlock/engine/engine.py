"""The Docker Engine: find the one that answers or start a private one, and load images into it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import urllib3
from docker.client import DockerClient, from_env
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.models.containers import Container
from docker.types import DeviceRequest

from gradlock import progress, store
from gradlock.engine import dockerd
from gradlock.errors import EngineError
from gradlock.images import archive
from gradlock.images.image import Image
from gradlock.layers import Layer
from gradlock.progress import Meter

#: The label of every container that gradlock starts.
LABEL = "gradlock"
#: Seconds that one request may be silent: an engine on a slow disk unpacks a layer of 2 GB in less.
PATIENCE = 900


@dataclass(frozen=True)
class Engine:
    """An engine that answered: its client, its address, and whether gradlock started it."""

    client: DockerClient
    where: str
    private: bool


# Finding and starting


def connect() -> Engine:
    """Return the engine that answers; where none does, start a private one.

    Raises:
        EngineError: none answers and none can be started, or its socket is not permitted.

    """
    return find() or start_private()


def find() -> Engine | None:
    """Return the engine that `DOCKER_HOST` names, or the first usual socket's that answers.

    Raises:
        EngineError: `DOCKER_HOST` does not answer, or a socket is there but not permitted.

    """
    if host := os.environ.get("DOCKER_HOST"):
        return _named(host)
    denied: list[Path] = []
    for path in (*usual_sockets(), dockerd.listens()):
        try:
            if engine := _answering(path):
                return engine
        except PermissionError:
            denied.append(path)
    if denied:
        raise EngineError(
            "a Docker Engine is there, but this user may not talk to it",
            where=", ".join(map(str, denied)),
            mend="sudo usermod -aG docker $USER and log in again, or run as root",
        )
    return None


def usual_sockets() -> tuple[Path, ...]:
    """Return where engines listen: the system's, a rootless one's, Docker Desktop's."""
    runtime = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    home = Path.home() / ".docker"
    return (
        Path("/var/run/docker.sock"),
        Path(runtime) / "docker.sock",
        home / "run/docker.sock",
        home / "desktop/docker.sock",
    )


def start_private() -> Engine:
    """Start this store's own engine, unless it runs, and wait until it answers.

    It outlives the command; `stop_private` ends it. Two runs at once start one.

    Raises:
        EngineError: this user is not root, there is no dockerd, or it died.

    """
    with store.exclusive("engine"):
        pid = dockerd.running() or dockerd.launch()
        return dockerd.wait(pid, lambda: _answering(dockerd.listens()))


def stop_private() -> bool:
    """End this store's private engine, and no other process; return whether it ran."""
    with store.exclusive("engine"):
        return dockerd.end()


def _named(host: str) -> Engine:
    """Return the engine at `DOCKER_HOST`; when a person names one, no other will do."""
    try:
        client = from_env(timeout=PATIENCE)
        client.ping()
    except (DockerException, requests.RequestException) as error:
        raise EngineError(
            f"the Docker Engine that DOCKER_HOST names does not answer: {error}",
            where=host,
            mend="start it, or unset DOCKER_HOST",
        ) from error
    return Engine(client, host, private=False)


def _answering(path: Path) -> Engine | None:
    """Return the engine behind a socket, or None where nothing answers.

    Raises:
        PermissionError: this user may not connect to the socket.

    """
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(5)
        try:
            probe.connect(str(path))
        except PermissionError:
            raise
        except OSError:
            return None
    where = f"unix://{path}"
    try:
        DockerClient(base_url=where, timeout=10).close()  # asks for the API's version
        client = DockerClient(base_url=where, timeout=PATIENCE)
    except (DockerException, requests.RequestException):
        return None
    return Engine(client, where, private=path == dockerd.listens())


@contextmanager
def working(engine: Engine, purpose: str) -> Iterator[None]:
    """Turn what goes wrong in a talk with the engine into an error that says what was done.

    Raises:
        EngineError: the engine refused, its disk is full, or it stopped answering.

    """
    try:
        yield
    except DockerException as error:
        refusal = str(getattr(error, "explanation", None) or error)
        raise refused(engine, purpose, refusal) from error
    except (requests.RequestException, urllib3.exceptions.HTTPError, ConnectionError) as error:
        raise EngineError(
            f"{purpose}: the Docker Engine stopped answering ({type(error).__name__})",
            where=engine.where + (f", log {dockerd.log()}" if engine.private else ""),
            mend="run the command again"
            + (": it starts the engine" if engine.private else " when the engine is back")
            + "; what the engine has whole is not sent twice",
        ) from error


def refused(engine: Engine, purpose: str, refusal: str) -> EngineError:
    """Return the error for what the engine answered: `refusal`, in its words."""
    if "no space left on device" in refusal:
        return EngineError(
            f"{purpose}: the Docker Engine's disk is full",
            where=str(dockerd.data()) if engine.private else engine.where,
            mend="free some space (`docker system prune`, or ./inv clean), and run this again",
        )
    if "could not select device driver" in refusal:
        return EngineError(
            f"{purpose}: the Docker Engine has no access to an NVIDIA GPU",
            where=engine.where,
            mend="install the NVIDIA driver and the NVIDIA Container Toolkit, restart the engine",
        )
    mend = "./inv image builds and loads it" if "No such image" in refusal else ""
    return EngineError(
        f"{purpose}: the Docker Engine refused: {refusal}", where=engine.where, mend=mend
    )


# Containers


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
    engine: Engine, image: str, argv: Sequence[str], *, kind: str, **options: Any
) -> Container:
    """Make a container, not started, of a `kind` that its label tells.

    `options` are the SDK's for `containers.create`.
    """
    return engine.client.containers.create(image, list(argv), labels={LABEL: kind}, **options)


def discard(made: Container) -> None:
    """Remove a container, running or not."""
    with suppress(NotFound):
        made.remove(force=True, v=True)


def gpus(engine: Engine, *, required: bool = False) -> list[DeviceRequest]:
    """Return what gives a container all NVIDIA GPUs of an engine; nothing where it has none.

    With `required` they are asked for in any case, so that the engine says what it lacks.
    """
    info = engine.client.info()
    devices = info.get("DiscoveredDevices") or ()
    if any(device["ID"].startswith("nvidia.com/gpu") for device in devices):
        return [DeviceRequest(driver="cdi", device_ids=["nvidia.com/gpu=all"])]
    if required or "nvidia" in info["Runtimes"]:
        return [DeviceRequest(count=-1, capabilities=[["gpu"]])]
    return []


# Loading


def load(engine: Engine, image: Image, watch: Meter) -> int:
    """Load an image, sending only the layers that the engine lacks, and tag it.

    `watch` counts to the size of all layers; those that are there already count at once.
    Returns the bytes of the layers sent.

    Raises:
        EngineError: the engine refused or died, or holds something else than was sent.

    """
    purpose = f"loading {image.reference}"
    with working(engine, purpose):
        identity = held(engine, image)
        shared = len(image.layers) if identity else _shared(engine, image)
        watch.advance(_size(image.layers[:shared]))
        sent = 0
        if identity is None:
            sent, identity = _try(engine, image, shared, watch)
        if identity is None:
            # A layer that was there may have been removed since, so send them all, once.
            progress.say(f"{purpose}: the engine lacks a layer that it had; sending all of them")
            sent, identity = _try(engine, image, 0, Meter())
        if identity is None:
            raise EngineError(
                f"{purpose}: the engine took it, but does not hold {image.id}", where=engine.where
            )
        repository, tag = image.reference.split(":")
        engine.client.api.tag(identity, repository, tag, force=True)
    return sent


def held(engine: Engine, image: Image) -> str | None:
    """Return the engine's own ID for an image that it can make a container of, else None.

    The classic store calls an image by the digest of its config (what `images.lock` holds),
    containerd's store by the digest of its manifest; both follow from the same bytes. To list
    an image is not to hold it: containerd's store takes one without its layers.
    """
    for identity in (image.id, f"sha256:{store.digest(archive.manifest(image))}"):
        with suppress(APIError):
            made = engine.client.api.create_container(identity, ["true"], labels=[LABEL])
            engine.client.api.remove_container(made["Id"])
            return identity
    return None


def _try(engine: Engine, image: Image, shared: int, watch: Meter) -> tuple[int, str | None]:
    """Send an image without its lowest `shared` layers; return the bytes of the layers sent.

    With them comes the engine's ID for the image, None if it cannot do without the others.

    Raises:
        EngineError: the engine refused for another reason.

    """
    layers = image.layers[shared:]
    for event in engine.client.api.load_image(archive.stream(image, layers, watch), quiet=True):
        if "error" in event and not (shared and "no such file" in event["error"]):
            raise refused(engine, f"loading {image.reference}", event["error"])
    return _size(layers), held(engine, image)


def _size(layers: Iterable[Layer]) -> int:
    return sum(layer.size for layer in layers)


def _shared(engine: Engine, image: Image) -> int:
    """Return how many of an image's lowest layers the engine has, by the images it holds."""
    wanted = [f"sha256:{layer.digest}" for layer in image.layers]
    return shared_length(wanted, _chains(engine))


def _chains(engine: Engine) -> Iterator[Sequence[str]]:
    """Yield the diff IDs, bottom first, of each image that the engine holds."""
    for row in engine.client.api.images(all=True):
        with suppress(NotFound):  # removed since it was listed
            yield engine.client.api.inspect_image(row["Id"])["RootFS"].get("Layers") or ()


def shared_length(wanted: Sequence[str], chains: Iterable[Sequence[str]]) -> int:
    """Return how many of the lowest `wanted` layers any of the `chains` starts with.

    An engine keys a layer by all that lies below it too (OCI's chain ID), so the same bytes
    over another layer are another layer.
    """
    longest = 0
    for chain in chains:
        for length, (ours, theirs) in enumerate(zip(wanted, chain, strict=False), 1):
            if ours != theirs:
                break
            longest = max(longest, length)
    return longest


# Removing


def remove(engine: Engine, references: Iterable[str]) -> None:
    """Remove images by reference, and what a killed run or a newer build left behind.

    That is stopped containers, and gradlock's images that lost their tag.

    Raises:
        EngineError: a running container uses one of them.

    """
    with working(engine, "removing images"):
        left: dict[str, str | list[str] | bool] = {"label": LABEL, "status": ["exited", "dead"]}
        for container in engine.client.containers.list(all=True, filters=left):
            with suppress(NotFound):
                container.remove(v=True)
        for reference in references:
            with suppress(ImageNotFound):
                engine.client.api.remove_image(reference, force=True)
        untagged = {"label": "io.gradlock.variant", "dangling": True}
        engine.client.images.prune(filters=untagged)
