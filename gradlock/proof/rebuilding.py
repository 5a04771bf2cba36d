"""An image of a registry, built again here and compared; what came out equal can be signed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from securesystemslib.signer import CryptoSigner

from gradlock import store
from gradlock.errors import ProofError, RegistryError
from gradlock.images import packed
from gradlock.images.archive import BrokenLayerError
from gradlock.images.build import Means
from gradlock.images.recipe import Recipe
from gradlock.layers import Layer, cache
from gradlock.progress import Meter
from gradlock.proof import envelope, rebuild, rebuilt, statement
from gradlock.proof.verification import Target
from gradlock.registry import referrers
from gradlock.registry.referrers import Document


def check(target: Target, recipe: Recipe, means: Means) -> str:
    """Build an image again, and see that it is the one in the registry.

    Raises:
        ProofError: it is not; the layers are named that differ, and the files in them.
        ArtifactError: an artifact cannot be had.

    """
    with store.scratch("theirs") as work:
        made = rebuild.rebuild(
            recipe, means, target.layers, lambda name, digest: _other(target, work, name, digest)
        )
    if (made.id, made.manifest) == (target.id, target.digest):
        return f"built again: {made.id}"
    differing = [str(one) for one in made.differences]
    raise ProofError(
        f"built again, it came out as {made.id}:\n    "
        + "\n    ".join(differing or ["no layer differs, but the configuration, or its packing"]),
        where=target.where,
        mend="the image does not come from these locks and this code: do not trust it",
    )


def _other(target: Target, work: Path, name: str, digest: str) -> Layer | None:
    """Return a layer of the image in the registry: the store's, or as it comes from there."""
    held = cache.held(name, digest)
    if held:
        return held
    names = [plain for _, plain in target.layers]
    blob, size = target.blobs[names.index(digest)]
    part, layer = work / "blob", Layer(name, work / f"{digest}.tar", digest, 0)
    try:
        target.repository.download(blob, size, part, Meter())
        packed.unpack(part, layer, work)
    except (RegistryError, BrokenLayerError):
        return None
    finally:
        part.unlink(missing_ok=True)
    return layer


def sign(target: Target, recipe: Recipe, signer: CryptoSigner, expires: date | None) -> str:
    """Keep a signed statement beside an image that it came out equal; return who says so.

    Only after `check`.

    Raises:
        RegistryError: the registry refuses it.

    """
    said = rebuilt.make(recipe, target.digest, target.id, expires)
    new = attach(target, [said], signer)
    until = f" until {expires}" if expires else ""
    return f"{'signed' if new else 'was signed before'} by {signer.public_key.keyid[:12]}{until}"


def attach(target: Target, said: Sequence[statement.Statement], signer: CryptoSigner) -> int:
    """Keep signed statements beside an image; return how many are new."""
    documents = [document(one, signer) for one in said]
    return referrers.attach(target.repository, target.manifest, documents)


def document(said: statement.Statement, signer: CryptoSigner) -> Document:
    """Return a signed statement as registries keep it."""
    return Document(envelope.KIND, envelope.sign(said, signer), {statement.NOTE: said.kind})
