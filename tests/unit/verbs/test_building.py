"""Images as verbs begin with them: recipes of what is pinned, built, and reported."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gradlock.graph import Graph
from gradlock.images import build
from gradlock.images.build import Built, Means
from gradlock.images.image import Image
from gradlock.inputs import variants
from gradlock.verbs import building
from gradlock.verbs.building import Order

TABLE = variants.load()
ENGINE: Any = SimpleNamespace()


@pytest.fixture
def builds(
    monkeypatch: pytest.MonkeyPatch, handmade: Callable[..., Image]
) -> list[tuple[list[str], Means]]:
    """Stand in for the builds; return what each was asked for."""
    asked = []

    def made(wanted: Sequence[Any], means: Means) -> tuple[list[Built], Graph]:
        asked.append(([recipe.name for recipe in wanted], means))
        with Graph({}) as graph:
            return [
                Built(handmade(recipe.name, variant=recipe.name), 0) for recipe in wanted
            ], graph

    monkeypatch.setattr(build, "build", made)
    return asked


def test_all_variants_are_one_build(builds: list[tuple[list[str], Means]]) -> None:
    """What they share is made once."""
    wanted = building.recipes(list(TABLE), TABLE, "debian")
    built, _ = building.images(ENGINE, wanted, Order())
    names = [row.name for row in TABLE]
    assert [names for names, _ in builds] == [names]
    assert [one.image.variant for one in built] == names


@pytest.mark.parametrize("pin", [True, False])
def test_what_is_pinned_is_hashed_again_and_held_to_nothing(
    pin: bool, builds: list[tuple[list[str], Means]]
) -> None:
    building.images(ENGINE, building.recipes([TABLE.cpu], TABLE, "debian"), Order(jobs=3, pin=pin))
    ((_, means),) = builds
    assert (means.verify, means.held, means.jobs) == (pin, not pin, 3)


@pytest.mark.usefixtures("builds")
def test_a_trace_goes_where_it_was_asked_for(tmp_path: Path) -> None:
    wanted = building.recipes([TABLE.cpu], TABLE, "debian")
    building.images(ENGINE, wanted, Order(trace=str(tmp_path / "trace.json")))
    json.loads((tmp_path / "trace.json").read_text())


@pytest.mark.usefixtures("builds")
def test_an_image_that_is_needed_is_named_by_its_reference() -> None:
    assert building.present(ENGINE, TABLE.cpu) == f"gradlock:{TABLE.cpu.name}"


def test_the_report_has_the_id_and_what_was_sent(
    handmade: Callable[..., Image], capsys: pytest.CaptureFixture[str]
) -> None:
    made = handmade("bottom", "top")
    building.report(Built(made, 3_000_000))
    printed = capsys.readouterr().out
    assert f"{made.reference}  {made.id}" in printed
    assert "in 2 layers, 3 MB sent, channel debian" in printed
