"""The image's own Python, run on the host from an unpacked root file system.

It is started through its own loader with its own libraries, so that it needs neither a
container nor root, and the host's Python plays no part in what an image holds.
"""

from __future__ import annotations

import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from gradlock import command, store
from gradlock.command import Program
from gradlock.errors import CommandError
from gradlock.layers import Layer, bytecode

LIBRARIES = "usr/lib/x86_64-linux-gnu"


@contextmanager
def unpacked(layers: Sequence[Layer], python: str) -> Iterator[Program]:
    """Unpack the layers that hold an interpreter; yield it for as long as the block lasts."""
    with store.scratch("root") as root:
        for layer in layers:
            with tarfile.open(layer.path, mode="r:") as source:
                members = [member for member in source if not member.isdev()]
                source.extractall(root, members, filter=_plain)  # noqa: S202 - our own layers
        yield _interpreter(root, python)


def _plain(member: tarfile.TarInfo, _path: str) -> tarfile.TarInfo:
    """Take a member as it is, without its owner: only root could give files away."""
    return member.replace(uid=None, gid=None, uname=None, gname=None, deep=False)  # type: ignore[arg-type]


def _interpreter(root: Path, python: str) -> Program:
    own = root / f"opt/conda/bin/python{python}"
    # In the channel `debian` the prefix only links to Debian's interpreter.
    home = root / ("opt/conda" if own.is_file() and not own.is_symlink() else "usr")
    libraries = root / LIBRARIES
    return Program(
        (
            str(libraries / "ld-linux-x86-64.so.2"),
            *("--library-path", f"{home / 'lib'}:{libraries}"),
            str(home / f"bin/python{python}"),
        ),
        {"PYTHONHOME": str(home), "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"},
    )


@dataclass(frozen=True)
class _Pipes:
    stdin: IO[bytes]
    stdout: IO[bytes]


@contextmanager
def serving(program: Program) -> Iterator[bytecode.Pipes]:
    """Start a server of bytecode with an unpacked Python; it ends with the block.

    Raises:
        CommandError: the server failed; it says what the server printed.

    """
    home = {name: value for name, value in program.env.items() if name == "PYTHONHOME"}
    with (
        tempfile.TemporaryFile() as printed,
        subprocess.Popen(
            [*program.argv, *bytecode.FLAGS, bytecode.PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=printed,
            env={**bytecode.ENV, **home},
        ) as server,
    ):
        assert server.stdin, "it is a pipe"
        assert server.stdout, "it is a pipe"
        failure: Exception | None = None
        try:
            yield _Pipes(server.stdin, server.stdout)
            server.stdin.close()
            server.wait()
        except (OSError, EOFError) as error:
            failure = error  # of its pipes: it died
        finally:
            server.kill()  # nothing, where it has ended
        if failure or server.wait() != 0:
            printed.seek(0)
            lines = printed.read().decode(errors="replace").splitlines()
            raise CommandError(
                f"compiling bytecode: the image's Python failed with status {server.wait()}",
                mend="its last lines were:\n    " + "\n    ".join(lines[-command.TAIL :]),
            ) from failure
