"""Uploads: blobs go to a registry piece by piece, and are there as a whole or not at all."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import BinaryIO

import httpx

from gradlock import store
from gradlock.artifacts import network
from gradlock.errors import ArtifactError, RegistryError
from gradlock.progress import Meter
from gradlock.registry import refusals
from gradlock.registry.client import Repository

#: Bytes of a blob that are sent in one request. Amazon's registry takes no less than 5 MiB.
PIECE = 16 << 20
#: What a registry answers that does not go on with an upload: it has forgotten it, or, as
#: distribution, was left within a piece and then begins anew.
LOST = (404, 416)
#: How a registry tells the last byte that has come.
RANGE = re.compile(r"(?:bytes=)?0-(-?\d+)")


def put(repository: Repository, data: bytes) -> None:
    """Bring a small blob, where the repository lacks it.

    Raises:
        RegistryError: the registry refuses it.

    """
    digest = f"sha256:{store.digest(data)}"
    if not repository.has(digest):
        upload(repository, digest, io.BytesIO(data), len(data), Meter())


def upload(
    repository: Repository,
    digest: str,
    source: BinaryIO,
    size: int,
    meter: Meter,
    others: Sequence[str] = (),
) -> bool:
    """Bring a blob that a repository lacks; return whether its bytes had to be sent.

    `others` are repositories of the registry that may have it already. What breaks is taken up
    where the registry says that it has come to, or from the blob's beginning where it does not
    go on. It is given up when several tries have brought it no further.

    Raises:
        RegistryError: the registry refuses it, or cannot be reached.

    """
    if _mounted(repository, digest, others):
        meter.advance(size)
        return False
    url, have, told, furthest = _begin(repository), 0, 0, 0
    waits = iter(repository.waits)
    while have < size:
        source.seek(have)
        piece = source.read(PIECE)
        if not piece:
            raise ArtifactError("a file is shorter than it was", where=str(source.name))
        try:
            url, have = _send(repository, url, piece, have)
        except (httpx.TransportError, refusals.BusyError) as error:
            network.check(repository.stop, str(repository.place))
            repository.rest(error, next(waits, None))
            url, have = _reached(repository, url) or (_begin(repository), 0)
        if have > furthest:
            furthest, waits = have, iter(repository.waits)
        meter.advance(have - told)
        told = have
    _end(repository, url, digest)
    return True


def _mounted(repository: Repository, digest: str, others: Sequence[str]) -> bool:
    """Ask for a blob to be taken from another repository of the registry."""
    for other in others:
        asked = {"mount": digest, "from": other}
        answer = repository.ask("POST", "blobs/uploads/", params=asked)
        if answer is not None and answer.status_code == httpx.codes.CREATED:
            return True
    return False


def _begin(repository: Repository) -> str:
    """Return where a blob's bytes are to go."""
    answer = repository.ask("POST", "blobs/uploads/")
    assert answer is not None
    return _location(answer)


def _send(repository: Repository, url: str, piece: bytes, have: int) -> tuple[str, int]:
    """Send a piece; return where the next goes, and how many bytes are there then."""
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Range": f"{have}-{have + len(piece) - 1}",
    }
    answer = repository.ask("PATCH", url, headers=headers, content=piece, nothing=LOST, once=True)
    if answer is None:
        raise refusals.BusyError("the registry does not go on with an upload that it began")
    return _location(answer), have + len(piece)


def _reached(repository: Repository, url: str) -> tuple[str, int] | None:
    """Return where an upload goes on, and the bytes that have come of it; None where it is lost."""
    answer = repository.ask("GET", url, nothing=LOST)
    told = RANGE.fullmatch(answer.headers.get("Range", "")) if answer is not None else None
    if answer is None or told is None:
        return None
    last = int(told[1])
    # `0-0` is what an upload without a byte is said to have: no registry tells it from one byte.
    return _location(answer, url), last + 1 if last > 0 else 0


def _end(repository: Repository, url: str, digest: str) -> None:
    """Have the registry hold what was sent to its digest, and keep it."""
    whole = str(httpx.URL(url).copy_merge_params({"digest": digest}))
    answer = repository.ask("PUT", whole, headers={"Content-Length": "0"}, nothing=LOST)
    # A second try, after an answer that was lost, finds no upload: the first one has ended it.
    if answer is None and not repository.has(digest):
        raise RegistryError(
            "the registry lost an upload that was whole",
            where=str(repository.place),
            mend="run it again: what has come as a whole stays",
        )


def _location(answer: httpx.Response, default: str = "") -> str:
    """Return where an upload goes on, as a URL: a registry may tell a path alone."""
    told = answer.headers.get("Location") or default
    return str(answer.url.join(told))
