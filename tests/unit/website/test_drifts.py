"""The picture of the fingerprints: all cells, the same bytes twice."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from gradlock.fingerprint import document
from website import drifts

NAMES = ["cpu", "cu125", "cu129"]


def test_variants_stand_beside_the_first(tmp_path: Path) -> None:
    found = drifts.pairs(document.FOLDER, tmp_path, NAMES)
    assert [pair.title for pair in found] == ["cu125 against cpu", "cu129 against cpu"]


def test_what_was_measured_stands_beside_what_is_committed(tmp_path: Path) -> None:
    (tmp_path / "cpu").mkdir()
    measured = json.loads((document.FOLDER / "cpu.json").read_text())
    measured["environment"]["hardware"]["model"] = "Another Processor"
    measured["metrics"]["op/gelu/float32/eager"]["sha256"] = "0" * 64
    (tmp_path / "cpu" / "fingerprint.json").write_text(json.dumps(measured))
    last = drifts.pairs(document.FOLDER, tmp_path, NAMES)[-1]
    assert last.drift.identical == len(measured["metrics"]) - 1
    page = drifts.page([last])
    assert "| cpu, measured anew | Another | 162 of 163 metrics are bit-identical" in page


def test_every_metric_has_a_cell(tmp_path: Path) -> None:
    pair = drifts.pairs(document.FOLDER, tmp_path, NAMES)[0]
    cells = {drifts._place(name) for name in pair.ours.metrics}
    assert len(cells) == len(pair.ours.metrics)
    assert {column for _, column in cells} == set(drifts.COLUMNS)


def test_a_row_without_a_fingerprint_is_left_out(tmp_path: Path) -> None:
    shutil.copy(document.FOLDER / "cpu.json", tmp_path)
    assert drifts.pairs(tmp_path, tmp_path, ["cpu", "mine"]) == []


def test_the_picture_is_the_same_twice_and_names_no_moment(tmp_path: Path) -> None:
    found = drifts.pairs(document.FOLDER, tmp_path, NAMES)
    first = drifts.svg(found, "light")
    assert first == drifts.svg(found, "light")
    assert first != drifts.svg(found, "dark")
    assert b"dc:date" not in first
