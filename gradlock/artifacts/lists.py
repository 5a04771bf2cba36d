"""Debian's lists of packages, as its mirrors serve them: with the signature that vouches for them.

Whoever reads them checks that: an apt.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping

import httpx

from gradlock.artifacts import network
from gradlock.errors import ArtifactError
from gradlock.locks.resolve.debian import SUITES


def fetch(archives: Mapping[str, str], suite: str, architecture: str) -> dict[str, bytes]:
    """Fetch the lists of a suite's packages from mirrors; return them by archive and path.

    `archives` are the roots of Debian's archives.

    Raises:
        ArtifactError: a list cannot be had, or the suite has none for the architecture.

    """
    name = f"main/binary-{architecture}/Packages.xz"
    found = {}
    with network.client() as client:
        for archive, forms in SUITES.items():
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
                found[f"{archive}/{folder}/InRelease"] = release
                found[f"{archive}/{folder}/{name}"] = packages
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
