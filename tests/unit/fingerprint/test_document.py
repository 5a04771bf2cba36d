"""A fingerprint as a value: written, read, refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gradlock.errors import InputError
from gradlock.fingerprint import document
from tests.unit.fingerprints import FINGERPRINT, OPERATION, VALUES, changed


def test_json_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "cpu.json"
    path.write_text(FINGERPRINT.to_text())
    again = document.read(path)
    assert again == FINGERPRINT
    assert again.to_text() == FINGERPRINT.to_text()
    assert again.metrics[OPERATION].values == tuple(VALUES)


def test_a_name_says_what_was_set() -> None:
    assert FINGERPRINT.name == "cpu, TensorFlow 2.21.0, 2 threads"
    off = changed(replace(FINGERPRINT, image={}), onednn="0", threads=1)
    assert off.name == "no image, TensorFlow 2.21.0, 1 threads, oneDNN off"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[: len(text) // 2],
        lambda _: "[]",
        lambda _: "{}",
        lambda text: text.replace('"metrics"', '"metric"'),
        lambda text: text.replace('"sample": "', '"sample": "!'),
        lambda text: text.replace('"threads"', '"thread"'),
        lambda text: text.replace('"format": 1', '"format": 2'),
    ],
    ids=["cut-off", "list", "empty", "no-metrics", "sample", "no-threads", "other-format"],
)
def test_what_is_no_fingerprint_is_refused(tmp_path: Path, spoil: Callable[[str], str]) -> None:
    path = tmp_path / "spoiled.json"
    path.write_text(spoil(FINGERPRINT.to_text()))
    with pytest.raises(InputError, match="fingerprint") as caught:
        document.read(path)
    assert caught.value.where == str(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such fingerprint"):
        document.read(tmp_path / "none.json")


@pytest.mark.parametrize("path", sorted(document.FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_committed_fingerprints_are_of_their_variants(path: Path) -> None:
    found = document.read(path)
    assert found.image["variant"] == path.stem
    assert len(found.metrics) >= 163
    assert json.loads(path.read_text())["format"] == document.FORMAT
