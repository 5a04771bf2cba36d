"""What people write is read as text of one kind; what is not is named with its line."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gradlock.errors import InputError
from gradlock.inputs import texts


@pytest.mark.parametrize(
    ("written", "said", "line"),
    [
        (b"numpy\r\npandas\r\n", "carriage returns", 1),
        (b"numpy\npandas\r\n", "carriage returns", 2),
        (b"\xef\xbb\xbfnumpy\n", "byte order mark", 1),
        (b"numpy\n# caf\xe9\n", "no text in UTF-8", 2),
        (b"numpy\n<<<<<<< HEAD\nkeras\n=======\npandas\n>>>>>>> other\n", "two sides of a", 2),
        (b"numpy\nkeras\n=======\npandas\n", "two sides of a merge", 3),
    ],
)
def test_what_is_no_plain_text_is_named_with_its_line(
    tmp_path: Path, written: bytes, said: str, line: int
) -> None:
    path = tmp_path / "base.in"
    path.write_bytes(written)
    with pytest.raises(InputError, match=said) as caught:
        texts.read(path, "base.in")
    assert caught.value.where == f"base.in:{line}"
    assert caught.value.mend


def test_what_is_not_there_is_told_by_who_knows_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        texts.read(tmp_path / "gone", "base.in")


def test_a_row_of_signs_in_a_line_is_no_merge(tmp_path: Path) -> None:
    path = tmp_path / "base.in"
    path.write_text("# ======= kept\nnumpy  # <<<<<<< so\n")
    assert texts.read(path, "base.in") == path.read_text()


def test_what_no_person_wrote_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "base.in"
    path.write_text("#" * texts.LIMIT)
    assert texts.read(path, "base.in")
    path.write_text("#" * (texts.LIMIT + 1))
    with pytest.raises(InputError, match="an input of 1048577 bytes") as caught:
        texts.read(path, "base.in")
    assert caught.value.where == "base.in"


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["a folder", "a pipe"])
def test_what_is_no_file_is_not_waited_for(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "base.in")
    with pytest.raises(InputError, match="no file") as caught:
        texts.read(tmp_path / "base.in", "base.in")
    assert caught.value.where == "base.in"
    assert caught.value.mend
