"""Locks that were edited with their checksum: found, with their line, by resolving again."""

from __future__ import annotations

import dataclasses

import pytest

from gradlock.inputs import variants
from gradlock.locks import lockfile, paths, verifying
from gradlock.locks.lockfile import LockText

CPU = variants.load().cpu
PIP, APT, CONDA = (lockfile.read(path) for path in (paths.pip(CPU), paths.APT, paths.conda(CPU)))


def found(old: LockText, new: LockText) -> list[str]:
    return [one.where for one in verifying.compare(old, new) if not one.note]


@pytest.mark.parametrize("lock", [PIP, APT, CONDA], ids=lambda lock: lock.path.name)
def test_the_same_is_verified(lock: LockText) -> None:
    assert list(verifying.compare(lock, lock)) == []


def edited(lock: LockText, line: int, text: str) -> LockText:
    """Put a text in the place of a line of a lock's file."""
    lines = lock.body.splitlines(keepends=True)
    return dataclasses.replace(lock, body="".join([*lines[: line - 4], text, *lines[line - 3 :]]))


@pytest.mark.parametrize(
    ("lock", "line", "text"),
    [
        (PIP, 5, f"    --hash=sha256:{'0' * 64}\n"),
        (PIP, 10, f"added==1 \\\n    --hash=sha256:{'0' * 64}\nattrs==1 \\\n"),
        (CONDA, 26, "  url: https://elsewhere.example/linux-64/x-1-0.conda\n"),
        (APT, 5, APT.body.splitlines()[1].replace(" 1", " 2", 1) + "\n"),
    ],
    ids=["hash", "added", "another-host", "size"],
)
def test_what_was_edited_is_named_by_its_line(lock: LockText, line: int, text: str) -> None:
    wrong = edited(lock, line, text)
    assert wrong != lock
    (where,) = found(wrong, lock)
    assert where == f"{lockfile.shown(lock.path)}:{line}"


def test_inputs_that_were_written_by_hand_are_found() -> None:
    assert found(dataclasses.replace(PIP, inputs="0" * 64), PIP) == ["requirements/cpu.txt:2"]


def test_debs_that_nothing_asks_for_and_those_that_lack_are_named() -> None:
    pins = lockfile.parse_debs(APT)
    fewer = dataclasses.replace(APT, body=lockfile.format_debs(pins[1:]))
    assert found(APT, fewer) == ["requirements/apt.lock:5"]
    assert found(fewer, APT) == ["requirements/apt.lock:4"]


def test_a_deb_that_left_the_mirrors_is_a_note() -> None:
    pins = lockfile.parse_debs(APT)
    newer = dataclasses.replace(pins[0], version="99", sha256="0" * 64)
    new = dataclasses.replace(APT, body=lockfile.format_debs([newer, *pins[1:]]))
    (note,) = verifying.compare(APT, new)
    assert note.note
    assert pins[0].name in str(note)


def test_another_source_of_conda_packages_is_a_note() -> None:
    body = "# solved by conda-lock against conda-forge\n"
    (note,) = verifying.compare(CONDA, dataclasses.replace(CONDA, body=body))
    assert note.note
    assert "not verified" in str(note)
