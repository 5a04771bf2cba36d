"""A user's folder inside a container."""

from __future__ import annotations

import base64
import json
import os
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from docker.errors import APIError
from docker.types import Mount

from gradlock.engine.engine import Engine
from gradlock.errors import EngineError, InputError
from gradlock.inside import workspace


@pytest.fixture
def engine() -> Engine:
    client = mock.Mock()
    client.info.return_value = {}
    return Engine(client, "unix:///there", private=False)


def test_the_folder_is_mounted_for_who_works_in_it(engine: Engine, tmp_path: Path) -> None:
    options = workspace.options(engine, tmp_path)
    assert options["user"] == f"{os.geteuid()}:{os.getegid()}"
    (mounted,) = options["mounts"]
    assert mounted["Type"] == "bind"  # a volume of a folder that is not there is made, empty
    assert (mounted["Source"], mounted["Target"]) == (str(tmp_path), workspace.INSIDE)
    assert not mounted["ReadOnly"]


def test_more_is_mounted_beside_it(engine: Engine, tmp_path: Path) -> None:
    more = Mount("/mnt/data", str(tmp_path), type="bind")
    options = workspace.options(engine, tmp_path, read_only=True, mounts=[more])
    assert options["mounts"][0]["ReadOnly"]
    assert options["mounts"][1] == more


def test_a_folder_that_is_not_there_is_named(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder") as caught:
        workspace.options(engine, tmp_path / "absent")
    assert caught.value.where == str(tmp_path / "absent")


class Sight:
    """An engine that tells of the paths in a folder of its own."""

    def __init__(self, folder: Path, *, precise: bool = True) -> None:
        self.folder = folder
        self.precise = precise
        self.asked: list[str] = []
        self.client = mock.Mock()
        self.client.info.return_value = {}
        self.client.api.head.side_effect = self.head
        self.engine = Engine(self.client, "unix:///there", private=False)

    def head(self, _url: str, *, params: dict[str, str]) -> mock.Mock:
        """Tell of a path as an engine does."""
        self.asked.append(params["path"])
        path = self.folder / os.path.relpath(params["path"], workspace.INSIDE)
        if not path.exists():
            return mock.Mock(ok=False, headers={})
        told = path.stat()
        seconds, rest = divmod(told.st_mtime_ns, 10**9)
        rest = rest if self.precise else 0
        stamp = datetime.fromtimestamp(seconds, timezone(timedelta(hours=2)))
        text = f"{stamp:%Y-%m-%dT%H:%M:%S}.{rest:09}+02:00".replace(".000000000", "")
        stat: dict[str, Any] = {"name": path.name, "mode": 1 << 31 | told.st_mode, "mtime": text}
        header = base64.b64encode(json.dumps(stat).encode())
        return mock.Mock(ok=True, headers={"x-docker-container-path-stat": header.decode()})

    def create(self, folder: Path) -> mock.Mock:
        """Make a container that works in a folder."""
        made: mock.Mock = workspace.create(self.engine, "i", ["true"], folder, kind="lab")  # type: ignore[assignment]
        return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a user's folder that another user's engine could see."""
    path = tmp_path / "work"
    path.mkdir(mode=0o755)
    (path / "notebook.ipynb").touch()
    return path


def test_a_folder_that_the_engine_sees_is_not_written_to(folder: Path) -> None:
    sight, before = Sight(folder), folder.stat().st_mtime_ns
    made = sight.create(folder)
    made.remove.assert_not_called()
    assert sight.asked == [workspace.INSIDE]
    assert folder.stat().st_mtime_ns == before


def test_an_engine_that_tells_no_fractions_sees_it_too(folder: Path) -> None:
    os.utime(folder, ns=(0, 1_700_000_000_123_456_789))
    Sight(folder, precise=False).create(folder)
    assert [path.name for path in folder.iterdir()] == ["notebook.ipynb"]


@pytest.mark.parametrize("there", ["the same path, other files", "nothing"])
def test_a_folder_of_another_machine_is_told_apart(
    folder: Path, tmp_path: Path, there: str
) -> None:
    other = tmp_path / "other"
    if there != "nothing":
        other.mkdir(mode=0o755)
        os.utime(other, (0, 0))
    sight = Sight(other)
    with pytest.raises(EngineError, match="does not see the folder") as caught:
        sight.create(folder)
    assert str(folder) in caught.value.where
    sight.client.containers.create.return_value.remove.assert_called_once()
    assert [path.name for path in folder.iterdir()] == ["notebook.ipynb"]


def test_an_engine_that_has_no_such_path_is_told_so(folder: Path) -> None:
    sight = Sight(folder)
    refusal = 'invalid mount config for type "bind": bind source path does not exist: /x'
    sight.client.containers.create.side_effect = APIError("400", explanation=refusal)
    with pytest.raises(EngineError, match="does not see the folder") as caught:
        sight.create(folder)
    assert caught.value.where.startswith("/x, ")


def test_the_folder_is_on_a_label(folder: Path) -> None:
    sight = Sight(folder)
    sight.create(folder)
    labels = sight.client.containers.create.call_args.kwargs["labels"]
    assert labels["gradlock.folder"] == str(folder)
