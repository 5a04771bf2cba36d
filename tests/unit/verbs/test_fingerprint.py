"""The verb `fingerprint`: what cannot be measured or compared is told before an image is built."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from gradlock import store
from gradlock.fingerprint import document
from gradlock.verbs.fingerprint import fingerprint

pytestmark = pytest.mark.usefixtures("no_engine")


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
