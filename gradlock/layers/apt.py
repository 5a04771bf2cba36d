"""The base layer's own apt, for a machine that has none: it resolves apt.lock.

It runs in a room, from the .debs of the lock that there is. A room has no network: this machine
fetches the lists of packages, as it fetches all else, and apt holds them to Debian's signatures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from gradlock import store
from gradlock.artifacts import fetcher, lists
from gradlock.layers import base
from gradlock.layers.room import OpenRoom, Room
from gradlock.locks.pins import DebPin
from gradlock.locks.resolve import debian
from gradlock.locks.resolve.debian import Install

#: apt's state directory in the room, and where the lists lie there as on a mirror.
HOME, MIRRORS = "/apt", "/apt/mirrors"
#: What it says goes to stderr, but for the answer.
SCRIPT = """
mkdir -p {folders}
: >{home}/status
apt-get update >&2
exec "$@"
"""


@dataclass(frozen=True)
class BaseApt:
    """The apt of a base layer: that of the .debs, which a room runs."""

    room: Room
    debs: Sequence[DebPin]

    @contextmanager
    def __call__(
        self, archives: Mapping[str, str], suite: str, architecture: str
    ) -> Iterator[Install]:
        """Open it, with the lists that the mirrors have now; it is a `debian.Apt`.

        Raises:
            ArtifactError: a list cannot be fetched.
            CommandError: one is not signed by Debian, or there is no solution.

        """
        local = {archive: f"file:{MIRRORS}/{archive}" for archive in archives}
        files = {
            **{
                f"{MIRRORS}/{name}": data
                for name, data in lists.fetch(archives, suite, architecture).items()
            },
            f"{HOME}/etc/sources.list": debian.sources(local, suite).encode(),
            f"{HOME}/etc/apt.conf": debian.settings(HOME, architecture).encode(),
        }
        with store.scratch("apt") as work:
            base.unpack(self.debs, fetcher.fetch(self.debs), work / "root.tar")
            with self.room.open(work / "root.tar") as opened:

                def install(names: Sequence[str], preferences: str) -> str:
                    given = {**files, f"{HOME}/etc/preferences": preferences.encode()}
                    printed = _run(opened, [*debian.INSTALL, *names], given)
                    for archive, root in local.items():
                        printed = printed.replace(f"'{root}/", f"'{archives[archive]}/")
                    return printed

                yield install


def _run(opened: OpenRoom, argv: Sequence[str], files: Mapping[str, bytes]) -> str:
    """Run a command of apt's in the room; return what it printed."""
    folders = " ".join(f"{HOME}/{part}" for part in debian.FOLDERS)
    script = SCRIPT.format(folders=folders, home=HOME)
    env = {**base.ENV, "APT_CONFIG": f"{HOME}/etc/apt.conf"}
    with opened.start(["/bin/sh", "-ec", script, "apt", *argv], env, files) as pipes:
        return pipes.stdout.read().decode()
