"""The verb `test`: nox, from wherever the checkout lies."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from gradlock import store
from gradlock.verbs.test import test as verb


class Recorder(Context):
    """Notes what would run, which ends with a status of its choice."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self._set(status=status, ran=[])

    def run(self, command: str, **_: Any) -> Any:
        """Note it."""
        self.ran.append(shlex.split(command))
        return type("Done", (), {"exited": self.status})


def test_a_checkout_below_a_folder_with_spaces_can_be_tested(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    root = tmp_path / "my projects"
    monkeypatch.setattr(store, "ROOT", root)
    context = Recorder(0)
    verb.body(context, gpu_required=True)
    (argv,) = context.ran
    assert str(root / "noxfile.py") in argv
    assert argv[-3:] == ["--", "--gpu-required", "--proven"]


@pytest.fixture(autouse=True)
def by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)


def test_continuous_integration_repeats_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    context = Recorder(0)
    verb.body(context)
    assert "--proven" not in context.ran[0]


@pytest.mark.parametrize("fresh", [False, True])
def test_what_has_passed_before_is_left_out_unless_all_is_to_be_fresh(fresh: bool) -> None:
    context = Recorder(0)
    verb.body(context, fresh=fresh)
    assert ("--proven" in context.ran[0]) != fresh


def test_a_failed_session_fails_the_verb() -> None:
    with pytest.raises(Exit) as caught:
        verb.body(Recorder(3))
    assert caught.value.code == 3
