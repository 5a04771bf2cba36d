"""The picture of a drift."""

from __future__ import annotations

from pathlib import Path

from gradlock.fingerprint import drift, plot
from tests.unit.fingerprints import FINGERPRINT, OPERATION, VALUES, moved


def test_the_picture_is_a_png_and_the_same_again(tmp_path: Path) -> None:
    other = moved(OPERATION, [float("1e30"), *VALUES[1:]])
    found = drift.compare(other, FINGERPRINT)
    plot.write(found, "A and B", tmp_path / "new/drift.png")
    picture = (tmp_path / "new/drift.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert plot.png(found, "A and B") == picture


def test_a_picture_of_nothing_is_one() -> None:
    empty = drift.Drift(3, (), (), {}, {}, same_hardware=True, same_image=True)
    assert plot.png(empty, "A and B").startswith(b"\x89PNG")
