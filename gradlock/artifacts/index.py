"""Where wheels are: the file of an index whose hash is the lock's.

An index is asked for all files of a project (the Simple API, as JSON where it has it), whatever
a resolver would choose of them today: one that was yanked, or superseded, is still found.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import httpx
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from gradlock.artifacts import network
from gradlock.errors import ArtifactError
from gradlock.locks.pins import WheelPin


@dataclass(frozen=True)
class Source:
    """Where an artifact can be downloaded; `size` in bytes, 0 where it is not known."""

    url: str
    filename: str
    size: int
    login: httpx.Auth | None = None  # where it is not the machine's own


@dataclass(frozen=True)
class Index:
    """The machine's indexes, asked by any number of threads."""

    client: httpx.Client
    urls: Sequence[str]
    stop: threading.Event

    def locate(self, pin: WheelPin) -> Source:
        """Return where a wheel is: in the first index that has it.

        Raises:
            ArtifactError: none has it, or one that may have it cannot be asked.

        """
        problems = []
        for url in self.urls:
            page = f"{url}/{pin.name}/"
            try:
                ask = partial(self._page, page)
                answer = network.patiently(ask, self.stop, network.plain(page))
                if answer is not None and (found := _matching(answer, pin)):
                    return found[0]
            except (*network.ERRORS, ValueError, KeyError, TypeError) as error:
                problems.append((page, network.reason(error)))
        if problems:
            page, why = problems[0]
            raise ArtifactError(
                f"looking for {pin.name} {pin.version} in the index failed: {why}",
                where=network.plain(page),
                mend="run again when the index can be reached: what is complete stays",
            )
        raise ArtifactError(
            f"{pin.name} {pin.version}: no index offers the file that the lock names",
            where=f"sha256 {pin.sha256}, in {', '.join(map(network.plain, self.urls))}",
            mend="carry it here with `./inv fetch --from DIR`, or relock with ./inv lock",
        )

    def _page(self, url: str) -> httpx.Response | None:
        """Return an index's page of a project; None where the index does not have it."""
        from pypi_simple import ACCEPT_JSON_PREFERRED  # as in `indexes`

        answer = self.client.get(url, headers={"Accept": ACCEPT_JSON_PREFERRED})
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        return answer.raise_for_status()


def _matching(answer: httpx.Response, pin: WheelPin) -> list[Source]:
    """Read a project's page: the files that have a pin's hash, and a name that is that wheel's."""
    if "html" in answer.headers.get("Content-Type", ""):
        from pypi_simple import ProjectPage  # as in `indexes`

        page = ProjectPage.from_html(pin.name, answer.text, str(answer.url))
        found = [
            Source(package.url, package.filename, package.size or 0)
            for package in page.packages
            if package.digests.get("sha256") == pin.sha256
        ]
    else:
        # Plain values, and of the one file: to check all fields of all files, or to join all
        # their URLs, costs ten times what is needed.
        found = [
            Source(str(answer.url.join(file["url"])), file["filename"], file.get("size") or 0)
            for file in answer.json()["files"]
            if file["hashes"].get("sha256") == pin.sha256
        ]
    return [source for source in found if names(source.filename, pin)]


def names(filename: str, pin: WheelPin) -> bool:
    """Whether a filename, which becomes a path in the store, is one of the pin's wheels."""
    try:
        name, version, _, _ = parse_wheel_filename(filename)
        return "/" not in filename and (name, version) == (
            canonicalize_name(pin.name),
            Version(pin.version),
        )
    except (InvalidWheelFilename, InvalidVersion):
        return False
