"""Artifacts in a folder: what is carried arrives, and nothing else is taken."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gradlock import store
from gradlock.artifacts import artifacts, transport
from gradlock.errors import ArtifactError
from gradlock.locks.pins import WheelPin

pytestmark = pytest.mark.usefixtures("own_store")

FILES = {"a-1.whl": b"first", "b-1.whl": b"second"}
PINS = [WheelPin(name[0], "1", store.digest(data)) for name, data in FILES.items()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Export the artifacts of a lock to a folder."""
    home = tmp_path / "carried"
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
    found = {store.digest(data): tmp_path / name for name, data in FILES.items()}
    assert transport.export(found, home) == 2
    return home


def test_what_is_exported_is_brought(folder: Path) -> None:
    assert transport.bring(folder, PINS) == 2
    for pin, data in zip(PINS, FILES.values(), strict=True):
        path = artifacts.verified(pin)
        assert path is not None
        assert path.read_bytes() == data
    assert transport.bring(folder, PINS) == 0


def test_the_sums_are_what_sha256sum_checks(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {*FILES, "SHA256SUMS"}
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=folder, check=True)


@pytest.mark.parametrize("fault", [b"flipp", b"longer than it was"])
def test_exporting_again_mends_a_file(folder: Path, tmp_path: Path, fault: bytes) -> None:
    (folder / "a-1.whl").write_bytes(fault)
    found = {store.digest(data): tmp_path / name for name, data in FILES.items()}
    transport.export(found, folder)
    assert (folder / "a-1.whl").read_bytes() == FILES["a-1.whl"]


def test_a_changed_file_is_refused_with_both_hashes(folder: Path) -> None:
    (folder / "a-1.whl").write_bytes(b"flipped")
    with pytest.raises(ArtifactError, match=r"a-1\.whl: refused") as caught:
        transport.bring(folder, PINS)
    assert store.digest(b"flipped") in caught.value.what
    assert PINS[0].sha256 in caught.value.what
    assert artifacts.path_of(PINS[0]) is None


def test_a_folder_without_sums_is_read_file_by_file(folder: Path) -> None:
    (folder / "SHA256SUMS").unlink()
    (folder / "a-1.whl").rename(folder / "renamed")
    assert transport.bring(folder, PINS) == 2


def test_sums_of_binary_files_are_read(folder: Path) -> None:
    sums = folder / "SHA256SUMS"
    sums.write_text(sums.read_text().replace("  ", " *"))
    assert transport.bring(folder, PINS) == 2


def test_malformed_sums_are_named(folder: Path) -> None:
    (folder / "SHA256SUMS").write_text("half a li")
    with pytest.raises(ArtifactError, match="not what sha256sum writes") as caught:
        transport.bring(folder, PINS)
    assert caught.value.where == str(folder / "SHA256SUMS")


def test_what_no_lock_names_stays_out(folder: Path) -> None:
    (folder / "other.whl").write_bytes(b"other")
    assert transport.bring(folder, PINS[:1]) == 1
    assert artifacts.path_of(PINS[1]) is None


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="no such folder") as caught:
        transport.bring(tmp_path / "nowhere", PINS)
    assert caught.value.where == str(tmp_path / "nowhere")
