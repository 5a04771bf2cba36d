"""The verb `sbom`: to stdout, or whole into a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from invoke.context import Context

from gradlock.images.build import Built
from gradlock.images.image import Image
from gradlock.verbs import building
from gradlock.verbs.sbom import sbom


@pytest.fixture(autouse=True)
def built(handmade: Callable[..., Image], monkeypatch: pytest.MonkeyPatch) -> None:
    image = handmade("one", variant="cpu")
    monkeypatch.setattr(building, "images", lambda *_: ([Built(image, 0)], ""))


def test_it_is_printed_as_json(capfd: pytest.CaptureFixture[str]) -> None:
    sbom.body(Context())
    assert json.loads(capfd.readouterr().out)["bomFormat"] == "CycloneDX"


def test_it_goes_into_a_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    sbom.body(Context(), output=str(tmp_path / "cpu.json"))
    assert json.loads((tmp_path / "cpu.json").read_text())["bomFormat"] == "CycloneDX"
    assert capfd.readouterr().out == ""
