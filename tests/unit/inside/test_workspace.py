"""A user's folder inside a container."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gradlock.errors import InputError
from gradlock.inside import workspace


def owned_by(folder: Path, uid: int, mode: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a folder look like another user's, which only root could do for true."""
    real = folder.stat()
    faked = os.stat_result((0o40000 | mode, *real[1:4], uid, uid, *real[6:10]))
    monkeypatch.setattr(Path, "stat", lambda *_, **__: faked)


def test_the_container_has_the_id_of_the_folders_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owned_by(tmp_path, 1234, 0o755, monkeypatch)
    options = workspace.options(tmp_path)
    assert options["user"] == "1234:1234"
    assert options["volumes"] == {str(tmp_path): {"bind": workspace.INSIDE, "mode": "rw"}}


def test_a_folder_of_roots_does_not_make_the_container_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    owned_by(tmp_path, 0, 0o755, monkeypatch)
    assert "user" not in workspace.options(tmp_path)
    assert "can only read it" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder") as caught:
        workspace.options(tmp_path / "absent")
    assert caught.value.where == str(tmp_path / "absent")
