"""What the tests of proof share: a small image in a registry, with what is said of it, and keys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from securesystemslib.signer import CryptoSigner

from gradlock.images import sbom
from gradlock.images.image import Image
from gradlock.images.pins import ImagePin
from gradlock.images.recipe import Recipe
from gradlock.progress import Meter
from gradlock.proof import bill, keys, provenance, statement, verification
from gradlock.proof.policy import Policy
from gradlock.proof.policy import read as read_policy
from gradlock.proof.verification import Target
from gradlock.registry import push, referrers
from gradlock.registry.client import Repository
from gradlock.registry.referrers import Document
from tests.unit.images.conftest import CPU, Workshop, workshop
from tests.unit.registry.conftest import built, docker_home, pin, registry, repository

__all__ = ["built", "docker_home", "pin", "registry", "repository", "workshop"]


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(referrers, "SETTLING", 0.0)
    monkeypatch.setattr(provenance, "revision", lambda: "c" * 40)


@pytest.fixture
def recipe(workshop: Workshop) -> Recipe:
    return workshop.recipe(CPU)


def bill_of(recipe: Recipe, image: Image) -> Document:
    """Return an image's bill; that a workshop's files are of no package is not said."""
    told = json.loads(sbom.write(recipe, image))
    for row in told["metadata"]["component"]["properties"]:
        if row["name"] == bill.LEFT:
            row["value"] = "0"
    return Document(bill.KIND, json.dumps(told).encode())


def origin_of(recipe: Recipe, manifest: str) -> Document:
    said = provenance.make(recipe, manifest)
    return Document(statement.KIND, said.data(), {statement.NOTE: provenance.KIND})


@pytest.fixture
def documents(built: Image, pin: ImagePin, recipe: Recipe) -> list[Document]:
    return [bill_of(recipe, built), origin_of(recipe, pin.manifest)]


@pytest.fixture
def target(
    built: Image, pin: ImagePin, repository: Repository, documents: list[Document]
) -> Target:
    """Return the small image as a registry has it, with its bill and its provenance."""
    push.push(built, repository, ("cpu",), Meter(), documents)
    return verification.find(repository, pin.manifest)


@pytest.fixture
def alice(tmp_path: Path) -> CryptoSigner:
    return keys.make(tmp_path / "alice.pem")


@pytest.fixture
def bob(tmp_path: Path) -> CryptoSigner:
    return keys.make(tmp_path / "bob.pem")


def policy_of(folder: Path, need: int, /, until: str = "", **signers: CryptoSigner) -> Policy:
    """Return the policy that names the keys of some signers."""
    path = folder / "policy.toml"
    rows = [
        f'[keys.{name}]\npublic = "{keys.public(signer)}"\n{until}\n'
        for name, signer in signers.items()
    ]
    path.write_text(f"need = {need}\n" + "".join(rows))
    return read_policy(path)
