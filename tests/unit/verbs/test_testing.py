"""Suites as verbs run them: a failure ends the command, smoke tests run once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from invoke.exceptions import Exit

from gradlock.images.image import Image
from gradlock.inputs import variants
from gradlock.inside import suites
from gradlock.verbs import testing

TABLE = variants.load()


class Suites:
    """Stands for the runs in images: notes each, and ends with a status."""

    def __init__(self) -> None:
        self.ran: list[dict[str, Any]] = []
        self.status = 0

    def run(self, _engine: None, image: str, names: list[str], **options: Any) -> int:
        """Note a run."""
        self.ran.append({"image": image, "suites": names, **options})
        return self.status


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Suites:
    made = Suites()
    monkeypatch.setattr(suites, "run_suites", made.run)
    return made


@pytest.mark.parametrize("row", [TABLE.cpu, TABLE.newest_gpu], ids=lambda row: row.name)
def test_a_gpu_is_required_of_gpu_variants_alone(runs: Suites, row: variants.Variant) -> None:
    testing.run(None, row, "image", ["smoke"], gpu_required=True)  # type: ignore[arg-type]
    assert runs.ran[0]["gpu_required"] == row.gpu


def test_a_failed_suite_is_the_commands_status(runs: Suites) -> None:
    runs.status = 5
    with pytest.raises(Exit, match="smoke and gradients failed in image") as caught:
        testing.run(None, TABLE.cpu, "image", ["smoke", "gradients"])  # type: ignore[arg-type]
    assert caught.value.code == 5


def test_smoke_tests_run_once_for_what_they_depend_on(
    runs: Suites,
    own_store: Path,
    handmade: Callable[..., Image],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A failure is no pass; another engine, other tests or a GPU that came later are a new one."""
    image, engine = handmade("bottom"), "this"
    monkeypatch.setattr(suites, "stamp", lambda _, image, gpu: f"{engine}-{image[7:]}-{gpu}")
    runs.status = 1
    with pytest.raises(Exit):
        testing.smoke(None, TABLE.cpu, image)  # type: ignore[arg-type]
    runs.status = 0
    for engine in ("this", "this", "another"):  # noqa: B007 - the stamp reads it
        testing.smoke(None, TABLE.cpu, image)  # type: ignore[arg-type]
    assert len(runs.ran) == 3
