"""The room of a machine with an engine: containers of an image that is gone when it closes.

The container that configures the root and those that run programs of the unpacked one are
different ones: each has the image's files for itself.
"""

from __future__ import annotations

import io
import json
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import requests
from docker.errors import APIError, ImageNotFound
from docker.models.containers import Container
from docker.types import LogConfig
from docker.utils.socket import STDERR, STDOUT, frames_iter

from gradlock.engine import containers, hardware
from gradlock.engine import engine as engines
from gradlock.engine.containers import LABEL
from gradlock.engine.engine import Engine
from gradlock.errors import CommandError
from gradlock.layers import chroot, room
from gradlock.layers.chroot import Chroot
from gradlock.layers.room import Pipes, Room
from gradlock.layers.tar import HashingWriter, LayerWriter

#: What a container and the image are labelled with.
KIND = "room"
#: The label that the image has beside: it tells one that is thrown away.
THROWN_AWAY = "gradlock.room"
#: What both kinds of container have in common. No user is named, as root is the default: for
#: one that a root does not know yet, podman writes accounts of its own. Output is binary, and
#: may be much: it is read from the engine, and kept in no log.
OPTIONS: Mapping[str, Any] = {
    "working_dir": "/",
    "network_mode": "none",
    "stdin_open": True,
    "log_config": LogConfig(type="none"),
    # `base.CONFIGURE` has dpkg keep its database there while it works.
    "tmpfs": {"/run": "rw,exec,mode=755"},
}
#: What dpkg and the packages' scripts do that root without capabilities could not.
CONFIGURES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "SETGID", "SETUID", "SYS_CHROOT")
#: Runs a command and ends it when the input ends: when the process that asked for it is gone.
#: It is process 1 of a container, which cannot be killed from within; what it waits for can,
#: and all else there ends with it.
WATCH = """
exec 3<&0
"$@" </dev/null 3<&- &
work=$!
{ cat <&3 >/dev/null; kill -KILL "$work"; } &
wait "$work"
"""
STREAMS = dict.fromkeys(("stdin", "stdout", "stderr", "stream"), 1)
#: Seconds that a program may take to end after its input did.
PATIENCE = 10
#: The bytes of stderr that are kept for an error.
KEPT = 1 << 16


def here() -> Room:
    """Return the room that this machine has: a container where an engine answers, else a chroot.

    Raises:
        EngineError: it has none, and none can be started.

    """
    if engine := engines.find():
        return InContainers(engine)
    return Chroot() if chroot.usable() else InContainers(engines.connect())


@dataclass(frozen=True)
class InContainers:
    """The room itself."""

    engine: Engine

    def processor(self) -> str:
        """Return the engine's, which may be on another machine."""
        return hardware.processor_of(self.engine)

    @contextmanager
    def open(self, root: Path) -> Iterator[OpenImage]:
        """Make an image of the root for as long as the block lasts.

        Raises:
            EngineError: the engine refused it, or stopped answering.

        """
        with engines.working(self.engine, "importing the unpacked root"):
            image = _import(self.engine, root)
            confined = containers.confined(self.engine)
        try:
            yield OpenImage(self.engine, image, {**OPTIONS, **confined})
        finally:
            with engines.working(self.engine, "removing the unpacked root"):
                _remove(self.engine, image)


@dataclass(frozen=True)
class OpenImage:
    """A root as an image of an engine."""

    engine: Engine
    image: str
    options: Mapping[str, Any]

    def configure(self, script: str, env: Mapping[str, str], target: Path) -> None:
        """Run a script in a container, then write the container's files as a tar."""
        purpose = "configuring the base layer"
        argv = ["/bin/sh", "-c", WATCH, "watch", *room.exactly(["/bin/sh", "-ec", script], env)]
        with (
            engines.working(self.engine, purpose),
            self._container(argv, cap_add=list(CONFIGURES)) as container,
            _attached(container, STDOUT, STDERR) as output,
        ):
            container.start()
            output.drain()
            self._check(container, purpose, output)
            with target.open("wb") as sink:
                for chunk in container.export(chunk_size=1 << 20):
                    sink.write(chunk)  # type: ignore[arg-type] # bytes, whatever its stubs say

    @contextmanager
    def start(
        self, argv: Sequence[str], env: Mapping[str, str], files: Mapping[str, bytes]
    ) -> Iterator[Pipes]:
        """Start a program in a container of its own."""
        broken: Exception | None = None
        with (
            engines.working(self.engine, purpose := f"running {argv[0]} of the base layer"),
            self._container(room.exactly(argv, env)) as container,
            _attached(container, STDERR) as output,
        ):
            container.put_archive("/", _tar(files))
            container.start()
            stdin = Input(output.connection)
            try:
                yield Pipes(stdin, io.BufferedReader(output, 1 << 20), output.said)
            except Exception as error:
                broken = error
            stdin.close()
            # What was broken by anything but the program's end leaves it running.
            with suppress(requests.RequestException) if broken else nullcontext():
                self._check(container, purpose, output, broken)
        if broken:
            raise broken

    @contextmanager
    def _container(self, argv: Sequence[str], **more: Any) -> Iterator[Container]:
        with containers.container(
            self.engine, self.image, argv, kind=KIND, **self.options, **more
        ) as container:
            yield container

    def _check(
        self,
        container: Container,
        purpose: str,
        output: Output,
        cause: Exception | None = None,
    ) -> None:
        """Wait for a container's end, and raise what its program said if that failed."""
        status = container.wait(timeout=PATIENCE)["StatusCode"]
        if status:
            output.drain()
            raise CommandError(
                f"{purpose}: it ended with status {status}",
                where=f"in a container of {self.engine.where}",
                mend="its last lines were:\n    " + output.said().replace("\n", "\n    "),
            ) from cause


