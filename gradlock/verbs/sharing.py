"""Images shared with a team: what `push` and `image --push-cache` have in common."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from gradlock import progress
from gradlock.artifacts import fetcher, sources
from gradlock.images import packed, pins
from gradlock.images.image import Image
from gradlock.images.recipe import Recipe
from gradlock.inputs.variants import Variant
from gradlock.proof import bill, provenance, receipts, statement
from gradlock.registry import artifacts, team
from gradlock.registry import push as pushing
from gradlock.registry.client import Repository
from gradlock.registry.reference import Reference
from gradlock.registry.referrers import Document
from gradlock.verbs.outcome import out

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner


def push(
    place: Reference,
    wanted: Sequence[Recipe],
    images: Sequence[Image],
    signer: CryptoSigner | None = None,
) -> None:
    """Push images as they are pinned, and print what came of it.

    With `signer`, what has passed in them goes with them, signed.

    Raises:
        PinError: one would have another digest than the pinned one.
        RegistryError: the registry refuses, or cannot be reached.

    """
    with Repository(place) as repository, progress.board() as board:
        for recipe, image in zip(wanted, images, strict=True):
            pins.hold_manifest(image)
            tags = (place.tag,) if place.tag else names(recipe.variant, recipe.created)
            meter = board.meter(f"pushing {recipe.name}")
            beside = said(recipe, image)
            passed = receipts.of_image(image.id) if signer else []
            if signer:
                from gradlock.proof import rebuilding  # its library is needed for nothing else

                beside += [rebuilding.document(one, signer) for one in passed]
            done = pushing.push(image, repository, tags, meter, beside)
            out.print(f"{place.host}/{place.repository}@{done.digest}")
            sent = f"{done.sent / 1e6:.1f} MB of {done.size / 1e6:.0f} MB sent"
            out.print(f"  {', '.join(done.tags)}; {sent}")
            if signer:
                out.print(f"  {len(passed)} suites that passed in it, signed")


def said(recipe: Recipe, image: Image) -> list[Document]:
    """Return what is pushed beside an image: its bill of materials, and where it comes from."""
    from gradlock.images import sbom  # its library takes as long as all others together

    origin = provenance.make(recipe, packed.digest(image))
    return [
        Document(bill.KIND, sbom.write(recipe, image).encode()),
        Document(statement.KIND, origin.data(), {statement.NOTE: provenance.KIND}),
    ]


def names(row: Variant, moment: datetime) -> tuple[str, ...]:
    """Return the tags that a variant gets; the last is the one that people use."""
    return (f"{row.name}-{moment:%Y%m%d}", f"{row.tensorflow}-{row.name}", row.name)


def share(wanted: Sequence[Recipe], images: Sequence[Image]) -> None:
    """Bring images, and the artifacts that they were made of, into the team's cache.

    Where it lists all artifacts already, none is fetched to look at it.

    Raises:
        InputError: no cache is named.
        RegistryError: the registry refuses, or cannot be reached.

    """
    place = team.required()
    push(place, wanted, images)
    with Repository(place) as repository, progress.board() as board:
        for recipe in wanted:
            needed = sources.pins_of(recipe.locks, recipe.channel)
            kept = artifacts.Kept(repository, [recipe.locks.digest])
            if all(kept.source(pin) for pin in needed):
                out.print(f"  {len(needed)} artifacts of {recipe.name} are there")
                continue
            with team.artifacts([recipe.locks.digest]) as nearer:
                files = fetcher.fetch(needed, nearer=nearer)
            meter = board.meter(f"pushing the artifacts of {recipe.name}")
            sent = artifacts.push(repository, recipe.locks.digest, files, meter)
            out.print(f"  {len(files)} artifacts of {recipe.name}; {sent / 1e6:.1f} MB sent")
