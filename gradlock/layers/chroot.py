"""The room of a machine without an engine: a chroot, for root on Linux.

It takes util-linux and coreutils of the host and what they need of the kernel: namespaces,
so that a killed build leaves neither processes nor mounts.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import IO, Any

from gradlock import command, store
from gradlock.errors import CommandError
from gradlock.layers import emulation, room
from gradlock.layers.room import Pipes

#: Seconds that a program may take to end after its input did.
PATIENCE = 10
#: The bytes of stderr that an error looks at.
KEPT = 1 << 16
#: Dies with the thread that started it (setpriv), and takes everything along that runs in its
#: namespace of processes (unshare). No network; mounts that nobody else sees.
ALONE = (
    *("setpriv", "--pdeathsig", "KILL", "--"),
    *("unshare", "--mount", "--net", "--ipc", "--uts", "--pid", "--kill-child", "--"),
)
#: Bound and not made: a file system mounted `nodev` has no use for devices of its own.
ENTER = """
root=$1; shift
for name in null zero full random urandom; do
    : >>"$root/dev/$name"
    mount --bind "/dev/$name" "$root/dev/$name"
done
if [ -d "$root/run" ]; then mount -t tmpfs -o mode=755 tmpfs "$root/run"; fi
exec chroot "$root" "$@"
"""


def usable() -> bool:
    """Whether this process may and can make a chroot here."""
    programs = ("setpriv", "unshare", "mount", "chroot")
    return (
        sys.platform == "linux"
        and os.getuid() == 0
        and all(shutil.which(name, path=command.PATH) for name in programs)
    )


class Chroot:
    """The room itself."""

    def processor(self) -> str:
        """Return this machine's."""
        return emulation.here()

    @contextmanager
    def open(self, root: Path) -> Iterator[OpenChroot]:
        """Unpack the root into the store for as long as the block lasts."""
        with store.scratch("room") as work:
            home = work / "root"
            _extract(root, home)
            yield OpenChroot(home)


@dataclass(frozen=True)
class OpenChroot:
    """A root in a folder; programs read in it while others configure it."""

    root: Path
    placed: set[str] = field(default_factory=set)
    placing: Lock = field(default_factory=Lock)

    def configure(self, script: str, env: Mapping[str, str], target: Path) -> None:
        """Run a script in the root, then write the root as a tar."""
        with tempfile.TemporaryFile() as printed:
            process = self._run(["/bin/sh", "-ec", script], env, subprocess.DEVNULL, printed)
            with _ended(process):
                status = process.wait()
            if status:
                raise _failed("configuring the base layer", status, _said(printed))
        with self.placing:
            _pack(self.root, target, self.placed)

    @contextmanager
    def start(
        self, argv: Sequence[str], env: Mapping[str, str], files: Mapping[str, bytes]
    ) -> Iterator[Pipes]:
        """Start a program of the root."""
        for name, data in files.items():
            self._place(name.lstrip("/"), data)
        with tempfile.TemporaryFile() as printed:
            process = self._run(argv, env, subprocess.PIPE, printed)
            assert process.stdin is not None, "a pipe, by `_run`"
            assert process.stdout is not None, "a pipe, by `_run`"
            broken: Exception | None = None
            with _ended(process), process.stdout:
                try:
                    yield Pipes(process.stdin, process.stdout, lambda: _said(printed))
                except Exception as error:
                    broken = error
                with suppress(OSError):  # it may have ended before it read all
                    process.stdin.close()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(PATIENCE)
                if process.poll():
                    purpose = f"running {argv[0]} of the base layer"
                    raise _failed(purpose, process.returncode, _said(printed)) from broken
            if broken:
                raise broken

    def _run(
        self, argv: Sequence[str], env: Mapping[str, str], stdin: int, stderr: IO[bytes]
    ) -> subprocess.Popen[bytes]:
        # In a session of its own no Ctrl-C reaches it: it ends when this process says so.
        return subprocess.Popen(
            [*ALONE, "sh", "-ec", ENTER, "enter", str(self.root), *room.exactly(argv, env)],
            stdin=stdin,
            stdout=subprocess.PIPE if stdin == subprocess.PIPE else stderr,
            stderr=stderr,
            env=command.plain(),
            cwd="/",
            umask=0o022,
            start_new_session=True,
        )

    def _place(self, name: str, data: bytes) -> None:
        """Put a file into the root, for all to read; several programs may bring the same one."""
        path = self.root / name
        with self.placing:
            for folder in reversed(path.relative_to(self.root).parents[:-1]):
                if not (self.root / folder).exists():
                    (self.root / folder).mkdir()
                    (self.root / folder).chmod(0o755)
                    self.placed.add(folder.as_posix())
            self.placed.add(name)
            if not path.exists() or path.read_bytes() != data:  # another may just read it
                path.write_bytes(data)
                path.chmod(0o644)


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """See that a process is gone when the block ends, with all that it started."""
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _said(printed: IO[bytes]) -> str:
    """Return the last lines of a file that a program may still write to."""
    start = max(0, os.fstat(printed.fileno()).st_size - KEPT)
    # It shares its place in the file with the program: only a read of its own leaves that alone.
    return room.tail(os.pread(printed.fileno(), KEPT, start).decode(errors="replace"))


def _failed(purpose: str, status: int, said: str) -> CommandError:
    return CommandError(
        f"{purpose}: it ended with status {status}",
        where="in a chroot of this machine",
        mend="its last lines were:\n    " + said.replace("\n", "\n    "),
    )


# In a file system a name is bytes. Python's own encoding of names takes any to text and back
# unchanged; another one would fail on names that this one cannot tell.
NAMES: dict[str, Any] = {
    "encoding": sys.getfilesystemencoding(),
    "errors": sys.getfilesystemencodeerrors(),
}


def _extract(source: Path, root: Path) -> None:
    """Unpack a tar with its owners and modes; the root itself is open to all."""
    root.mkdir()
    root.chmod(0o755)
    with tarfile.TarFile(source, **NAMES) as archive:
        # Our own tar needs no filter. An attribute: Python 3.11.2 knows no argument for it.
        archive.extraction_filter = lambda member, _: member
        archive.extractall(root, numeric_owner=True)  # noqa: S202 - our own tar


def _pack(root: Path, target: Path, without: set[str]) -> None:
    """Write a root as a tar, but for some of its files."""

    def plain(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        member.uname = member.gname = ""  # this machine's names for the root's owners
        return None if member.name.removeprefix("./") in without else member

    with tarfile.TarFile(target, "w", format=tarfile.GNU_FORMAT, **NAMES) as archive:
        archive.add(root, arcname=".", filter=plain)
