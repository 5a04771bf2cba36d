"""Who a container's process is, and what is said of a folder where it could not save."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from gradlock.engine.engine import Engine
from gradlock.errors import InputError
from gradlock.inside import identity
from gradlock.inside.identity import Identity

Staged = Callable[..., None]
PLENTY = {"f_flag": 0, "f_frsize": 4096, "f_bavail": 9999, "f_bfree": 9999}
PLENTY |= {"f_files": 9999, "f_favail": 9999}


def engine(*security: str) -> Engine:
    """Return an engine with options of security."""
    client = mock.Mock()
    client.info.return_value = {"SecurityOptions": ["name=seccomp,profile=default", *security]}
    return Engine(client, "unix:///there", private=False)


@pytest.fixture
def staged(monkeypatch: pytest.MonkeyPatch) -> Staged:
    """Return what makes this process another user's, a folder, and its disk, look another way."""

    def stage(*, me: int, owner: int = 1000, mode: int = 0o755, **disk: int) -> None:
        monkeypatch.setattr(os, "geteuid", lambda: me)
        monkeypatch.setattr(os, "getegid", lambda: me)
        monkeypatch.setattr(os, "getgroups", lambda: [me, 27, 100])
        stat = SimpleNamespace(st_uid=owner, st_gid=owner, st_mode=0o40000 | mode)
        monkeypatch.setattr(Path, "stat", lambda *_, **__: stat)
        monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(**{**PLENTY, **disk}))
        bits = mode >> (6 if me == owner else 0) & 7
        monkeypatch.setattr(os, "access", lambda _, wanted: bits & wanted == wanted)

    return stage


def test_a_user_is_that_user_with_all_groups_wherever(staged: Staged, tmp_path: Path) -> None:
    for owner in (1000, 1001, 0):
        staged(me=1000, owner=owner)
        who = identity.of(engine(), tmp_path)
        assert who == Identity(1000, 1000, (27, 100))
    assert who.options() == {"user": "1000:1000", "group_add": ["27", "100"]}


def test_root_is_the_owner_of_the_folder(staged: Staged, tmp_path: Path) -> None:
    staged(me=0, owner=1234)
    assert identity.of(engine(), tmp_path) == Identity(1234, 1234)


def test_root_in_roots_own_folder_cannot_change_the_image(staged: Staged, tmp_path: Path) -> None:
    staged(me=0, owner=0)
    options = identity.of(engine(), tmp_path).options()
    assert options["user"] == "0:0"
    assert options["read_only"]
    assert list(options["tmpfs"]) == ["/tmp"]


def test_an_engine_without_roots_rights_has_its_user_as_root(
    staged: Staged, tmp_path: Path
) -> None:
    staged(me=1000)
    who = identity.of(engine("name=rootless"), tmp_path)
    assert who.options()["user"] == "0:0"
    identity.check(who, tmp_path)


def test_an_engine_that_shifts_users_is_told_not_to(staged: Staged, tmp_path: Path) -> None:
    staged(me=1000)
    assert identity.of(engine("name=userns"), tmp_path).options()["userns_mode"] == "host"


@pytest.mark.parametrize(
    ("me", "owner", "mode"),
    [(1000, 1000, 0o700), (1000, 0, 0o777), (0, 0, 0o755), (0, 1234, 0o700)],
)
def test_where_work_can_be_saved_nothing_is_said(
    staged: Staged, tmp_path: Path, me: int, owner: int, mode: int
) -> None:
    staged(me=me, owner=owner, mode=mode)
    identity.check(identity.of(engine(), tmp_path), tmp_path)


@pytest.mark.parametrize(
    ("staging", "told"),
    [
        ({"me": 1000, "owner": 4242, "mode": 0o755}, "user 4242's (mode 755)"),
        ({"me": 1000, "owner": 1000, "mode": 0o555}, "may not write"),
        ({"me": 0, "owner": 0, "mode": 0o555}, "may not write"),
        ({"me": 0, "owner": 4242, "mode": 0o577}, "may not write"),
        ({"me": 1000, "f_flag": os.ST_RDONLY}, "read-only file system"),
        ({"me": 0, "f_flag": os.ST_RDONLY}, "read-only file system"),
        ({"me": 1000, "f_bavail": 255}, "disk is full"),
        ({"me": 0, "owner": 0, "f_bfree": 255}, "disk is full"),
        ({"me": 1000, "f_favail": 0}, "disk is full"),
    ],
    ids=str,
)
def test_where_nothing_could_be_saved_it_says_why_and_what_to_do(
    staged: Staged, tmp_path: Path, staging: dict[str, Any], told: str
) -> None:
    staged(**staging)
    with pytest.raises(InputError, match="nothing could be saved") as caught:
        identity.check(identity.of(engine(), tmp_path), tmp_path)
    assert told in caught.value.what
    assert caught.value.where == str(tmp_path)
    assert "--folder" in caught.value.mend


def test_a_file_system_that_counts_no_files_is_not_full(staged: Staged, tmp_path: Path) -> None:
    staged(me=1000, f_files=0, f_favail=0)
    identity.check(identity.of(engine(), tmp_path), tmp_path)


def test_roots_share_of_a_disk_is_roots(staged: Staged, tmp_path: Path) -> None:
    staged(me=0, owner=0, f_bavail=0)
    identity.check(identity.of(engine(), tmp_path), tmp_path)


def test_root_is_told_whose_the_files_will_be(
    staged: Staged, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    staged(me=0, owner=4242)
    identity.tell(identity.of(engine(), tmp_path), tmp_path)
    assert "user 4242's" in capsys.readouterr().err
    staged(me=0, owner=0)
    identity.tell(identity.of(engine(), tmp_path), tmp_path)
    assert capsys.readouterr().err == ""
