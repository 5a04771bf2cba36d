"""Compile Python files to bytecode as asked over stdin; run by the image's Python, not imported.

    python -S -s -B compile_server.py

A frame asks, a frame answers (see `read` and `write`): the sources of one wheel by their paths
in the image, and their bytecode by its paths. A file that is no Python of this version gets
none. The end of stdin ends the program, so it does not outlive who asks.

Each frame is answered by a child forked from this process, which itself never compiles. What
marshal writes depends on the strings that a process has seen before, so a wheel's bytecode is
the same whatever else is compiled, in whatever order and however many at once. For the same
reason only modules that are frozen into Python, or C, are imported here.
"""

from __future__ import annotations

import marshal
import os
import sys
import warnings
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash

TYPE_CHECKING = False  # importing typing for it would be a stranger here
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Protocol

    class Source(Protocol):
        """Where bytes come from; an empty answer is the end."""

        def read(self, size: int, /) -> bytes:
            """Read up to `size` bytes."""

    class Sink(Protocol):
        """Where bytes go."""

        def write(self, data: bytes, /) -> object:
            """Write all of `data`."""

        def flush(self) -> object:
            """Pass on what was written."""


#: Bytes of a number in a frame, big-endian.
WORD = 8
#: The flags of bytecode that is known by its source's hash, which is not compared.
UNCHECKED_HASH = (0b01).to_bytes(4, "little")


def read(stream: Source) -> dict[str, bytes] | None:
    """Return the files of the next frame by their names, or None at the end of the stream.

    A frame is the number of its files, then of each the length of its name and of its bytes,
    the name in UTF-8, and the bytes.

    Raises:
        EOFError: the stream ends in mid-frame.

    """
    head = stream.read(WORD)
    if not head:
        return None
    head += exactly(stream, WORD - len(head))
    files = {}
    for _ in range(int.from_bytes(head, "big")):
        sizes = exactly(stream, 2 * WORD)
        name = exactly(stream, int.from_bytes(sizes[:WORD], "big")).decode()
        files[name] = exactly(stream, int.from_bytes(sizes[WORD:], "big"))
    return files


def exactly(stream: Source, size: int) -> bytes:
    """Read `size` bytes.

    Raises:
        EOFError: the stream ends before.

    """
    parts = []
    while size:
        data = stream.read(size)
        if not data:
            raise EOFError("the stream ends in mid-frame")
        parts.append(data)
        size -= len(data)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def write(stream: Sink, files: Mapping[str, bytes]) -> None:
    """Write a frame."""
    stream.write(len(files).to_bytes(WORD, "big"))
    for name, data in files.items():
        path = name.encode()
        stream.write(len(path).to_bytes(WORD, "big") + len(data).to_bytes(WORD, "big") + path)
        stream.write(data)
    stream.flush()


def compiled(sources: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the bytecode of files, as if they lay where they will: named below the root.

    It is of the kind that is not checked against its source (PEP 552): an image's files do not
    change under it.
    """
    found = {}
    for name in sorted(sources):
        path = f"/{name}"
        try:
            code = compile(sources[name], path, "exec", dont_inherit=True, optimize=0)
        except (SyntaxError, ValueError, RecursionError):
            continue  # a template, or for another Python
        except BaseException:
            print(f"compiling {path} failed", file=sys.stderr, flush=True)
            raise
        head = MAGIC_NUMBER + UNCHECKED_HASH + source_hash(sources[name])
        found[cache_from_source(name, optimization="")] = head + marshal.dumps(code)
    return found


def main(source: Source, sink: Sink) -> int:
    """Answer frames until there are no more; return the exit status."""
    warnings.simplefilter("ignore")  # of other people's code
    while (sources := read(source)) is not None:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                write(sink, compiled(sources))
                status = 0
            except BaseException:
                sys.excepthook(*sys.exc_info())
            finally:
                os._exit(status)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status:
            print(f"the child that compiles ended with status {status}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.stdin.buffer, sys.stdout.buffer))
