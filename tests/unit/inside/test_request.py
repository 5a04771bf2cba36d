"""What a person asks of a container, as it is written on a command line."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import pytest

from gradlock.engine.engine import Engine
from gradlock.errors import InputError
from gradlock.inside import request
from gradlock.inside.request import Request


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Make a folder to be mounted."""
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.mark.parametrize(
    ("rest", "target", "read_only"),
    [
        ("", "/mnt/data", False),
        (":ro", "/mnt/data", True),
        (":rw", "/mnt/data", False),
        (":/in/there", "/in/there", False),
        (":/in/there:ro", "/in/there", True),
    ],
)
def test_a_mount_is_written_as_for_docker(
    data: Path, rest: str, target: str, read_only: bool
) -> None:
    (mount,) = request.mounts([f"{data}{rest}"])
    assert (mount["Source"], mount["Target"]) == (str(data), target)
    assert (mount["Type"], mount["ReadOnly"]) == ("bind", read_only)


def test_a_mount_of_this_folder_is_whole(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(data)
    (mount,) = request.mounts(["."])
    assert (mount["Source"], mount["Target"]) == (str(data), "/mnt/data")


@pytest.mark.parametrize("rest", [":relative", ":/a/../b", ":/", ":/a:/b", ":/a:ro:x"])
def test_what_is_no_mount_is_refused(data: Path, rest: str) -> None:
    with pytest.raises(InputError, match="is no mount") as caught:
        request.mounts([f"{data}{rest}"])
    assert "SOURCE[:TARGET][:ro]" in caught.value.mend


def test_a_source_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file") as caught:
        request.mounts([f"{tmp_path}/absent"])
    assert caught.value.where == f"{tmp_path}/absent"


def test_a_variable_has_its_value_or_the_one_it_has_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HERE", "x")
    found = request.environment(["A=1=2", "EMPTY=", "HERE"])
    assert found == {"A": "1=2", "EMPTY": "", "HERE": "x"}


@pytest.mark.parametrize("text", ["=1", "1A=2", "A B=1", "NOT_SET_ANYWHERE", ""])
def test_what_is_no_variable_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="--env"):
        request.environment([text])


@pytest.mark.parametrize(("given", "found"), [("", 0), ("6m", 6 << 20), ("4g", 4 << 30)])
def test_memory_is_written_as_for_docker(given: str, found: int) -> None:
    assert request.bytes_of(given) == found


@pytest.mark.parametrize("given", ["much", "0", "5m", "-1g", "4 gallons"])
def test_what_is_no_memory_is_refused(given: str) -> None:
    with pytest.raises(InputError, match="--memory"):
        request.bytes_of(given)


def test_a_limit_of_memory_is_one_of_swap_too() -> None:
    engine = Engine(mock.Mock(), "unix:///there", private=False)
    options = Request(Path(), memory=1 << 30).options(engine)
    assert options["mem_limit"] == options["memswap_limit"] == 1 << 30
    assert "mem_limit" not in Request(Path()).options(engine)
