"""The verb `drift`: two files compared, and limits that fail it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.fingerprints import FAR, FINGERPRINT, OPERATION, moved
from tests.unit.verbs.conftest import Inv


@pytest.mark.parametrize(
    ("flags", "code"), [((), 1), (("--operations", "80"), 0), (("--operations", "1"), 1)]
)
def test_drift_of_two_files(tmp_path: Path, flags: tuple[str, ...], code: int, inv: Inv) -> None:
    """Past a limit the verb fails, and shows and plots what it found all the same."""
    (tmp_path / "a.json").write_text(moved(OPERATION, FAR).to_text())
    (tmp_path / "b.json").write_text(FINGERPRINT.to_text())
    picture = tmp_path / "drift.png"
    files = (str(tmp_path / "a.json"), str(tmp_path / "b.json"))
    done = inv("drift", *files, "--plot", str(picture), *flags)
    assert done.returncode == code
    assert "1 of 2 metrics are bit-identical, the worst of the rest is 70" in done.stdout
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_limit_that_is_no_number_is_told_plainly(inv: Inv) -> None:
    done = inv("drift", "a.json", "b.json", "--trainings", "few")
    assert done.returncode == 1
    assert "error: --trainings takes a number" in done.stderr
    assert "Traceback" not in done.stderr
