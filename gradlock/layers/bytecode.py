"""Bytecode by the image's own Python: the client of `compile_server`, which runs in the image."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from gradlock.errors import CommandError, GradlockError
from gradlock.layers import compile_server

#: The program that a server runs.
PROGRAM = Path(compile_server.__file__)
#: How its Python is started: no site, no user's packages, and it writes no bytecode itself.
#: Not isolated (-I): that would have it leave PYTHONHASHSEED out.
FLAGS = ("-S", "-s", "-B")
#: The whole environment of that Python, but for a PYTHONHOME where it needs one. The seed
#: orders the sets that code holds as constants.
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
    place = "/gradlock/compile_server.py"
    return Command(
        (f"{prefix}/bin/python{python}", *FLAGS, place),
        {**ENV, "PYTHONHOME": prefix},
        {place: PROGRAM.read_bytes()},
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


class Stdin(Protocol):
    """What a program reads."""

    def write(self, data: bytes, /) -> object:
        """Write all of `data`."""

    def flush(self) -> object:
        """Pass on what was written."""

    def close(self) -> object:
        """End the stream."""


class Stdout(Protocol):
    """What a program writes."""

    def read(self, size: int, /) -> bytes:
        """Read up to `size` bytes; none at the end."""


class Pipes(Protocol):
    """A running program's two ends."""

    @property
    def stdin(self) -> Stdin:
        """What it reads."""

    @property
    def stdout(self) -> Stdout:
        """What it writes."""


#: Starts one server. It ends with the block, at once where that ends in an error, and the block
#: raises a GradlockError with what the server printed where it failed.
Start = Callable[[], AbstractContextManager[Pipes]]


@dataclass(frozen=True, eq=False)
class Server:
    """A running server: its pipes, and the block that it lives in."""

    pipes: Pipes
    block: AbstractContextManager[Pipes]


class Compiler:
    """Compiles with up to `jobs` servers at once, each started when it is first needed.

    It is a block, and its servers end with it.
    """

    def __init__(self, start: Start, jobs: int) -> None:
        self._start = start
        self._slots = threading.BoundedSemaphore(jobs)
        self._running: set[Server] = set()
        self._idle: list[Server] = []  # its methods are atomic, and so are the set's
        self._ended = False

    def __enter__(self) -> Self:
        """Start nothing yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the servers, and after an error what they are at too."""
        self._ended = True
        blocks = ExitStack()
        for server in list(self._running):
            blocks.push(server.block)
            if kind is None:
                with suppress(OSError):  # one that died: its block tells
                    server.pipes.stdin.close()
        # What ended the block is told, and not what it did to the servers.
        with suppress(*(() if kind is None else (GradlockError,))):
            blocks.__exit__(kind, error, trace)

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
            server = self._idle.pop() if self._idle else self._started()
            try:
                compile_server.write(server.pipes.stdin, sources)
                answer = compile_server.read(server.pipes.stdout)
                if answer is None:
                    raise EOFError("no answer came")
            except (OSError, EOFError, ValueError) as error:  # ValueError: its pipe is closed
                self._running.discard(server)
                server.block.__exit__(type(error), error, error.__traceback__)
                raise CommandError(
                    f"compiling bytecode: the image's Python ended in mid-work: {error}"
                ) from error
            self._idle.append(server)
        return answer

    def _started(self) -> Server:
        block = self._start()
        server = Server(block.__enter__(), block)
        self._running.add(server)
        if self._ended:  # meanwhile, by an error elsewhere
            self._running.discard(server)
            block.__exit__(None, None, None)
            raise CommandError("compiling bytecode: interrupted")
        return server
