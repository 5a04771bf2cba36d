"""An image in a registry, held to the pin, the locks, and what is said of it there."""

from __future__ import annotations

import dataclasses
import json

import pytest

from gradlock import store
from gradlock.errors import ProofError, RegistryError
from gradlock.images import pins
from gradlock.images.image import Image
from gradlock.images.pins import ImagePin
from gradlock.images.recipe import Recipe
from gradlock.inputs.platforms import PLATFORMS
from gradlock.progress import Board, Meter
from gradlock.proof import bill, provenance, statement, verification
from gradlock.proof.verification import Target
from gradlock.registry import pull, push, referrers
from gradlock.registry.client import Repository
from gradlock.registry.push import Pushed
from gradlock.registry.referrers import Document
from tests.unit.images.conftest import CPU, Workshop, with_row
from tests.unit.proof.conftest import bill_of, origin_of
from tests.unit.registry.loopback import Registry


def failed(target: Target, recipe: Recipe) -> dict[str, str]:
    found = verification.checks(target, recipe)
    assert [one.check for one in found] == ["whole", "pin", "locks", "bill", "provenance"]
    return {one.check: one.said for one in found if one.problem}


def test_the_pinned_image_passes_by_its_tag_and_its_digest(
    target: Target, recipe: Recipe, repository: Repository
) -> None:
    assert failed(target, recipe) == {}
    assert verification.find(repository, "cpu") == target
    assert (target.variant, target.channel) == (recipe.name, recipe.channel)