@dataclass(frozen=True)
class Input:
    """What a program reads, as the near end of a connection to its engine."""

    connection: socket.socket

    def write(self, data: bytes, /) -> None:
        """Send all of `data`."""
        self.connection.sendall(data)

    def flush(self) -> None:
        """Do nothing: what is written is sent at once."""

    def close(self) -> None:
        """Tell that nothing more comes; what comes back can still be read."""
        with suppress(OSError):  # the program may have ended first
            self.connection.shutdown(socket.SHUT_WR)


class Output(io.RawIOBase):
    """What a program prints to stdout, as a stream; the last of what it says is kept beside.

    `kept` names the streams that speak to people: stderr, or both where stdout does, too.
    """

    def __init__(self, stream: Any, kept: Sequence[int]) -> None:
        # The SDK hands out a reader; to write, one needs the socket below it.
        self.connection: socket.socket = getattr(stream, "_sock", stream)
        self.connection.settimeout(None)
        self._frames = frames_iter(stream, tty=False)
        self._kept = kept
        self._printed = b""
        self._left = memoryview(b"")

    def readable(self) -> bool:
        """Tell that this stream can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes into a buffer; none at the end."""
        while not self._left:
            kind, data = next(self._frames, (None, b""))
            if kind is None:
                return 0
            if kind in self._kept:
                self._printed = (self._printed + data)[-KEPT:]
            if kind == STDOUT:
                self._left = memoryview(data)
        count = min(len(buffer), len(self._left))
        buffer[:count], self._left = self._left[:count], self._left[count:]
        return count

    def drain(self) -> None:
        """Read to the end, which is the program's."""
        while self.read(KEPT):
            pass

    def said(self) -> str:
        """Return the last lines of what it said."""
        return room.tail(self._printed.decode(errors="replace"))


@contextmanager
def _attached(container: Container, *kept: int) -> Iterator[Output]:
    """Attach to a container before it starts, so that nothing is missed that it prints."""
    stream = container.attach_socket(params=STREAMS)
    output = Output(stream, kept)
    with closing(stream), output.connection:
        yield output


def _import(engine: Engine, root: Path) -> str:
    """Make an image of a root; return its ID."""
    labels = {LABEL: KIND, THROWN_AWAY: "true", **containers.owned()}
    change = "LABEL " + " ".join(f'{name}="{value}"' for name, value in labels.items())
    answer = engine.client.api.import_image(str(root), changes=[change])
    events = [json.loads(line) for line in answer.splitlines() if line.strip()]
    for event in events:
        if "error" in event:
            raise engines.refused(engine, "importing the unpacked root", event["error"])
    return str(events[-1]["status"])


def _remove(engine: Engine, image: str) -> None:
    """Remove an image.

    A program that another thread was starting as an error closed the room ends by itself: a
    refusal that is its fault must not be told in the place of that error.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            engine.client.api.remove_image(image, force=True)
        except ImageNotFound:
            return
        except APIError as error:
            if error.status_code != HTTPStatus.CONFLICT or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _tar(files: Mapping[str, bytes]) -> bytes:
    """Return files as a tar, for all to read."""
    buffer = io.BytesIO()
    with closing(LayerWriter(HashingWriter(buffer))) as writer:
        for name, data in files.items():
            writer.file(name.lstrip("/"), data)
    return buffer.getvalue()
