"""Suites as verbs run them: a failure ends the command, smoke tests run once."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from invoke.exceptions import Exit

from gradlock.engine import hardware
from gradlock.images.image import Image
from gradlock.inputs import variants
from gradlock.inside import suites
from gradlock.inside.settings import Settings
from gradlock.proof import receipts
from gradlock.proof.receipts import Run
from gradlock.proof.statement import Statement
from gradlock.verbs import testing

TABLE = variants.load()
ENGINE: Any = None
SLOWNESS = {"linux/amd64": 1, "linux/arm64": 7}


class Suites:
    """Stands for the runs in images: notes each, and ends with a status."""

    def __init__(self) -> None:
        self.ran: list[dict[str, Any]] = []
        self.status = 0

    def run(self, _engine: None, image: str, names: list[str], **options: Any) -> int:
        """Note a run; tell what passed."""
        for name in names if not self.status else ():
            options["passed"](name)
        self.ran.append({"image": image, "suites": names, **options})
        return self.status


@pytest.fixture
def image(handmade: Callable[..., Image]) -> Image:
    return handmade("bottom", variant="cpu")


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Suites:
    made = Suites()
    monkeypatch.setattr(suites, "run_suites", made.run)
    return made


@pytest.fixture(autouse=True)
def claims(own_store: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have claims be about an image and a suite alone, and about what stands in the list."""
    del own_store
    more: list[str] = []

    def claim(_: None, identity: str, run: Run) -> Statement:
        said = {"run": [run.suite, run.tier, run.settings.name, run.gpu_required, *more]}
        return Statement("gradlock", identity, receipts.KIND, said)

    monkeypatch.setattr(receipts, "claim", claim)
    monkeypatch.setattr(hardware, "slowness", lambda _, machine: SLOWNESS[machine.name])
    monkeypatch.delenv(receipts.VARIABLE, raising=False)
    return more


def test_a_gpu_is_required_of_gpu_variants_alone(runs: Suites, image: Image) -> None:
    for row in (TABLE.cpu, TABLE.newest_gpu):
        testing.run(ENGINE, row, image, ["smoke"], gpu_required=True)
    assert [one["gpu_required"] for one in runs.ran] == [False, True]


def test_what_is_emulated_may_take_longer(runs: Suites, image: Image) -> None:
    arm = dataclasses.replace(TABLE.cpu, platform="linux/arm64")
    for row in (TABLE.cpu, arm):
        testing.run(ENGINE, row, image, ["smoke"])
    assert [one["seconds"] for one in runs.ran] == [suites.LIMIT, 7 * suites.LIMIT]


def test_a_failed_suite_is_the_commands_status(runs: Suites, image: Image) -> None:
    runs.status = 5
    with pytest.raises(Exit, match="smoke and gradients failed in gradlock:cpu") as caught:
        testing.run(ENGINE, TABLE.cpu, image, ["smoke", "gradients"])
    assert caught.value.code == 5


def test_smoke_tests_run_once_for_what_they_depend_on(
    runs: Suites, image: Image, claims: list[str]
) -> None:
    """A failure is no pass; another engine, other tests or a GPU that came later are a new one."""
    runs.status = 1
    with pytest.raises(Exit):
        testing.smoke(ENGINE, TABLE.cpu, image)
    runs.status = 0
    testing.smoke(ENGINE, TABLE.cpu, image)
    testing.smoke(ENGINE, TABLE.cpu, image)
    claims.append("another engine")
    testing.smoke(ENGINE, TABLE.cpu, image)
    assert len(runs.ran) == 3


def test_what_is_proven_is_left_out_and_said(
    runs: Suites, image: Image, capfd: pytest.CaptureFixture[str]
) -> None:
    testing.run(ENGINE, TABLE.cpu, image, ["smoke"])
    testing.run(ENGINE, TABLE.cpu, image, ["smoke", "gradients"], proven=True)
    assert [one["suites"] for one in runs.ran] == [["smoke"], ["gradients"]]
    assert "smoke has passed in gradlock:cpu before (here): not repeated" in capfd.readouterr().out
    testing.run(ENGINE, TABLE.cpu, image, ["smoke", "gradients"], proven=True)
    assert len(runs.ran) == 2


def test_without_being_asked_for_nothing_is_left_out(runs: Suites, image: Image) -> None:
    for _ in range(2):
        testing.run(ENGINE, TABLE.cpu, image, ["smoke"])
    assert len(runs.ran) == 2


def test_a_tier_is_proven_by_itself(runs: Suites, image: Image) -> None:
    testing.run(ENGINE, TABLE.cpu, image, ["gradients"])
    testing.run(ENGINE, TABLE.cpu, image, ["gradients"], tier="all", proven=True)
    assert len(runs.ran) == 2


def test_settings_are_proven_by_themselves_and_reported_beside(runs: Suites, image: Image) -> None:
    """What passes without oneDNN's kernels says nothing of them, and overwrites no report."""
    off = Settings(onednn="off")
    testing.run(ENGINE, TABLE.cpu, image, ["gradients"])
    testing.run(ENGINE, TABLE.cpu, image, ["gradients"], settings=off, proven=True)
    plain, without = (one["reports"] for one in runs.ran)
    assert without == plain / "onednn-off"
