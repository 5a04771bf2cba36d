"""Who a container belongs to: one process of one machine, told from others that look like it."""

from __future__ import annotations

import functools
import os
import platform
from dataclasses import astuple, dataclass
from pathlib import Path

from gradlock import command, store
from gradlock.errors import CommandError

#: What a systemd or a D-Bus of this machine calls it; a copied machine may have the same.
MACHINE_IDS = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))


@dataclass(frozen=True)
class Owner:
    """A process: its machine, that machine's boot, its space of numbers, its number and start.

    `machine` is a hash of what the machine calls itself, `boot` is new with each start of the
    kernel, `space` tells containers apart, in which the same numbers are other processes.
    """

    machine: str
    boot: str
    space: str
    pid: int
    start: str

    def __str__(self) -> str:
        return ":".join(map(str, astuple(self)))

    def ended(self, *, local: bool) -> bool:
        """Whether the process is known to have ended; of another machine's, nothing is known.

        `local` says that only this machine can have left what it owns. Where others can too,
        a copied machine with the same name may be one of them: then the boot must be this one.
        """
        here = me()
        if self.machine != here.machine:
            return False
        if self.boot != here.boot:
            return local
        return self.space == here.space and started(self.pid) != self.start


def parse(text: str) -> Owner | None:
    """Read what `str` made of an owner; None if it is something else."""
    parts = text.split(":")
    if len(parts) != 5 or not parts[3].isdecimal():
        return None
    machine, boot, space, pid, start = parts
    return Owner(machine, boot, space, int(pid), start)


def me() -> Owner:
    """Return this process."""
    pid = os.getpid()
    return Owner(*_here(), pid, started(pid))


@functools.cache
def _here() -> tuple[str, str, str]:
    """Return this machine, its boot and this space of process numbers."""
    known = "".join(_read(path) for path in MACHINE_IDS)
    machine = store.digest(f"{platform.node()} {known}".encode())[:12]
    try:
        space = str(Path("/proc/self/ns/pid").stat().st_ino)
    except OSError:
        space = ""  # no Linux: there is one
    return machine, _read(Path("/proc/sys/kernel/random/boot_id")), space


def started(pid: int) -> str:
    """Return when a process started, in no particular unit; nothing if it has ended.

    One that has ended, but that its parent has not asked for yet, has ended.
    """
    if Path("/proc/self/stat").exists():
        # The program's name, in parentheses, may hold anything: count from its end.
        fields = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
        return "" if not fields or fields[0] == "Z" else fields[19]
    try:
        printed = command.run(
            ["ps", "-o", "lstart=", "-p", str(pid)], purpose="asking when a process started"
        )
    except CommandError:
        return ""
    return "-".join(printed.replace(":", ".").split())


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
