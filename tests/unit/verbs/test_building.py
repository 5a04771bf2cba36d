"""Images as verbs begin with them: how they are built, and what is said of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from gradlock.graph import Graph
from gradlock.images import build
from gradlock.images.build import Built, Means
from gradlock.images.image import Image
from gradlock.images.recipe import Recipe
from gradlock.inputs import variants
from gradlock.verbs import building
from gradlock.verbs.building import Order

Handmade = Callable[..., Image]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, handmade: Handmade) -> list[Means]:
    """Build nothing; return what building was asked for."""
    means: list[Means] = []

    def build_none(recipes: Sequence[Recipe], given: Means) -> tuple[list[Built], Graph]:
        means.append(given)
        with Graph({"write": 1}) as graph:
            graph.add("write", "write", lambda: None)
            graph.wait()
        return [Built(handmade(recipe.name, variant=recipe.name), 0) for recipe in recipes], graph

    monkeypatch.setattr(build, "build", build_none)
    return means


def test_what_a_verb_begins_with_is_held_to_its_pin(asked: list[Means]) -> None:
    reference = building.present(None, variants.load().cpu)  # type: ignore[arg-type]
    assert reference == "gradlock:cpu"
    assert [(means.held, means.verify) for means in asked] == [(True, False)]


def test_pinning_holds_to_nothing_and_trusts_nothing(asked: list[Means]) -> None:
    recipes = building.recipes([variants.load().cpu], variants.load())
    building.images(None, recipes, Order(jobs=3, pin=True))  # type: ignore[arg-type]
    assert [(means.held, means.verify, means.jobs) for means in asked] == [(False, True, 3)]


@pytest.mark.usefixtures("asked")
def test_a_trace_is_written_where_it_was_asked_for(tmp_path: Path) -> None:
    recipes = building.recipes([variants.load().cpu], variants.load())
    path = tmp_path / "trace.json"
    building.images(None, recipes, Order(trace=str(path)))  # type: ignore[arg-type]
    assert [job["name"] for job in json.loads(path.read_text())["jobs"]] == ["write"]


def test_the_report_has_the_id_and_what_was_sent(
    handmade: Handmade, capsys: pytest.CaptureFixture[str]
) -> None:
    made = handmade("bottom", "top")
    building.report(Built(made, 3_000_000))
    printed = capsys.readouterr().out
    assert f"{made.reference}  {made.id}" in printed
    assert "in 2 layers, 3 MB sent, channel debian" in printed
