"""Artifacts in the store: whole, or found not to be, whatever became of their times."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gradlock import store
from gradlock.artifacts import artifacts
from gradlock.errors import ArtifactError
from gradlock.locks.pins import WheelPin

pytestmark = pytest.mark.usefixtures("own_store")

DATA = bytes(range(256)) * 4000
PIN = WheelPin("pkg", "1.0", store.digest(DATA))
OTHER = bytes([DATA[0] ^ 1]) + DATA[1:]


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Put an artifact into the store."""
    (tmp_path / "pkg.whl").write_bytes(DATA)
    return artifacts.keep(tmp_path / "pkg.whl", PIN, "pkg.whl")


def rewrite(path: Path, data: bytes) -> None:
    """Give a file other bytes, and keep its time, as a failing disk or `rsync -t` does."""
    before = path.stat()
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def stored() -> list[str]:
    folder = store.folder("artifacts")
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_keeping_a_copy_leaves_the_file_alone(tmp_path: Path) -> None:
    file = tmp_path / "pkg.whl"
    file.write_bytes(DATA)
    before = file.stat()
    kept = artifacts.keep(file, PIN, "pkg.whl")
    assert kept.read_bytes() == DATA
    assert file.stat().st_mtime == before.st_mtime
    assert artifacts.verified(PIN) == kept


def test_keeping_refuses_other_bytes(tmp_path: Path) -> None:
    file = tmp_path / "pkg.whl"
    file.write_bytes(b"other")
    with pytest.raises(ArtifactError, match="refused") as caught:
        artifacts.keep(file, PIN, "pkg.whl")
    assert caught.value.where == str(file)
    assert file.exists()
    assert stored() == []
    assert artifacts.path_of(PIN) is None


def test_what_was_written_is_hashed_and_not_what_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "pkg.whl"
    file.write_bytes(OTHER)
    # Whoever hashes the source beforehand is told that it is well.
    monkeypatch.setattr(store, "file_digest", lambda _: PIN.sha256)
    with pytest.raises(ArtifactError, match="refused"):
        artifacts.keep(file, PIN, "pkg.whl")


def test_a_file_is_flushed_before_it_is_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[int] = []
    fsync = os.fsync

    def flush(handle: int) -> None:
        assert artifacts.path_of(PIN) is None
        flushed.append(os.fstat(handle).st_size)
        fsync(handle)

    monkeypatch.setattr(os, "fsync", flush)
    (tmp_path / "pkg.whl").write_bytes(DATA)
    artifacts.keep(tmp_path / "pkg.whl", PIN, "pkg.whl")
    assert flushed[0] == len(DATA)


def test_a_verified_file_is_not_hashed_again(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(_: Path) -> str:
        raise AssertionError("hashed twice for nothing")

    monkeypatch.setattr(store, "file_digest", never)
    assert artifacts.verified(PIN) == kept


def test_a_file_that_was_only_touched_stays(kept: Path) -> None:
    kept.touch()
    assert artifacts.verified(PIN) == kept
    assert kept.stat().st_mtime == len(DATA)


def test_a_changed_file_is_found(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept.write_bytes(OTHER)
    assert artifacts.verified(PIN) is None
    assert stored() == []
    said = capsys.readouterr().err
    assert "refused pkg.whl" in said
    assert store.digest(OTHER) in said
    assert PIN.sha256 in said


@pytest.mark.parametrize("size", [0, 1, len(DATA) - 1, len(DATA) + 1])
def test_another_size_is_found_though_the_time_was_kept(kept: Path, size: int) -> None:
    rewrite(kept, (DATA + b"more")[:size])
    assert artifacts.verified(PIN) is None
    assert stored() == []


def test_a_flipped_byte_with_its_time_kept_is_found_by_hashing_again(kept: Path) -> None:
    assert artifacts.verified(PIN, again=True) == kept
    rewrite(kept, OTHER)
    assert artifacts.verified(PIN, again=True) is None
    assert stored() == []


def test_what_could_not_be_read_is_dropped_if_its_bytes_are_others(kept: Path) -> None:
    rewrite(kept, OTHER)
    assert artifacts.refuse(kept)
    assert artifacts.path_of(PIN) is None
    assert artifacts.refuse(kept)  # whoever comes second is told the same


def test_what_could_not_be_read_stays_if_it_is_what_was_locked(kept: Path) -> None:
    assert not artifacts.refuse(kept)
    assert artifacts.verified(PIN) == kept


def test_the_mark_goes_where_the_file_is_copied_to(kept: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.whl"
    copy.write_bytes(OTHER)
    os.utime(copy, (len(DATA), len(DATA)))
    assert artifacts.seal(copy, PIN.sha256)  # its time and size say so: only `refuse` tells
    copy.touch()
    assert not artifacts.seal(copy, PIN.sha256)


def test_a_half_written_file_is_not_taken_for_the_artifact() -> None:
    home = store.folder("artifacts") / PIN.sha256
    home.mkdir()
    (home / ".pkg.whl.x1y2.part").write_bytes(DATA[:10])
    assert artifacts.path_of(PIN) is None
    assert artifacts.verified(PIN) is None
