"""Servers of bytecode that run under the Python of the tests, started as a room starts them."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from gradlock.errors import CommandError
from gradlock.layers import bytecode
from gradlock.layers.room import Pipes, tail


@contextmanager
def here(env: Mapping[str, str] = bytecode.ENV, *, program: str | None = None) -> Iterator[Pipes]:
    """Run a server, or `program` in its place, for as long as the block lasts."""
    started = bytecode.server("/nowhere", "3.x")
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryFile() as printed,
    ):
        path = Path(folder) / "server.py"
        path.write_bytes(program.encode() if program else started.files[bytecode.PROGRAM])
        server = subprocess.Popen(
            [sys.executable, *bytecode.FLAGS, path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=printed,
            env=dict(env),
        )
        assert server.stdin
        assert server.stdout

        def said() -> str:
            printed.seek(0)
            return tail(printed.read().decode())

        broken: Exception | None = None
        try:
            yield Pipes(server.stdin, server.stdout, said)
            server.stdin.close()
        except (OSError, EOFError) as error:
            broken = error
        except BaseException:
            server.kill()  # whatever it is at
            raise
        finally:
            with suppress(OSError):  # what it did not read has nowhere to go
                server.stdin.close()
            status = server.wait(timeout=60)
            server.stdout.close()
        if status:
            raise CommandError(f"status {status}", mend=said()) from broken
