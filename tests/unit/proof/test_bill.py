"""A bill beside an image is held to the locks, package by package."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from gradlock.errors import ProofError
from gradlock.images.image import Image
from gradlock.images.recipe import Recipe
from gradlock.proof import bill
from tests.unit.proof.conftest import bill_of


def test_the_bill_of_an_image_is_right(recipe: Recipe, built: Image) -> None:
    count = len(recipe.locks.debs) + len(recipe.locks.wheels)
    said = bill.check(bill_of(recipe, built).data, recipe, built.id, where="")
    assert said.startswith(f"{count} packages")


def first_hash(told: dict[str, Any]) -> None:
    told["components"][0]["hashes"][0]["content"] = "0" * 64


def files_left(told: dict[str, Any]) -> None:
    for row in told["metadata"]["component"]["properties"]:
        row["value"] = "7" if row["name"] == bill.LEFT else row["value"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (first_hash, "differ: pkg:.* only in the bill, .* only in the locks"),
        (lambda told: told["components"].pop(), "differ: nothing only in the bill"),
        (files_left, "7 files of the image are of no package"),
        (lambda told: told["metadata"]["component"].update(version="sha256:1"), "another image"),
        (lambda told: told.pop("metadata"), "is none"),
        (lambda told: told.update(bomFormat="other"), "is none"),
    ],
)
def test_one_that_is_not_right_is_refused(
    recipe: Recipe, built: Image, change: Callable[[dict[str, Any]], object], words: str
) -> None:
    told = json.loads(bill_of(recipe, built).data)
    if isinstance(told.get("dependencies"), list):
        told["dependencies"] = []  # else those of what is taken out are left
    change(told)
    with pytest.raises(ProofError, match=words):
        bill.check(json.dumps(told).encode(), recipe, built.id, where="")


@pytest.mark.parametrize("data", [b"", b"<html>", b"[]", b"{}", b"\xff"])
def test_what_is_no_json_of_that_kind_is_refused(recipe: Recipe, data: bytes) -> None:
    with pytest.raises(ProofError, match="is none"):
        bill.check(data, recipe, "", where="")
