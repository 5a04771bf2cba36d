"""Disks: full, read-only, another's: seen before something is written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gradlock.doctor import disks
from gradlock.doctor.disks import Place
from gradlock.doctor.findings import Finding, Severity
from gradlock.doctor.question import Question


def look(path: Path, need: int = 1) -> Finding:
    (found,) = disks.look(Place(path, "the store", need, "mend"))
    return found


def with_state(monkeypatch: pytest.MonkeyPatch, path: Path, **changed: int) -> None:
    real = os.statvfs(path)
    names = [name for name in dir(real) if name.startswith("f_")]
    state = type("State", (), {**{name: getattr(real, name) for name in names}, **changed})
    monkeypatch.setattr(os, "statvfs", lambda _path: state)


def test_a_folder_that_is_not_there_yet_is_judged_by_the_one_above(tmp_path: Path) -> None:
    assert look(tmp_path / "a/b/c").severity is Severity.FINE


def test_a_full_disk_is_broken_and_one_with_too_little_a_warning(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with_state(monkeypatch, tmp_path, f_bavail=1, f_frsize=4096)
    assert "is full" in look(tmp_path).seen
    with_state(monkeypatch, tmp_path, f_bavail=200_000, f_frsize=4096)
    assert look(tmp_path).severity is Severity.FINE
    found = look(tmp_path, need=10**10)
    assert found.severity is Severity.WARNING
    assert "10.0 GB" in found.seen


def test_a_disk_without_inodes_is_broken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with_state(monkeypatch, tmp_path, f_files=100, f_favail=0)
    assert "no further file" in look(tmp_path).seen


def test_a_disk_that_counts_no_inodes_is_fine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with_state(monkeypatch, tmp_path, f_files=0, f_favail=0)  # btrfs
    assert look(tmp_path).severity is Severity.FINE


def test_a_read_only_disk_is_broken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with_state(monkeypatch, tmp_path, f_flag=os.ST_RDONLY)
    assert "read-only" in look(tmp_path).seen


def test_a_folder_that_may_not_be_written_to_is_broken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "may not write" in look(tmp_path).seen


def test_a_file_in_a_folders_place_is_broken(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "is no folder" in look(tmp_path / "file").seen
    assert "is no folder" in look(tmp_path / "file/below").seen


def test_what_the_store_holds_need_not_be_free(
    asked: Question, own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_store.mkdir()
    with_state(monkeypatch, own_store, f_bavail=2_000_000_000 // 4096, f_frsize=4096)
    assert next(disks.disks(asked)).severity is Severity.WARNING
    (own_store / "layers").mkdir()
    with (own_store / "layers/x.tar").open("wb") as sparse:
        sparse.truncate(3 * 10**9)
    assert next(disks.disks(asked)).severity is Severity.FINE


def test_a_store_of_another_user_is_broken(
    asked: Question, own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list(disks.owner(asked)) == []
    own_store.mkdir()
    assert list(disks.owner(asked)) == []
    uid = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: uid + 1)
    (found,) = disks.owner(asked)
    assert found.severity is Severity.BROKEN
    assert str(own_store) in found.seen


@pytest.mark.parametrize("named", ["TMPDIR", "TEMP", "TMP"])
def test_the_folder_of_temporary_files_is_the_one_that_is_named(
    monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.delenv(name, raising=False)
    assert disks.temporary() == Path("/tmp")
    monkeypatch.setenv(named, "/other")
    assert disks.temporary() == Path("/other")


def test_a_user_without_a_home_is_told(
    asked: Question, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert list(disks.home(asked)) == []
    monkeypatch.setenv("HOME", str(tmp_path / "none"))
    assert "is not there" in next(disks.home(asked)).seen

    def none() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", none)
    assert "has no home" in next(disks.home(asked)).seen
