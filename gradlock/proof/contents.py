"""What an image in a registry holds, in the words of the locks: by its bill, or by our locks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from packageurl import PackageURL

from gradlock.errors import LockError, RegistryError
from gradlock.images.changes import ImageChange
from gradlock.locks import diff, freshness, revisions
from gradlock.locks.diff import Environment, Package, Sizes
from gradlock.proof import bill
from gradlock.proof.verification import Target
from gradlock.registry import referrers

#: The kinds of a bill's packages, as locks name their managers.
MANAGERS = {"deb": "apt", "pypi": "pip", "conda": "conda"}


def environment(target: Target, sizes: Sizes) -> Environment | None:
    """Return what an image holds; None where it has no bill, and was made from other locks.

    Raises:
        RegistryError: its bill cannot be had, or read.

    """
    packages = _billed(target, sizes)
    if packages is None:
        packages = _locked(target, sizes)
    return None if packages is None else Environment(target.variant, {}, packages)


def as_in(locked: Environment, channel: str) -> Environment:
    """Return what an image of a channel takes from what is locked: conda's packages, or none."""
    taken = (one for one in locked.packages if one.kind != "conda" or channel == "conda-forge")
    return Environment(locked.name, {}, tuple(taken))


def outside(target: Target) -> Environment:
    """Return what is known of an image whose packages are not: its labels, and its layers."""
    layers = {f"layer {name}": digest[:12] for name, digest in target.layers}
    labels = {"variant": target.variant, "channel": target.channel, "locks": target.locks[:19]}
    return Environment(target.variant, {**labels, **layers}, ())


def compared(old: Target, new: Target) -> tuple[ImageChange, ...]:
    """Return what somebody pulls who has the old image and takes the new one, as it is packed."""
    if old.id == new.id:
        return ()
    sizes = [dict(one.blobs) for one in (old, new)]
    fresh = {digest: size for digest, size in new.blobs if digest not in sizes[0]}
    named = zip(new.layers, new.blobs, strict=True)
    names = tuple(name for (name, _), (digest, _) in named if digest in fresh)
    before, after, pulled = (sum(size.values()) for size in (*sizes, fresh))
    return (ImageChange(new.variant, new.channel, old.id, new.id, before, after, pulled, names),)


def _billed(target: Target, sizes: Sizes) -> tuple[Package, ...] | None:
    """Return the packages that an image's bill names; None where it has no bill.

    Anybody who may write to the registry may put another one beside it: one must be right.
    """
    wrong: RegistryError | None = None
    for one in referrers.find(target.repository, target.digest, bill.KIND):
        data = referrers.read(target.repository, one, target.digest)
        try:
            told = json.loads(data)
            if (identity := told["metadata"]["component"]["version"]) != target.id:
                raise ValueError(f"it is of another image, {identity}")
            return tuple(_components(told["components"], sizes))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            wrong = RegistryError(
                f"an image's bill cannot be read: {type(error).__name__}: {error}",
                where=f"{target.repository.place}@{one.digest}",
                mend=f"./inv verify {target.where} says more; push the image again",
            )
    if wrong:
        raise wrong
    return None


def _components(rows: list[dict[str, Any]], sizes: Sizes) -> Iterator[Package]:
    for row in rows:
        url = PackageURL.from_string(row["purl"])
        hashes = {str(one["alg"]): str(one["content"]) for one in row["hashes"]}
        sha256 = hashes["SHA-256"]
        yield Package(MANAGERS[url.type], url.name, url.version or "", sha256, sizes(sha256))


def _locked(target: Target, sizes: Sizes) -> tuple[Package, ...] | None:
    """Return the packages of this folder's locks, where the image was made from these."""
    tree = revisions.here()
    row = diff.rows(tree).get(target.variant)
    try:
        if row is None or freshness.read(row).digest != target.locks.removeprefix("sha256:"):
            return None
    except LockError:  # what is no lock has made no image
        return None
    return as_in(diff.environment(tree, row, sizes), target.channel).packages
