"""What gradlock needs of the machine beside Python: found, or installed where that is possible."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from gradlock import command
from gradlock.engine import engine
from gradlock.errors import EngineError, GradlockError
from gradlock.locks.resolve.debian import KEYRING
from gradlock.progress import say

#: Where programs of the system administrator lie, often outside a user's PATH.
PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))


@dataclass(frozen=True)
class Need:
    """A program or file, the Debian package that has it, and what it is for."""

    name: str
    package: str
    purpose: str

    @property
    def present(self) -> bool:
        """Whether the machine has it."""
        if self.name.startswith("/"):
            return Path(self.name).exists()
        return shutil.which(self.name, path=PATH) is not None


ENGINE = Need("dockerd", "docker.io", "runs the images; none answers here")
#: What `lock` alone needs, and apt beside it: a machine without apt can do all else.
FOR_LOCKS = Need(str(KEYRING), "debian-archive-keyring", "verifies Debian's package lists")


def missing() -> tuple[Need, ...]:
    """Return what the machine lacks; an engine only where none answers."""
    needs = [] if _has_engine() else [ENGINE]
    if _installs():
        needs.append(FOR_LOCKS)
    return tuple(need for need in needs if not need.present)


def _installs() -> bool:
    """Whether this user can install packages of Debian's here."""
    return os.getuid() == 0 and shutil.which("apt-get", path=PATH) is not None


def _has_engine() -> bool:
    """Whether an engine answers, or is there in vain: then another one would not help."""
    try:
        return engine.find() is not None
    except EngineError:
        return True


def install() -> tuple[Need, ...]:
    """Install what is missing with apt, after saying what; return it.

    Raises:
        GradlockError: something is missing, and this user or system cannot install it.

    """
    needs = missing()
    if not needs:
        return ()
    packages = [need.package for need in needs]
    if not _installs():
        raise GradlockError(
            "some programs are missing:\n"
            + "\n".join(f"    {need.name}: {need.purpose}" for need in needs),
            mend=f"as root, on Debian or Ubuntu: apt-get install {' '.join(packages)}",
        )
    for need in needs:
        say(f"installing Debian's {need.package}: {need.purpose}")
    quiet = command.networked(DEBIAN_FRONTEND="noninteractive")
    command.run(["apt-get", "update"], purpose="reading Debian's package lists", env=quiet)
    command.run(
        ["apt-get", "install", "--yes", "--no-install-recommends", *packages],
        purpose=f"installing {', '.join(packages)}",
        env=quiet,
    )
    return needs