def test_an_image_for_another_platform_goes_and_passes_and_comes_back(
    workshop: Workshop, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    arm = workshop.port(CPU, "arm", PLATFORMS["linux/arm64"])
    image = workshop.build(arm, table=with_row(arm))
    ported, pin = workshop.recipe(arm, table=with_row(arm)), pins.pin_of(image)
    monkeypatch.setattr(pins, "find", lambda *_: pin)
    documents = [bill_of(ported, image), origin_of(ported, pin.manifest)]
    push.push(image, repository, ("arm",), Meter(), documents)
    target = verification.find(repository, "arm")
    assert target.platform == "linux/arm64"
    assert failed(target, ported) == {}
    for folder in ("layers", "packed"):
        for path in store.folder(folder).iterdir():
            path.unlink()
    offer = pull.find(repository, pin)
    assert offer
    assert pull.take(ported, offer, repository, Board()).image == image


def test_one_that_is_not_there_is_told(repository: Repository) -> None:
    with pytest.raises(RegistryError, match="does not have the image"):
        verification.find(repository, "absent")


@pytest.mark.parametrize(
    "data",
    [
        b"<html>",
        b"[]",
        b'{"mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}',
        b'{"config": {}, "layers": []}',
    ],
)
def test_what_is_no_image_is_told(repository: Repository, registry: Registry, data: bytes) -> None:
    registry.manifests["odd"] = data
    with pytest.raises(ProofError, match="no image that gradlock has pushed"):
        verification.find(repository, "odd")


def test_an_image_of_others_is_told(repository: Repository, registry: Registry) -> None:
    config = registry.add(b'{"config": {"Labels": {}}}')
    told = {"config": {"digest": config}, "layers": []}
    registry.manifests["odd"] = json.dumps(told).encode()
    with pytest.raises(ProofError, match="no image that gradlock has pushed"):
        verification.find(repository, "odd")


def claiming(architecture: str, built: Image, registry: Registry, done: Pushed) -> None:
    """Have an image say that it is for a processor, and else the very variant."""
    told = json.loads(registry.manifests[done.digest])
    other = json.dumps(json.loads(built.config) | {"architecture": architecture}).encode()
    told["config"]["digest"] = registry.add(other)
    registry.manifests["odd"] = json.dumps(told).encode()


def test_an_image_for_another_architecture_than_the_rows_is_told(
    built: Image, recipe: Recipe, repository: Repository, registry: Registry
) -> None:
    """Though it says that it is the very variant."""
    claiming("arm64", built, registry, push.push(built, repository, (), Meter()))
    target = verification.find(repository, "odd")
    told = failed(target, recipe)
    assert told["pin"] == "it is an image for linux/arm64, and cpu is for linux/amd64"
    arm = dataclasses.replace(recipe.variant, platform="linux/arm64")
    ported = dataclasses.replace(recipe, locks=dataclasses.replace(recipe.locks, variant=arm))
    assert failed(target, ported)["pin"].startswith("images.lock pins")


def test_an_image_for_an_architecture_of_nobodys_is_told(
    built: Image, repository: Repository, registry: Registry
) -> None:
    claiming("riscv64", built, registry, push.push(built, repository, (), Meter()))
    with pytest.raises(ProofError, match="an image for linux/riscv64"):
        verification.find(repository, "odd")


def test_a_flipped_configuration_is_told(
    target: Target, repository: Repository, registry: Registry
) -> None:
    registry.blobs[target.id] = b"{}"
    with pytest.raises(RegistryError, match="what came is"):
        verification.find(repository, target.digest)


def test_a_layer_that_is_gone_is_told(target: Target, recipe: Recipe, registry: Registry) -> None:
    del registry.blobs[target.blobs[0][0]]
    assert "lacks 1 of its" in failed(target, recipe)["whole"]


def test_another_image_than_the_pinned_is_told(
    target: Target, pin: ImagePin, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = dataclasses.replace(pin, manifest="sha256:" + "0" * 64)
    monkeypatch.setattr(verification.pins, "find", lambda *_: other)
    assert failed(target, recipe).keys() == {"pin"}
    monkeypatch.setattr(verification.pins, "find", lambda *_: None)
    assert "pins nothing" in failed(target, recipe)["pin"]


def test_other_locks_are_told(target: Target, workshop: Workshop) -> None:
    workshop.stock("keras")
    assert failed(target, workshop.recipe(CPU)).keys() == {"locks", "bill", "provenance"}


def test_what_nobody_has_said_is_told(
    built: Image, pin: ImagePin, recipe: Recipe, repository: Repository
) -> None:
    push.push(built, repository, (), Meter())
    target = verification.find(repository, pin.manifest)
    assert failed(target, recipe).keys() == {"bill", "provenance"}
    assert "there is none" in failed(target, recipe)["bill"]


KINDS = {
    "bill": (bill.KIND, {}),
    "provenance": (statement.KIND, {statement.NOTE: provenance.KIND}),
}


@pytest.mark.parametrize("what", KINDS)
def test_a_referrer_that_is_no_json_is_told(
    built: Image,
    pin: ImagePin,
    recipe: Recipe,
    repository: Repository,
    documents: list[Document],
    what: str,
) -> None:
    kind, notes = KINDS[what]
    others = [one for one in documents if one.kind != kind]
    odd = Document(kind, b"<html>", notes)
    push.push(built, repository, (), Meter(), [*others, odd])
    target = verification.find(repository, pin.manifest)
    assert failed(target, recipe).keys() == {what}
    assert "is none" in failed(target, recipe)[what]


@pytest.mark.parametrize("what", KINDS)
def test_what_others_put_beside_it_spoils_nothing_and_is_told(
    target: Target, recipe: Recipe, what: str
) -> None:
    kind, notes = KINDS[what]
    referrers.attach(target.repository, target.manifest, [Document(kind, b"<html>", notes)])
    assert failed(target, recipe) == {}
    said = {one.check: one.said for one in verification.checks(target, recipe)}
    assert "also there, and wrong" in said[what]


def test_a_provenance_of_another_image_is_told(
    built: Image, pin: ImagePin, recipe: Recipe, repository: Repository, documents: list[Document]
) -> None:
    other = provenance.make(recipe, "sha256:" + "0" * 64).data()
    odd = Document(statement.KIND, other, {statement.NOTE: provenance.KIND})
    push.push(built, repository, (), Meter(), [documents[0], odd])
    target = verification.find(repository, pin.manifest)
    assert "about another image" in failed(target, recipe)["provenance"]
