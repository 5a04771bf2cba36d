"""The verb `fingerprint`: what cannot be measured or compared is told before an image is built."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from gradlock import store
from gradlock.fingerprint import document, taking
from gradlock.fingerprint.document import Fingerprint
from gradlock.verbs import building, connection
from gradlock.verbs.fingerprint import fingerprint
from tests.unit.fingerprints import FAR, FINGERPRINT, OPERATION, changed, moved

pytestmark = pytest.mark.usefixtures("no_engine")
RELOCKED = {"tensorflow-cpu": "2.22.0", "numpy": "2.5.5"}


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"threads": "two"}, "--threads takes a whole number"),
        ({"all": True, "to": "one.json"}, "--to names one file"),
        ({"check": True, "pin": True}, "choose one of --check and --pin"),
        ({"to": "one.json", "pin": True}, "choose one of --to and --pin"),
    ],
    ids=str,
)
def test_flags_that_cannot_be_followed_are_refused(flags: dict[str, Any], said: str) -> None:
    with pytest.raises(Exit, match=said):
        fingerprint.body(Context(), **flags)


def test_a_variant_without_a_fingerprint_fails_its_check(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Deleting the file must not pass for unchanged numbers."""
    monkeypatch.setattr(store, "ROOT", tmp_path)
    monkeypatch.setattr(document, "FOLDER", tmp_path / "fingerprints")
    with pytest.raises(Exit, match="nothing says what cpu must compute") as told:
        fingerprint.body(Context(), check=True, variant="cpu")
    assert "where: fingerprints/cpu.json" in str(told.value)


@pytest.fixture
def committed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Commit a fingerprint of the CPU variant; return its file."""
    monkeypatch.setattr(store, "ROOT", tmp_path)
    monkeypatch.setattr(document, "FOLDER", tmp_path / "fingerprints")
    store.write_text(document.path_of("cpu"), FINGERPRINT.to_text())
    return document.path_of("cpu")


def measures(monkeypatch: pytest.MonkeyPatch, taken: Fingerprint) -> None:
    """Have the image measure what a test says."""
    monkeypatch.setattr(connection, "connect", lambda: None)
    monkeypatch.setattr(building, "present", lambda *_: "gradlock:cpu")
    monkeypatch.setattr(taking, "take", lambda *_, **__: taken)


def test_after_a_relock_a_check_says_what_moved_and_how_to_take_a_new_one(
    monkeypatch: pytest.MonkeyPatch, committed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    measures(monkeypatch, changed(moved(OPERATION, FAR), packages=RELOCKED))
    with pytest.raises(Exit, match="cpu computes something else than its fingerprint") as told:
        fingerprint.body(Context(), check=True, variant="cpu")
    assert "where: fingerprints/cpu.json" in str(told.value)
    assert "./inv fingerprint --variant cpu --pin" in str(told.value)
    said = capsys.readouterr().out
    assert "A is what cpu computes now, B is fingerprints/cpu.json" in said
    assert "tensorflow-cpu" in said
    assert "2.22.0" in said
    fingerprint.body(Context(), pin=True, variant="cpu")
    assert document.read(committed).environment["packages"] == RELOCKED
    fingerprint.body(Context(), check=True, variant="cpu")


def test_a_relock_that_moves_no_number_needs_no_new_fingerprint(
    monkeypatch: pytest.MonkeyPatch, committed: Path
) -> None:
    before = committed.read_bytes()
    measures(monkeypatch, changed(FINGERPRINT, packages=RELOCKED))
    fingerprint.body(Context(), check=True, variant="cpu")
    assert committed.read_bytes() == before
