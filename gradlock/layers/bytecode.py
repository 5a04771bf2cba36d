"""Bytecode by the image's own Python: the client of `compile_server`, which runs in the image."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from gradlock.errors import CommandError, GradlockError
from gradlock.layers import compile_server
from gradlock.layers.room import Pipes

#: Where a server's program lies in the root that it runs in.
PROGRAM = "/gradlock/compile_server.py"
#: How its Python is started: no site, no user's packages, and it writes no bytecode itself.
#: Not isolated (-I): that would have it leave PYTHONHASHSEED out.
FLAGS = ("-S", "-s", "-B")
#: The environment of that Python, beside PYTHONHOME. The seed orders the sets that code holds
#: as constants.
ENV = {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"}
#: Into how many parts a wheel's sources are shared out, and from how many bytes on: TensorFlow
#: alone would keep one core at work while the others wait. A part's bytecode depends on what
#: is in it, so both are the same on every machine.
SHARES, LARGE = 4, 4_000_000


@dataclass(frozen=True)
class Command:
    """What starts a server: its command line, its environment, and files to be put there."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    files: Mapping[str, bytes]


def server(prefix: str, python: str) -> Command:
    """Return what starts a server under the Python in `prefix`, a path in the image."""
    return Command(
        (f"{prefix}/bin/python{python}", *FLAGS, PROGRAM),
        {**ENV, "PYTHONHOME": prefix},
        {PROGRAM: Path(compile_server.__file__).read_bytes()},
    )


def shares(sources: Mapping[str, bytes]) -> tuple[Mapping[str, bytes], ...]:
    """Share a wheel's sources out into `SHARES` parts of about one size, if they are many."""
    if sum(map(len, sources.values())) < LARGE:
        return (sources, *({},) * (SHARES - 1))
    parts: tuple[dict[str, bytes], ...] = tuple({} for _ in range(SHARES))
    sizes = [0] * SHARES
    for name in sorted(sources, key=lambda name: (-len(sources[name]), name)):
        least = min(range(SHARES), key=lambda number: (sizes[number], number))
        parts[least][name] = sources[name]
        sizes[least] += len(sources[name])
    return parts


#: Starts one server. It ends with the block, at once where that ends in an error; where it
#: failed, the block raises a GradlockError with what it printed.
Start = Callable[[], AbstractContextManager[Pipes]]


@dataclass(frozen=True, eq=False)
class Server:
    """A running server: its pipes, and the block that it lives in."""

    pipes: Pipes
    block: AbstractContextManager[Pipes]


class Compiler:
    """Compiles with up to `jobs` servers at once, each started when it is first needed.

    It is a block, and its servers end with it; so the threads that call it are to outlive it.
    """

    def __init__(self, start: Start, jobs: int) -> None:
        self._start = start
        self._slots = threading.BoundedSemaphore(jobs)
        # Their methods are atomic.
        self._running: set[Server] = set()
        self._idle: list[Server] = []
        self._ended = False

    def __enter__(self) -> Self:
        """Begin; nothing is started yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the servers. Nobody waits for what one is still at, nor for any after an error."""
        self._ended = True
        idle, self._idle = self._idle, []
        stop = error or CommandError("compiling bytecode: interrupted")
        for server in self._running - (set() if error else set(idle)):
            with suppress(GradlockError):  # what ended the block is told, not what that broke
                self._end(server, stop)
        with ExitStack() as ending:
            for server in idle:
                ending.callback(self._end, server, None)
                with suppress(OSError):  # it died: its block tells
                    server.pipes.stdin.close()

    def compile(self, sources: Mapping[str, bytes]) -> dict[str, bytes]:
        """Return the bytecode of a wheel's files, both by their names in a layer.

        A file with a syntax error has none. What comes does not depend on what else is
        compiled. Any thread may call this.

        Raises:
            GradlockError: the server died; it says what the server printed.

        """
        if not sources:
            return {}
        with self._slots:
            server = self._take()
            try:
                compile_server.write(server.pipes.stdin, sources)
                answer = compile_server.read(server.pipes.stdout)
                if answer is None:
                    raise EOFError("no answer came")
            except (OSError, EOFError, ValueError) as error:  # ValueError: its pipe was closed
                self._end(server, error)
                raise CommandError(
                    f"compiling bytecode: the image's Python ended in mid-work: {error}"
                ) from error
            self._idle.append(server)
        return answer

    def _take(self) -> Server:
        """Return a server that is idle, or a new one."""
        with suppress(IndexError):
            return self._idle.pop()
        block = self._start()
        server = Server(block.__enter__(), block)
        self._running.add(server)
        if self._ended:  # meanwhile, by an error elsewhere
            stop = CommandError("compiling bytecode: interrupted")
            self._end(server, stop)
            raise stop
        return server

    def _end(self, server: Server, error: BaseException | None) -> None:
        """Leave a server's block, unless another thread has: by an error, or well."""
        try:
            self._running.remove(server)
        except KeyError:
            return
        server.block.__exit__(type(error) if error else None, error, None)
