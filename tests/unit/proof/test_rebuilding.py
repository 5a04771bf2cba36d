"""An image of a registry is built again: equal, or what differs is said, and nothing is signed."""

from __future__ import annotations

import dataclasses

import pytest
from securesystemslib.signer import CryptoSigner

from gradlock.errors import ProofError
from gradlock.images.build import Means
from gradlock.images.image import Image
from gradlock.images.recipe import Recipe
from gradlock.progress import Meter
from gradlock.proof import envelope, rebuilding, rebuilt, statement, verification
from gradlock.proof.verification import Target
from gradlock.registry import push, referrers
from gradlock.registry.client import Repository
from tests.unit.images.conftest import CPU, Bench, Workshop
from tests.unit.registry.loopback import Registry

MEANS = Means(Bench(), held=False)


def test_an_image_that_comes_out_equal_passes(target: Target, recipe: Recipe) -> None:
    assert rebuilding.check(target, recipe, MEANS) == f"built again: {target.id}"


@pytest.mark.parametrize("held", [True, False])
def test_one_that_does_not_is_told_by_layer_and_file(
    built: Image, workshop: Workshop, repository: Repository, held: bool
) -> None:
    """Its layers are the store's, or come from the registry to be compared."""
    workshop.stock("keras")
    other = workshop.build(CPU)
    done = push.push(other, repository, (), Meter())
    if not held:
        for layer in other.layers:
            layer.path.unlink()
    workshop.stock()
    target = verification.find(repository, done.digest)
    with pytest.raises(
        ProofError, match=r"wheels-A-M: /\S*keras/news.txt is in the image, and was not"
    ):
        rebuilding.check(target, workshop.recipe(CPU), MEANS)


def test_a_layer_that_the_registry_broke_is_told_by_its_digest(
    workshop: Workshop, own_store: object, repository: Repository, registry: Registry
) -> None:
    workshop.stock("keras")
    other = workshop.build(CPU)
    done = push.push(other, repository, (), Meter())
    target = verification.find(repository, done.digest)
    (blob,) = [
        blob
        for (blob, _), (name, _) in zip(target.blobs, target.layers, strict=True)
        if name == "wheels-A-M"
    ]
    registry.blobs[blob] = bytes(len(registry.blobs[blob]))
    for layer in other.layers:
        layer.path.unlink()
    workshop.stock()
    with pytest.raises(ProofError, match="wheels-A-M: came out as"):
        rebuilding.check(target, workshop.recipe(CPU), MEANS)


def test_another_configuration_alone_is_told(target: Target, recipe: Recipe) -> None:
    other = dataclasses.replace(target, id="sha256:1")
    with pytest.raises(ProofError, match="no layer differs, but the configuration"):
        rebuilding.check(other, recipe, MEANS)


def test_what_is_signed_lies_beside_the_image(
    target: Target, recipe: Recipe, alice: CryptoSigner
) -> None:
    assert rebuilding.sign(target, recipe, alice, None).startswith("signed by")
    assert rebuilding.sign(target, recipe, alice, None).startswith("was signed before by")
    (found,) = referrers.find(target.repository, target.digest, envelope.KIND)
    assert found.notes == {statement.NOTE: rebuilt.KIND}
    data = referrers.read(target.repository, found, target.digest)
    opened = envelope.open_(data, {"alice": alice.public_key}, where="")
    assert opened.signers == {"alice"}
    assert opened.statement.subject == target.digest
