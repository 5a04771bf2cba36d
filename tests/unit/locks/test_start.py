"""What a run starts from: whole locks, and of others the pins that can be read."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gradlock.errors import LockError
from gradlock.inputs import variants
from gradlock.locks import lockfile, paths, revisions, start

TABLE = variants.load()


@pytest.mark.parametrize("path", paths.every(TABLE), ids=lambda path: path.name)
def test_a_whole_lock_is_its_own_start(path: Path) -> None:
    found = start.read(path)
    assert found.lock == found.kept == lockfile.read(path)


@pytest.mark.parametrize("path", paths.every(TABLE), ids=lambda path: path.name)
def test_every_pin_of_an_edited_lock_is_kept(path: Path) -> None:
    whole = lockfile.read(path)
    kept = start.recovered(path, lockfile.with_header(whole.body, "0" * 64))
    if path.suffix == ".toml":
        assert kept is None  # it is written from the lock beside it
    else:
        assert kept
        assert start.names(kept) == start.names(whole)


def test_what_names_no_pin_has_none_to_keep(tmp_path: Path) -> None:
    assert start.recovered(paths.APT, "nothing\n") is None
    path = tmp_path / "some.txt"
    assert start.read(path) == start.Start(None, None)
    path.write_bytes(b"\xff\xfe no text")
    assert start.read(path) == start.Start(None, None)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["a folder", "a pipe"])
def test_what_is_no_file_is_not_made_anew(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "cpu.txt")
    with pytest.raises(LockError, match="a lock is no file"):
        start.read(tmp_path / "cpu.txt")
    assert revisions.here().read(tmp_path / "cpu.txt") is None


def test_a_lock_that_no_resolver_writes_is_a_start_alone(project: Path) -> None:
    """Its checksum was made anew by whoever edited it."""
    whole = lockfile.read(paths.APT)
    paths.APT.write_text(lockfile.with_header(whole.body + "by hand\n", whole.inputs))
    found = start.read(paths.APT)
    assert found.lock is None
    assert found.kept is not None
    assert start.names(found.kept) == start.names(whole)
