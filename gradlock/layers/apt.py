"""The base layer's own apt, for a machine that has none: it resolves apt.lock.

It runs in a room, from the .debs of the lock that there is. A room has no network: this machine
fetches the lists of packages, as it fetches all else, and apt holds them to Debian's signatures.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from gradlock import store
from gradlock.artifacts import fetcher, network
from gradlock.errors import ArtifactError
from gradlock.layers import base
from gradlock.layers.room import OpenRoom, Room
from gradlock.locks.lockfile import DebPin
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
            **_lists(archives, suite, architecture),
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


def _lists(archives: Mapping[str, str], suite: str, architecture: str) -> dict[str, bytes]:
    """Fetch the lists of a suite's packages; return them by their paths in the room."""
    name = f"main/binary-{architecture}/Packages.xz"
    found = {}
    with network.client() as client:
        for archive, forms in debian.SUITES.items():
            for form in forms:
                folder = f"dists/{form.format(suite=suite)}"
                url = f"{archives[archive]}/{folder}"
                release = _get(client, f"{url}/InRelease")
                # A mirror may be changing: the list of that hash is the one that is signed.
                listed = re.search(rf"(?m)^ ([0-9a-f]{{64}}) +\d+ {name}$", release.decode())
                if not listed:
                    raise ArtifactError(
                        f"the release has no packages for {architecture}",
                        where=network.plain(f"{url}/InRelease"),
                        mend="name the suite, and mirrors that have it, as docs/locks.md says",
                    )
                by_hash = f"{name.rpartition('/')[0]}/by-hash/SHA256/{listed[1]}"
                packages = _get(client, f"{url}/{by_hash}", f"{url}/{name}")
                found[f"{MIRRORS}/{archive}/{folder}/InRelease"] = release
                found[f"{MIRRORS}/{archive}/{folder}/{name}"] = packages
    return found


def _get(client: httpx.Client, url: str, *others: str) -> bytes:
    """Return what a URL serves; where it has nothing there, what another does."""

    def ask() -> bytes:
        return client.get(url).raise_for_status().content

    try:
        return network.patiently(ask, threading.Event(), network.plain(url))
    except network.ERRORS as error:
        if others:
            return _get(client, *others)
        raise ArtifactError(
            f"reading Debian's package lists failed: {network.reason(error)}",
            where=network.plain(url),
            mend="run it again when the mirror can be reached, or name another one",
        ) from error
