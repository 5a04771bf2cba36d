"""The jobs that run an image's own programs while there is no image yet."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import cached_property, partial
from pathlib import Path
from typing import TypeVar

from gradlock.graph import Graph, Job, Weight
from gradlock.images.fetching import Fetching
from gradlock.inputs.platforms import Platform
from gradlock.layers import Layer, base, bytecode, emulation, tar
from gradlock.layers.bytecode import Compiler
from gradlock.layers.room import OpenRoom, Room
from gradlock.locks.pins import DebPin

T = TypeVar("T")


class Rooms:
    """Adds jobs that unpack roots, open rooms on them, and start Python there.

    As a context it closes them all, which ends what runs there.
    """

    def __init__(self, graph: Graph, fetching: Fetching, room: Room, work: Path, jobs: int) -> None:
        """Add jobs to `graph`; `work` is a folder for as long as the build lasts.

        A compiler has as many servers as there are `jobs`.
        """
        self._graph = graph
        self._fetching = fetching
        self._room = room
        self._work = work
        self._jobs = jobs
        self._rooms = ExitStack()
        self._closing = threading.Lock()

    @cached_property
    def processor(self) -> str:
        """What rooms run programs on without an emulator."""
        return self._room.processor()

    def __enter__(self) -> Rooms:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind:  # before rooms close below the jobs
            self._graph.stopping.set()
        self._close()

    def unpacked(self, debs: Sequence[DebPin], machine: Platform) -> Job[Path]:
        """Unpack a platform's .debs: a tar of a root in which nothing is configured yet."""
        name = f"unpacked-{machine.architecture}"

        def unpack(*paths: Path) -> Path:
            target = self._work / f"{name}.tar"
            found = {pin.sha256: path for pin, path in zip(debs, paths, strict=True)}
            base.unpack(debs, found, target)
            return target

        work = partial(self._fetching.mended, debs, unpack)
        return self._graph.once(
            name, lambda: self._graph.add("unpack", "room", work, *self._fetching.jobs(debs))
        )

    def laid(self, root: Job[Path], prefix: Job[Layer], key: str) -> Job[Path]:
        """Lay a prefix over a root: a tar of both, known by a key."""

        def lay(below: Path, layer: Layer) -> Path:
            target = self._work / f"root-{key}.tar"
            with tar.writing(target) as (writer, _):
                tar.merge(writer, [below, layer.path])
            return target

        return self._graph.once(
            f"root {key}", lambda: self._graph.add("lay the prefix", "room", lay, root, prefix)
        )

    def opened(self, root: Job[Path], machine: Platform) -> Job[OpenRoom]:
        """Open a room on a root for a platform, closed when the build ends."""

        def enter(path: Path) -> OpenRoom:
            opened = self._entered(self._room.open(path))
            emulation.check(opened, machine, self.processor)
            return opened

        return self._graph.once(
            f"room {id(root)}", lambda: self._graph.add("open the room", "room", enter, root)
        )

    def closed(self) -> Job[None] | None:
        """Close them when all that was added by now and runs in them is done; None without any.

        It takes an engine seconds, while there is still something to send.
        """
        users = [job for job in self._graph.jobs if job.lane in ("room", "compile")]

        def close(*_: object) -> None:
            self._close()

        return self._graph.add("close the room", "room", close, *users) if users else None

    def compiled(
        self,
        name: str,
        read: Callable[[T], Mapping[str, bytes]],
        source: Job[T],
        compiler: Job[Compiler],
        weight: Weight,
    ) -> list[Job[dict[str, bytes]]]:
        """Compile what `read` finds in a source, in shares: their bytecode, by its names."""
        add = partial(self._graph.add, weight=weight)

        def shared(found: T, _: Compiler) -> Sequence[Mapping[str, bytes]]:
            return bytecode.shares(read(found))

        def compile_(
            number: int, shares: Sequence[Mapping[str, bytes]], compiler: Compiler
        ) -> dict[str, bytes]:
            return compiler.compile(shares[number])

        shares = add(f"read {name}", "compile", shared, source, compiler)
        return [
            add(f"compile {name} {number}", "compile", partial(compile_, number), shares, compiler)
            for number in range(bytecode.SHARES)
        ]

    def _entered(self, context: AbstractContextManager[T]) -> T:
        """Enter what is left when the rooms close; at once, where they did meanwhile."""
        entered = self._rooms.enter_context(context)
        if self._graph.stopping.is_set():
            self._close()
        return entered

    def _close(self) -> None:
        """Close what is open, the last first: no room before what another thread ends in it."""
        with self._closing:
            self._rooms.close()

    def compiler(
        self, root: Job[Path], machine: Platform, prefix: str, python: str
    ) -> Job[Compiler]:
        """Start the Python in the prefix of a root for a platform, to compile bytecode."""

        def start(room: OpenRoom) -> Compiler:
            server = bytecode.server(prefix, python)
            call = partial(room.start, server.argv, server.env, server.files)
            return self._entered(Compiler(call, self._jobs))

        room = self.opened(root, machine)
        key = f"compiler {id(room)} {prefix} {python}"
        return self._graph.once(key, lambda: self._graph.add("start Python", "room", start, room))
