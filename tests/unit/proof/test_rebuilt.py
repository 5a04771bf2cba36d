"""The statement that an image came out equal: what counts, and until when."""

from __future__ import annotations

from datetime import date

import pytest

from gradlock.images.recipe import Recipe
from gradlock.proof import rebuilt
from gradlock.proof.statement import Statement

MANIFEST, ID = "sha256:" + "1" * 64, "sha256:" + "2" * 64
TODAY = date(2026, 6, 30)


def test_it_holds_until_its_last_day(recipe: Recipe) -> None:
    assert rebuilt.objection(rebuilt.make(recipe, MANIFEST, ID), TODAY) == ""
    said = rebuilt.make(recipe, MANIFEST, ID, TODAY)
    assert rebuilt.objection(said, TODAY) == ""
    assert "has expired on 2026-06-30" in rebuilt.objection(said, date(2026, 7, 1))


@pytest.mark.parametrize(
    "predicate",
    [
        {},
        {"result": "other"},
        {"result": "equal", "expires": 3},
        {"result": "equal", "expires": ""},
    ],
)
def test_what_says_less_does_not_count(predicate: dict[str, object]) -> None:
    assert rebuilt.objection(Statement("", MANIFEST, rebuilt.KIND, predicate), TODAY)


def test_a_policy_is_asked_of_the_image_and_the_day() -> None:
    asked = rebuilt.question(MANIFEST, TODAY)
    assert (asked.kind, asked.subject, asked.today) == (rebuilt.KIND, MANIFEST, TODAY)
    assert asked.objection(Statement("", MANIFEST, rebuilt.KIND, {}))
