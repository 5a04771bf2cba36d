"""How many of those who are trusted have signed: the others are told, and do not count."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from securesystemslib.signer import CryptoSigner

from gradlock.errors import ProofError
from gradlock.images.recipe import Recipe
from gradlock.proof import envelope, rebuilding, rebuilt, statement, trust
from gradlock.proof.policy import Policy
from gradlock.proof.verification import Target
from gradlock.registry import referrers
from gradlock.registry.referrers import Document
from tests.unit.proof.conftest import policy_of

TODAY = date(2026, 6, 30)


def hold(policy: Policy, target: Target, today: date = TODAY) -> str:
    asked = rebuilt.question(target.digest, today)
    return trust.hold(policy, target.repository, target.digest, asked)


def attach(target: Target, data: bytes) -> None:
    kept = Document(envelope.KIND, data, {statement.NOTE: rebuilt.KIND})
    referrers.attach(target.repository, target.manifest, [kept])


def test_it_takes_as_many_as_the_policy_says(
    target: Target, recipe: Recipe, tmp_path: Path, alice: CryptoSigner, bob: CryptoSigner
) -> None:
    policy = policy_of(tmp_path, 2, alice=alice, bob=bob)
    for _ in range(2):  # the same one twice is one
        rebuilding.sign(target, recipe, alice, None)
    with pytest.raises(ProofError, match="takes 2 of 2 keys, 1 have signed \\(alice\\)"):
        hold(policy, target)
    rebuilding.sign(target, recipe, bob, None)
    assert hold(policy, target) == "signed by 2 of 2 keys (alice, bob)"


def test_an_unknown_key_is_told(
    target: Target, recipe: Recipe, tmp_path: Path, alice: CryptoSigner, bob: CryptoSigner
) -> None:
    rebuilding.sign(target, recipe, bob, None)
    with pytest.raises(ProofError, match=r"0 have signed; not counted: the key .* not in the pol"):
        hold(policy_of(tmp_path, 1, alice=alice), target)


def test_a_flipped_signature_is_told(
    target: Target, recipe: Recipe, tmp_path: Path, alice: CryptoSigner
) -> None:
    told = json.loads(envelope.sign(rebuilt.make(recipe, target.digest, target.id), alice))
    sig = told["signatures"][0]["sig"]
    told["signatures"][0]["sig"] = ("B" if sig[0] == "A" else "A") + sig[1:]
    attach(target, json.dumps(told).encode())
    with pytest.raises(ProofError, match="signature of alice is broken"):
        hold(policy_of(tmp_path, 1, alice=alice), target)


def test_one_about_another_image_does_not_count(
    target: Target, recipe: Recipe, tmp_path: Path, alice: CryptoSigner
) -> None:
    other = rebuilt.make(recipe, "sha256:" + "0" * 64, target.id)
    attach(target, envelope.sign(other, alice))
    with pytest.raises(ProofError, match="about another image"):
        hold(policy_of(tmp_path, 1, alice=alice), target)


def test_one_of_another_kind_does_not_count(
    target: Target, tmp_path: Path, alice: CryptoSigner
) -> None:
    """What lists it says that it is of the right one."""
    other = statement.Statement("", target.digest, "urn:other", {"result": "equal"})
    attach(target, envelope.sign(other, alice))
    with pytest.raises(ProofError, match="something else"):
        hold(policy_of(tmp_path, 1, alice=alice), target)


def test_what_has_expired_does_not_count(
    target: Target, recipe: Recipe, tmp_path: Path, alice: CryptoSigner
) -> None:
    rebuilding.sign(target, recipe, alice, date(2026, 6, 29))
    with pytest.raises(ProofError, match="has expired"):
        hold(policy_of(tmp_path, 1, alice=alice), target)


def test_a_key_that_has_expired_does_not_count(
    target: Target, recipe: Recipe, tmp_path: Path, alice: CryptoSigner
) -> None:
    rebuilding.sign(target, recipe, alice, None)
    policy = policy_of(tmp_path, 1, until="until = 2026-06-29", alice=alice)
    with pytest.raises(ProofError, match="key of alice counts no more"):
        hold(policy, target)


@pytest.mark.parametrize("data", [b"<html>", b"{}", b"null"])
def test_what_is_no_json_is_told_and_spoils_nothing(
    target: Target, recipe: Recipe, tmp_path: Path, alice: CryptoSigner, data: bytes
) -> None:
    attach(target, data)
    policy = policy_of(tmp_path, 1, alice=alice)
    with pytest.raises(ProofError, match="should be a signed statement is none"):
        hold(policy, target)
    rebuilding.sign(target, recipe, alice, None)
    assert "signed by 1 of 1 keys (alice); not counted" in hold(policy, target)
