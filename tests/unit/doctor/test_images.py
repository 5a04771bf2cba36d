"""Locks and images: what is stale, moved, older, or of somebody else."""

from __future__ import annotations

import builtins
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gradlock import store
from gradlock.doctor import images
from gradlock.doctor.findings import Severity
from gradlock.images import pins
from gradlock.inputs import variants
from gradlock.locks import freshness
from tests.unit.doctor.conftest import Play

IMAGE = "/images/gradlock:cpu/json"
KEEP = builtins.__import__


def held(**labels: str) -> dict[str, Any]:
    """Return the CPU image as an engine tells of it, as pinned but for some labels."""
    pin = pins.find("debian", "cpu")
    assert pin is not None
    own = {images.LOCKS: locks(), images.CHANNEL: "debian", **labels}
    return {IMAGE: {"Id": pin.id, "Config": {"Labels": own}}}


def locks() -> str:
    return f"sha256:{freshness.read(variants.load().cpu).digest}"


@pytest.fixture
def own(project: Path) -> Path:
    """Return a project of the test's own, with the pins."""
    (project / "images.lock").write_bytes(pins.PATH.read_bytes())
    return project


def test_an_image_that_is_pinned_is_fine(play: Play) -> None:
    pin = pins.find("debian", "cpu")
    assert pin is not None
    (found,) = (row for row in images.images(play(held())) if "gradlock:cpu" in row.seen)
    assert found.severity is Severity.FINE
    assert "TensorFlow" in found.seen


def test_an_image_that_is_not_there_yet_is_no_fault(play: Play) -> None:
    found = list(images.images(play()))
    assert found[-1].severity is Severity.FINE
    assert "./inv image builds it" in found[-1].seen


def test_an_image_older_than_its_locks_is_told(play: Play) -> None:
    found = list(images.images(play(held(**{images.LOCKS: "sha256:0"}))))[-1]
    assert found.severity is Severity.WARNING
    assert "older than the locks" in found.seen
    assert found.mend == "./inv image"


def test_an_image_of_another_id_is_told(play: Play) -> None:
    answers = held()
    answers[IMAGE]["Id"] = "sha256:" + "7" * 64
    found = list(images.images(play(answers)))[-1]
    assert found.severity is Severity.WARNING
    assert "sha256:777" in found.seen


@pytest.mark.parametrize("config", [None, {}, {"Labels": None}, {"Labels": {"a": "b"}}])
def test_an_image_of_somebody_else_is_told(play: Play, config: object) -> None:
    found = list(images.images(play({IMAGE: {"Id": "sha256:0", "Config": config}})))[-1]
    assert "no image of gradlock's" in found.seen


def test_an_engine_that_refuses_is_not_seen(play: Play) -> None:
    found = list(images.images(play({IMAGE: 500})))[-1]
    assert found.severity is Severity.UNSEEN


def test_locks_as_they_are_are_current(play: Play) -> None:
    (found,) = images.locks(play())
    assert found.severity is Severity.FINE


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("requirements/base.in", lambda text: f"{text}\nattrs\n", "stale"),
        ("requirements/cpu.txt", lambda text: text[: len(text) // 2], "truncated"),
        ("requirements/cpu.txt", lambda _: "", "no header"),
    ],
)
def test_locks_that_are_not_are_broken(
    play: Play, own: Path, name: str, change: Any, words: str
) -> None:
    path = own / name
    path.write_text(change(path.read_text()))
    (found,) = images.locks(play())
    assert found.severity is Severity.BROKEN
    assert words in found.seen
    assert "./inv lock" in found.mend


def test_a_missing_lock_is_broken(play: Play, own: Path) -> None:
    (own / "requirements/apt.lock").unlink()
    assert "missing" in next(images.locks(play())).seen


def test_locks_that_moved_since_the_pin_are_told(play: Play, own: Path) -> None:
    assert own == store.ROOT
    text = (own / "images.lock").read_text()
    (own / "images.lock").write_text(text.replace(locks(), "sha256:" + "0" * 64))
    assert "have moved since" in next(images.images(play())).seen


@pytest.mark.parametrize("text", [None, "[[[", "\x00"])
def test_broken_pins_are_told(play: Play, own: Path, text: str | None) -> None:
    path = own / "images.lock"
    path.unlink()
    if text is not None:
        path.write_text(text)
    found = next(images.images(play()))
    assert found.severity is (Severity.WARNING if text is None else Severity.BROKEN)
    assert "images.lock" in found.seen


def test_without_the_libraries_the_locks_are_not_seen_and_the_image_is_held_to_its_pin(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = play(held())

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "gradlock.locks" and "freshness" in (args[2] or ()):
            raise ModuleNotFoundError(name="yaml")
        return KEEP(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    assert next(images.locks(asked)).severity is Severity.UNSEEN
    (found,) = images.images(asked)
    assert found.severity is Severity.FINE


def test_without_a_table_there_is_nothing_to_look_at(play: Play) -> None:
    assert list(images.locks(replace(play(), table=None, rows=()))) == []
