"""Rooms: where the programs of an unpacked root run while there is no image of it yet.

There are two, and what comes out of them is the same: a chroot of this machine, and a
container of an engine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

#: How many of a failed program's last lines an error shows.
TAIL = 25


class Sink(Protocol):
    """What takes a program's input."""

    def write(self, data: bytes, /) -> object:
        """Write all of `data`."""

    def flush(self) -> object:
        """Hand on what was written."""

    def close(self) -> object:
        """Tell the program that nothing more comes."""


class Source(Protocol):
    """What a program's output is read from."""

    def read(self, length: int = ..., /) -> bytes:
        """Read `length` bytes, fewer only where the output ends."""


@dataclass(frozen=True)
class Pipes:
    """The streams of a running program; `said` returns the last lines of its stderr so far."""

    stdin: Sink
    stdout: Source
    said: Callable[[], str]


class OpenRoom(Protocol):
    """A root whose programs can run. What is asked of it may be asked by several threads at once.

    Nothing that runs in it outlives this process, however that ends.
    """

    def configure(self, script: str, env: Mapping[str, str], target: Path) -> None:
        """Run `sh -ec script` as root of the root, then write the whole root as a tar to `target`.

        It has no network, and no variables but those of `env`. Once a room: it changes the root.

        Raises:
            CommandError: the script failed, with its last lines.

        """

    def start(
        self, argv: Sequence[str], env: Mapping[str, str], files: Mapping[str, bytes]
    ) -> AbstractContextManager[Pipes]:
        """Start a program of the root as it was unpacked, and end it when the block ends.

        `files` are put into the root before, by their absolute paths; they are no part of what
        `configure` writes. The program is to end when its input does. The thread that enters
        the block is to live as long as the block.

        Raises:
            CommandError: the program ended with another status than 0, with its last lines;
                what that broke in the block is its cause.

        """


class Room(Protocol):
    """A way to run the programs of a root on this machine."""

    def processor(self) -> str:
        """Return what it runs programs on without an emulator, by the name that wheels have."""

    def open(self, root: Path) -> AbstractContextManager[OpenRoom]:
        """Take in a root, a tar, for as long as the block lasts."""


def tail(printed: str) -> str:
    """Return the last lines of what a program printed."""
    return "\n".join(printed.strip().splitlines()[-TAIL:])


def exactly(argv: Sequence[str], env: Mapping[str, str]) -> list[str]:
    """Return the command line that runs another with the variables of `env` and no others.

    An engine adds some of its own (HOSTNAME, HOME), and a root may have a program to add more.
    """
    return ["/usr/bin/env", "-i", *(f"{name}={value}" for name, value in env.items()), *argv]
