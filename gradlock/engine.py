"""The Docker Engine: find the one that answers or start a private one, and load images into it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import time
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

from gradlock import archive, command, progress, store
from gradlock.errors import EngineError
from gradlock.image import Image
from gradlock.layers import Layer
from gradlock.progress import Meter

#: The label of every container that gradlock starts.
LABEL = "gradlock"
#: Seconds that one request may be silent: an engine on a slow disk unpacks a layer of 2 GB in less.
PATIENCE = 900
#: Seconds that an engine may take to start, or to stop its containers and end.
START, STOP = 60, 60
#: How many of the private engine's last lines an error shows.
TAIL = 12


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
    for path in (*usual_sockets(), private_socket()):
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


def private_folder() -> Path:
    """Return where the private engine of this store runs.

    Its name is a hash, because the path of a Unix socket must stay under 108 bytes.
    """
    return Path("/run") / f"gradlock-{store.digest(bytes(store.store()))[:8]}"


def private_socket() -> Path:
    """Return the socket of this store's private engine."""
    return private_folder() / "docker.sock"


def start_private() -> Engine:
    """Start this store's own engine, unless it runs, and wait until it answers.

    It outlives the command; `stop_private` ends it. Two runs at once start one.

    Raises:
        EngineError: this user is not root, there is no dockerd, or it died.

    """
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))
    dockerd = shutil.which("dockerd", path=path)
    if os.getuid() != 0:
        raise EngineError(
            "no Docker Engine answers, and only root can start a private one",
            where=", ".join(map(str, usual_sockets())),
            mend="sudo systemctl start docker; or set DOCKER_HOST; or run as root",
        )
    if dockerd is None:
        raise EngineError(
            "no Docker Engine answers, and dockerd is not installed",
            where=", ".join(map(str, usual_sockets())),
            mend="./inv setup installs it (Debian's docker.io)",
        )
    with store.exclusive("engine"):
        return _wait_for(_running(*_dockerd()) or _launch(dockerd, path))


def stop_private() -> bool:
    """End this store's private engine, and no other process; return whether it ran."""
    with store.exclusive("engine"):
        ran = _end(*_dockerd())
        _unmount()
        shutil.rmtree(private_folder(), ignore_errors=True)
        return ran


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
    return Engine(client, where, private=path == private_socket())


def _log() -> Path:
    return store.folder("engine") / "dockerd.log"


def _data() -> Path:
    return store.folder("engine") / "data"


def _dockerd() -> tuple[Path, str]:
    """Return where the private engine's process is noted, and an argument that only it has."""
    return private_folder() / "pid", f"--data-root={_data()}"


def _containerd() -> tuple[Path, str]:
    """Return the same of the private engine's own helper process."""
    folder = private_folder() / "exec/containerd"
    return folder / "containerd.pid", str(folder / "containerd.toml")


def _running(note: Path, argument: str) -> int | None:
    """Return the process that a file notes, if it runs and is what it should be."""
    try:
        pid = int(note.read_text())
    except (FileNotFoundError, ValueError):
        return None
    return pid if _has(pid, argument) else None


def _has(pid: int, argument: str) -> bool:
    """Whether a process has an argument: pids are used again, and notes get stale."""
    try:
        argv = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return os.fsencode(argument) in argv


def _end(note: Path, argument: str) -> bool:
    """End the process that a file notes, and wait until it has; return whether it ran."""
    pid = _running(note, argument)
    if pid is None:
        return False
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP
    while _has(pid, argument):
        if time.monotonic() > deadline:
            raise EngineError(
                f"the private Docker Engine (process {pid}) did not end within {STOP} s",
                where=str(_log()),
                mend="stop its containers and run this again",
            )
        time.sleep(0.1)
    return True


def _unmount() -> None:
    """Unmount what an engine that was killed left mounted on its data, the last first."""
    data = str(_data())
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    for point in reversed([line.split()[4].replace("\\040", " ") for line in lines]):
        if point == data or point.startswith(f"{data}/"):
            command.run(["umount", point], purpose="unmounting the private engine's data")


def _launch(dockerd: str, path: str) -> int:
    """Start dockerd in a session of its own, so that no Ctrl-C reaches it; return its pid."""
    run = private_folder()
    run.mkdir(mode=0o711, exist_ok=True)
    # What a killed engine noted would keep another from starting: of itself, and of its helper,
    # which another takes for its own while it dies, and after (a dead process keeps its pid
    # until its parent, or init, asks for it).
    _end(*_containerd())
    for note, _ in (_dockerd(), _containerd()):
        note.unlink(missing_ok=True)
    progress.say(f"no Docker Engine answers: starting a private one, {private_socket()}")
    printed = command.run(
        [
            *("sh", "-c", 'setsid "$@" >"$0" 2>&1 </dev/null & echo $!'),
            _log(),
            dockerd,
            f"--data-root={_data()}",
            f"--exec-root={run / 'exec'}",
            f"--pidfile={run / 'pid'}",
            f"--host=unix://{private_socket()}",
        ],
        purpose="starting a private Docker Engine",
        env={"PATH": path},
    )
    return int(printed)


def _wait_for(pid: int) -> Engine:
    """Wait until the private engine answers, as long as its process lives."""
    argument = _dockerd()[1]
    deadline = time.monotonic() + START
    # The shell that becomes dockerd has another command line for its first milliseconds.
    patience = time.monotonic() + 2
    while time.monotonic() < deadline:
        alive = _has(pid, argument)
        if engine := _answering(private_socket()):
            return engine
        if not alive and time.monotonic() > patience:
            break
        time.sleep(0.1)
    lines = _log().read_text(errors="replace").splitlines()[-TAIL:]
    raise EngineError(
        "the private Docker Engine "
        + (f"does not answer after {START} s" if _has(pid, argument) else "died as it started"),
        where=str(_log()),
        mend="its last lines were:\n    " + "\n    ".join(lines),
    )


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
            where=engine.where + (f", log {_log()}" if engine.private else ""),
            mend="run the command again"
            + (": it starts the engine" if engine.private else " when the engine is back")
            + "; what the engine has whole is not sent twice",
        ) from error


def refused(engine: Engine, purpose: str, refusal: str) -> EngineError:
    """Return the error for what the engine answered: `refusal`, in its words."""
    if "no space left on device" in refusal:
        return EngineError(
            f"{purpose}: the Docker Engine's disk is full",
            where=str(_data()) if engine.private else engine.where,
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
    """Remove images by reference, with the stopped containers that a killed run left.

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
