"""Releases that cannot go together are told by the row's name, before anything is resolved."""

from __future__ import annotations

import pytest

from gradlock.inputs import releases, variants
from gradlock.inputs.variants import Variant


@pytest.mark.parametrize(
    ("python", "tensorflow", "fits"),
    [
        ("3.13", "2.21.0", True),
        ("3.9", "2.21.0", False),
        ("3.14", "2.21.0", False),
        ("3.13", "2.20.0", True),
        ("3.13", "2.19.1", False),
        ("3.12", "2.19.1", True),
        ("3.11", "2.14.0", True),
        ("3.99", "2.99.0", True),  # nobody knows yet
    ],
)
def test_a_tensorflow_has_wheels_for_some_pythons(python: str, tensorflow: str, fits: bool) -> None:
    found = list(releases.faults(Variant("row", python, tensorflow)))
    assert (found == []) == fits
    assert all(f"row: TensorFlow {tensorflow[:4]} has no wheels" in fault for fault in found)


def test_there_is_no_cuda_on_arm() -> None:
    gpu = Variant("gpu", "3.13", "2.21.0", "12.5.1", "9.3.0.75", "525.60.13")
    arm = Variant(**{**gpu.to_dict(), "platform": "linux/arm64"})
    assert list(releases.faults(gpu)) == []
    (fault,) = releases.faults(arm)
    assert "gpu: there is no CUDA for linux/arm64" in fault


def test_a_suite_has_one_python() -> None:
    table = variants.load()
    assert list(releases.without_python(table, table.debian)) == []
    rows = [Variant("own", "3.12", "2.20.0"), Variant("old", "3.11", "2.19.0"), table.cpu]
    own, old = releases.without_python(rows, "trixie")
    assert own.startswith("own: Debian trixie has Python 3.13 alone, and not 3.12")
    assert "no suite has that" in own
    assert 'python = "3.13" (or debian = "bookworm", for all rows)' in old
    assert list(releases.without_python(rows, "sid")) == []
