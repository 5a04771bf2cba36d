"""Referrers: documents that say something of an image, kept beside it and found by its digest.

A registry that knows OCI's referrers lists them by itself. For one that does not, they are
listed in an index that the tag `sha256-<digest>` names, as the standard wants it.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gradlock import store
from gradlock.errors import RegistryError
from gradlock.images.config import to_json
from gradlock.registry.artifacts import EMPTY, NOTHING
from gradlock.registry.client import MANIFEST, MISSING, Repository
from gradlock.registry.upload import put

INDEX = "application/vnd.oci.image.index.v1+json"
#: Bytes that a document may have: it is read into memory.
LIMIT = 64 << 20
#: Seconds after which the tag is looked at again: somebody who read the index before it was
#: written here may have written his own since.
SETTLING = 0.3
#: Times that the index is written before somebody else is taken to undo it on purpose.
TRIES = 8

Row = dict[str, Any]


@dataclass(frozen=True)
class Document:
    """What is said of an image: the media type, the bytes, and notes that tell it from others."""

    kind: str
    data: bytes
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Referrer:
    """A document that a registry lists: the digest of its manifest, its media type, its notes."""

    digest: str
    kind: str
    notes: Mapping[str, str]


def fallback(subject: str) -> str:
    """Return the tag that lists the referrers of a manifest, by the manifest's digest."""
    return subject.replace(":", "-")


def attach(repository: Repository, subject: bytes, documents: Sequence[Document]) -> int:
    """Keep documents beside a manifest that the repository has; return how many are new.

    Several runs may do so at once, of one image: each sees to it that its own are listed.

    Raises:
        RegistryError: the registry refuses, or what lists the referrers is unreadable.

    """
    digest = f"sha256:{store.digest(subject)}"
    known = {row["digest"] for row in _rows(repository, digest)}
    put(repository, EMPTY)
    unlisted, new = [], 0
    for document in documents:
        manifest = _manifest(digest, len(subject), document)
        row = _row(manifest, document)
        if row["digest"] in known:
            continue
        new += 1
        put(repository, document.data)
        if not repository.tag(row["digest"], manifest):
            unlisted.append(row)
    if unlisted:
        _list(repository, digest, unlisted)
    return new


def find(repository: Repository, subject: str, *kinds: str) -> list[Referrer]:
    """Return the documents of some kinds (or all) beside a manifest, by its digest.

    Raises:
        RegistryError: it cannot be asked, or what it tells is no list of referrers.

    """
    found = [
        Referrer(row["digest"], row.get("artifactType", ""), row.get("annotations") or {})
        for row in _rows(repository, subject)
    ]
    return [one for one in found if not kinds or one.kind in kinds]


def read(repository: Repository, referrer: Referrer, subject: str) -> bytes:
    """Return a document, held to the digests that lead to it.

    Raises:
        RegistryError: it cannot be had, or is none of the manifest with the digest `subject`.

    """
    where = f"{repository.place}@{referrer.digest}"
    manifest = repository.manifest(referrer.digest)
    try:
        told = json.loads(manifest or b"")
        (layer,) = told["layers"]
        digest, size, of = str(layer["digest"]), int(layer["size"]), told["subject"]["digest"]
    except (ValueError, KeyError, TypeError) as error:
        raise RegistryError(
            "a referrer is listed that is none", where=where, mend="push the image again"
        ) from error
    if of != subject:
        raise RegistryError(
            f"a referrer is of another image: {of}", where=where, mend="push the image again"
        )
    if size > LIMIT:
        raise RegistryError(f"a referrer has {size} bytes, which is too much", where=where)
    return repository.blob(digest)


def _rows(repository: Repository, subject: str) -> list[Row]:
    """Return what lists the referrers of a manifest: the registry, or the tag beside it."""
    answer = repository.ask(
        "GET", f"referrers/{subject}", headers={"Accept": INDEX}, nothing=MISSING
    )
    if answer is not None:
        return _read(answer.content, repository, f"referrers of {subject}")
    return _tagged(repository, subject)


def _tagged(repository: Repository, subject: str) -> list[Row]:
    tag = fallback(subject)
    data = repository.manifest(tag)
    return _read(data, repository, tag) if data is not None else []


def _read(data: bytes, repository: Repository, what: str) -> list[Row]:
    try:
        rows = json.loads(data)["manifests"]
        if not all(isinstance(row["digest"], str) for row in rows):
            raise TypeError("a digest is no string")
        return list(rows)
    except (ValueError, KeyError, TypeError) as error:
        raise RegistryError(
            "what should list an image's referrers is no index",
            where=f"{repository.place}:{what}",
            mend="remove that tag from the registry, and push the image again",
        ) from error


def _list(repository: Repository, subject: str, rows: Sequence[Row]) -> None:
    """Have the tag list some referrers, besides those that it lists.

    No registry writes a tag only if it is what was read. So it is read again after a while, in
    which those who had read it before have written theirs.
    """
    for _ in range(TRIES):
        listed = {row["digest"]: row for row in _tagged(repository, subject)}
        if all(row["digest"] in listed for row in rows):
            return
        listed |= {row["digest"]: row for row in rows}
        index = {
            "schemaVersion": 2,
            "mediaType": INDEX,
            "manifests": [listed[digest] for digest in sorted(listed)],
        }
        repository.tag(fallback(subject), to_json(index), INDEX)
        time.sleep(SETTLING * (1 + random.random()))  # noqa: S311 - so that two runs part
    raise RegistryError(
        "others keep changing the list of the image's referrers",
        where=f"{repository.place}:{fallback(subject)}",
        mend="run it again when they are done",
    )


def _manifest(subject: str, size: int, document: Document) -> bytes:
    data = {
        "mediaType": document.kind,
        "digest": f"sha256:{store.digest(document.data)}",
        "size": len(document.data),
    }
    whole = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": document.kind,
        "config": NOTHING,
        "layers": [data],
        "subject": {"mediaType": MANIFEST, "digest": subject, "size": size},
    }
    return to_json(whole | ({"annotations": dict(document.notes)} if document.notes else {}))


def _row(manifest: bytes, document: Document) -> Row:
    row: Row = {
        "mediaType": MANIFEST,
        "digest": f"sha256:{store.digest(manifest)}",
        "size": len(manifest),
        "artifactType": document.kind,
    }
    return row | ({"annotations": dict(document.notes)} if document.notes else {})
