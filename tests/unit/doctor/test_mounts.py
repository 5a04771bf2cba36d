"""Mounted folders: another user's, read-only, gone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from gradlock.doctor import mounts


def look(source: Path, user: str, **more: Any) -> list[str]:
    mount = {"Type": "bind", "Source": str(source), "Destination": mounts.WORK, "RW": True, **more}
    known = {"Config": {"User": user}, "Mounts": [mount]}
    return [row.seen for row in mounts.look("lab", known)]


@pytest.mark.parametrize(
    ("mode", "user", "count"),
    [
        (0o755, "own", 0),
        (0o755, "other", 1),
        (0o777, "other", 0),
        (0o775, "other:own", 0),
        (0o555, "own", 1),
        (0o700, "0", 0),
        (0o700, "", 0),
        (0o700, "gradlock", 0),
    ],
)
def test_who_may_not_write_is_told(tmp_path: Path, mode: int, user: str, count: int) -> None:
    os.chown(tmp_path, os.getuid() or 12345, -1) if os.getuid() == 0 else None
    tmp_path.chmod(mode)
    state = tmp_path.stat()
    named, _, group = user.partition(":")
    number = {"own": state.st_uid, "other": state.st_uid + 1}.get(named, named)
    whole = f"{number}:{state.st_gid}" if group else str(number)
    found = look(tmp_path, whole)
    assert len(found) == count, found
    assert all(str(tmp_path) in said for said in found)


def test_root_without_capabilities_writes_to_roots_own_alone(tmp_path: Path) -> None:
    if tmp_path.stat().st_uid == 0:
        os.chown(tmp_path, 12345, -1)
    mount = {"Type": "bind", "Source": str(tmp_path), "Destination": mounts.WORK, "RW": True}
    known = {"Config": {"User": "0:0"}, "Mounts": [mount], "HostConfig": {"CapDrop": ["ALL"]}}
    (found,) = mounts.look("lab", known)
    assert "user 12345's" in found.seen or str(tmp_path) in found.seen
    assert list(mounts.look("lab", {**known, "HostConfig": {}})) == []


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    (said,) = look(tmp_path / "gone", "1000")
    assert "not there any more" in said


def test_a_folder_for_reading_alone_is_told(tmp_path: Path) -> None:
    (said,) = look(tmp_path, "1000", RW=False)
    assert "reading alone" in said
    assert look(tmp_path, "1000", RW=False, Destination="/data") == []


def test_a_file_is_no_folder_to_save_in(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert look(tmp_path / "file", "54321") == []


def test_volumes_are_the_engines_own(tmp_path: Path) -> None:
    assert look(tmp_path / "gone", "1000", Type="volume") == []
