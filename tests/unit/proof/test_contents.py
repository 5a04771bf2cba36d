"""What images hold: by their bills, by our locks, and else by their layers."""

from __future__ import annotations

import dataclasses
import json

import pytest

from gradlock.errors import RegistryError
from gradlock.images.image import Image
from gradlock.images.recipe import Recipe
from gradlock.locks import diff, freshness, revisions
from gradlock.locks.diff import Environment, Package
from gradlock.proof import bill, contents
from gradlock.proof.verification import Target
from gradlock.registry import referrers
from gradlock.registry.referrers import Document
from tests.unit.proof.conftest import bill_of


def size_of(_: str) -> int:
    return 7


def packages(target: Target) -> set[tuple[str, str, str]]:
    found = contents.environment(target, size_of)
    assert found is not None
    return {(one.kind, one.name, one.version) for one in found.packages}


def test_a_bill_says_what_an_image_holds(target: Target, recipe: Recipe) -> None:
    wheels = {("pip", pin.name, pin.version) for pin in recipe.locks.wheels}
    debs = {("apt", pin.name, pin.version) for pin in recipe.locks.debs}
    assert packages(target) == wheels | debs


def test_its_packages_are_those_of_the_locks_to_the_hash(target: Target, recipe: Recipe) -> None:
    found = contents.environment(target, size_of)
    assert found is not None
    locked = {pin.sha256 for pin in (*recipe.locks.wheels, *recipe.locks.debs)}
    assert {one.sha256 for one in found.packages} == locked
    assert {one.size for one in found.packages} == {7}


@pytest.mark.parametrize("fault", [b"no JSON", b"[]", b'{"metadata": {}}'])
@pytest.mark.parametrize("documents", [[]])
def test_a_bill_that_is_none_is_an_error(target: Target, fault: bytes) -> None:
    referrers.attach(target.repository, target.manifest, [Document(bill.KIND, fault)])
    with pytest.raises(RegistryError, match="bill cannot be read"):
        contents.environment(target, size_of)


def test_one_that_is_right_is_found_beside_others(
    target: Target, recipe: Recipe, built: Image
) -> None:
    told = json.loads(bill_of(recipe, built).data)
    told["metadata"]["component"]["version"] = "sha256:another"
    other = Document(bill.KIND, json.dumps(told).encode(), {"of": "another"})
    referrers.attach(target.repository, target.manifest, [other])
    assert packages(target)


@pytest.mark.parametrize("documents", [[]])
def test_without_a_bill_our_locks_tell_if_they_made_it(
    target: Target, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Environment("cpu", {}, (Package("pip", "a", "1", "x"), Package("conda", "b", "1", "y")))
    monkeypatch.setattr(freshness, "read", lambda _: recipe.locks)
    monkeypatch.setattr(diff, "environment", lambda *_: held)
    assert packages(target) == {("pip", "a", "1")}


@pytest.mark.parametrize("documents", [[]])
def test_without_either_nothing_is_told_but_the_layers(target: Target) -> None:
    assert contents.environment(target, size_of) is None
    facts = contents.outside(target).facts
    assert facts["variant"] == target.variant
    assert {f"layer {name}" for name, _ in target.layers} <= facts.keys()


def test_what_is_locked_for_conda_is_in_its_channel_alone() -> None:
    tree = revisions.here()
    whole = diff.environment(tree, diff.rows(tree)["cpu"], size_of)
    kinds = {one.kind for one in contents.as_in(whole, "debian").packages}
    assert kinds == {"pip", "apt"}
    assert contents.as_in(whole, "conda-forge").packages == whole.packages


def test_what_is_pulled_is_what_the_older_image_lacks(target: Target) -> None:
    assert contents.compared(target, target) == ()
    (top, size), *_ = reversed(target.blobs)
    blobs = (*target.blobs[:-1], ("sha256:other", size + 5))
    newer = dataclasses.replace(target, id="sha256:newer", blobs=blobs)
    (change,) = contents.compared(target, newer)
    assert change.pulled == size + 5
    assert change.layers == (target.layers[-1][0],)
    assert (change.new_size or 0) - (change.old_size or 0) == 5
    assert top not in dict(newer.blobs)
