"""An image in a registry, held to the pin, to the locks, and to what is said of it there."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from gradlock import store
from gradlock.errors import GradlockError, ProofError, RegistryError
from gradlock.images import pins
from gradlock.images.recipe import Recipe
from gradlock.inputs import platforms
from gradlock.proof import bill, provenance, statement
from gradlock.registry import referrers
from gradlock.registry.client import MANIFEST, Repository

#: What an image's labels say of it, below `io.gradlock.`.
SAID = ("variant", "channel", "locks")


@dataclass(frozen=True)
class Target:
    """An image in a registry: its manifest, its ID, and what its configuration says.

    `blobs` are its layers as the registry has them, digests and sizes; `layers` the names and
    digests of what is in them, bottom first.
    """

    repository: Repository
    digest: str
    id: str
    manifest: bytes
    blobs: tuple[tuple[str, int], ...]
    variant: str
    channel: str
    locks: str
    layers: tuple[tuple[str, str], ...]
    platform: str

    @property
    def where(self) -> str:
        """Its name by its digest."""
        place = self.repository.place
        return f"{place.host}/{place.repository}@{self.digest}"


@dataclass(frozen=True)
class Finding:
    """What came of a check: what it found, or why it failed."""

    check: str
    said: str
    problem: GradlockError | None = None


def find(repository: Repository, name: str) -> Target:
    """Return the image that a tag or a digest names; its manifest and configuration are read.

    Raises:
        RegistryError: there is none, or it has not the bytes of its digests.
        ProofError: it is no image of gradlock's.

    """
    where = f"{repository.place.host}/{repository.place.repository}, {name}"
    data = repository.manifest(name)
    if data is None:
        raise RegistryError(
            "the registry does not have the image", where=where, mend="look at its name or digest"
        )
    digest = f"sha256:{store.digest(data)}"
    try:
        told = json.loads(data)
        if told.get("mediaType", MANIFEST) != MANIFEST:
            raise TypeError(f"its kind is {told['mediaType']}")
        identity = str(told["config"]["digest"])
        blobs = tuple((str(row["digest"]), int(row["size"])) for row in told["layers"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _foreign(where, error) from error
    config = repository.blob(identity)
    try:
        read = json.loads(config)
        labels = read["config"]["Labels"]
        named = [row["created_by"].removeprefix("gradlock layer ") for row in read["history"]]
        plain = [row.removeprefix("sha256:") for row in read["rootfs"]["diff_ids"]]
        layers = tuple(zip(named, plain, strict=True))
        variant, channel, locks = (str(labels[f"io.gradlock.{name}"]) for name in SAID)
        platform = f"{read['os']}/{read['architecture']}"
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _foreign(where, error) from error
    if platform not in platforms.PLATFORMS:
        raise ProofError(
            f"it is an image for {platform}, and gradlock makes them for "
            f"{', '.join(platforms.PLATFORMS)}",
            where=where,
            mend="name one that `./inv push` has printed",
        )
    said = (variant, channel, locks, layers, platform)
    return Target(repository, digest, identity, data, blobs, *said)


def _foreign(where: str, error: Exception) -> ProofError:
    return ProofError(
        f"it is no image that gradlock has pushed: {type(error).__name__}: {error}",
        where=where,
        mend="name one that `./inv push` has printed",
    )


def checks(target: Target, recipe: Recipe) -> list[Finding]:
    """Return what each check of an image finds, against the recipe that it should be of."""
    return [
        run("whole", lambda: _whole(target)),
        run("pin", lambda: _pin(target, recipe)),
        run("locks", lambda: _locks(target, recipe)),
        run("bill", lambda: _bill(target, recipe)),
        run("provenance", lambda: _provenance(target, recipe)),
    ]


def run(name: str, check: Callable[[], str]) -> Finding:
    """Return what a check finds, or the error that it ends with."""
    try:
        return Finding(name, check())
    except GradlockError as error:
        return Finding(name, error.what, error)


def _whole(target: Target) -> str:
    lacking = [blob for blob, _ in target.blobs if not target.repository.has(blob)]
    if lacking:
        raise ProofError(
            f"the registry lacks {len(lacking)} of its {len(target.blobs)} layers: {lacking[0]}",
            where=target.where,
            mend="push it again",
        )
    return f"{target.digest}, {len(target.blobs)} layers"


def _pin(target: Target, recipe: Recipe) -> str:
    if target.platform != recipe.variant.platform:
        raise ProofError(
            f"it is an image for {target.platform}, and {recipe.name} is for "
            f"{recipe.variant.platform}",
            where=target.where,
            mend="name one that `./inv push` has printed",
        )
    pin = pins.find(recipe.channel, recipe.name)
    if pin is None or (pin.manifest, pin.id) != (target.digest, target.id):
        raise ProofError(
            f"images.lock pins {pin.manifest if pin else 'nothing'} for {recipe.name} from "
            f"{recipe.channel}",
            where=target.where,
            mend="go to the commit that pinned it; or it is not the image that you want",
        )
    return f"{recipe.name} from {recipe.channel}, {pin.id}"


def _locks(target: Target, recipe: Recipe) -> str:
    here, there = f"sha256:{recipe.locks.digest}", target.locks
    if here != there:
        raise ProofError(
            f"it was built from the locks {there}, those here are {here}",
            where=target.where,
            mend="go to the commit that it was built from",
        )
    return here


def _bill(target: Target, recipe: Recipe) -> str:
    return _one(
        target, bill.KIND, "", lambda data, where: bill.check(data, recipe, target.id, where=where)
    )


def _provenance(target: Target, recipe: Recipe) -> str:
    def check(data: bytes, where: str) -> str:
        said = statement.read(data, where=where)
        statement.about(said, target.digest, provenance.KIND, where=where)
        return provenance.check(said, recipe, where=where)

    return _one(target, statement.KIND, provenance.KIND, check)


def _one(target: Target, kind: str, noted: str, check: Callable[[bytes, str], str]) -> str:
    """Return what is found of the documents of a kind: one must be right, the others are told.

    Anybody who may write to the registry may put another one beside it.
    """
    right, wrong = [], []
    for one in referrers.find(target.repository, target.digest, kind):
        if noted and one.notes.get(statement.NOTE, noted) != noted:
            continue
        where = f"{target.repository.place}@{one.digest}"
        try:
            right.append(check(referrers.read(target.repository, one, target.digest), where))
        except GradlockError as error:
            wrong.append(error)
    if right:
        told = [f"; also there, and wrong: {error.what} ({error.where})" for error in wrong]
        return "".join(["; ".join(dict.fromkeys(right)), *told])
    if wrong:
        raise wrong[0]
    raise ProofError(
        f"there is none beside the image ({kind})",
        where=target.where,
        mend="push it again: ./inv push --to HOST/REPOSITORY brings it",
    )
