"""The verb `save`: a whole image in a file, or nothing."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from gradlock.images.build import Built
from gradlock.images.image import Image
from gradlock.verbs import building
from gradlock.verbs.save import save


def test_an_image_is_saved_with_its_name(
    handmade: Callable[..., Image], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    image = handmade("one", "two", variant="cpu")
    monkeypatch.setattr(building, "images", lambda *_: ([Built(image, 0)], ""))
    save.body(Context(), file=str(tmp_path / "cpu.tar"))
    with tarfile.open(tmp_path / "cpu.tar") as saved:
        (told,) = json.load(saved.extractfile("manifest.json"))  # type: ignore[arg-type]
        (row,) = json.load(saved.extractfile("index.json"))["manifests"]  # type: ignore[arg-type]
        assert told["RepoTags"] == ["gradlock:cpu"]
        assert row["annotations"]["org.opencontainers.image.ref.name"] == "cpu"
        assert {*told["Layers"]} < {*saved.getnames()}


def test_a_failure_leaves_what_was_there(
    handmade: Callable[..., Image], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    image = handmade("one", variant="cpu")
    image.layers[0].path.unlink()
    monkeypatch.setattr(building, "images", lambda *_: ([Built(image, 0)], ""))
    (tmp_path / "cpu.tar").write_text("old")
    with pytest.raises(Exit, match="is broken"):
        save.body(Context(), file=str(tmp_path / "cpu.tar"))
    assert (tmp_path / "cpu.tar").read_text() == "old"
