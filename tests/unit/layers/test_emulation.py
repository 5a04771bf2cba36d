"""Programs for another processor: what is asked of a room, and what is said where none run."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from gradlock.errors import CommandError, EngineError, GradlockError, InputError
from gradlock.inputs.platforms import DEFAULT, PLATFORMS
from gradlock.layers import emulation

USUAL, ARM = PLATFORMS[DEFAULT], PLATFORMS["linux/arm64"]


class Room:
    """A room whose programs run, or end in an error."""

    def __init__(self, error: GradlockError | None = None) -> None:
        self.error = error
        self.started: list[str] = []

    @contextmanager
    def start(
        self, argv: Sequence[str], env: Mapping[str, str], files: Mapping[str, bytes]
    ) -> Iterator[None]:
        """Start a program."""
        self.started += argv
        yield
        if self.error:
            raise self.error


def check(room: Any, here: str) -> None:
    emulation.check(room, ARM, here)


@pytest.mark.parametrize("machine", ["arm64", "aarch64", "AARCH64"])
def test_this_machine_is_known_by_the_name_of_wheels(
    monkeypatch: pytest.MonkeyPatch, machine: str
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert emulation.here() == ARM.machine


def test_nothing_is_asked_of_a_room_of_that_kind() -> None:
    check(room := Room(), ARM.machine)
    assert room.started == []


def test_where_an_emulator_runs_them_all_is_well() -> None:
    check(room := Room(), "x86_64")
    assert room.started == [emulation.PROGRAM]


@pytest.mark.parametrize(
    "error",
    [
        CommandError("running true", mend="chroot: '/usr/bin/env': Exec format error"),
        CommandError("running true", mend="exec /usr/bin/env: exec format error"),
        CommandError("running true", mend="chroot: '/usr/bin/env': No such file or directory"),
        EngineError("the Docker Engine refused: exec format error"),
    ],
    ids=["a chroot", "a container", "an emulator outside of the root", "an engine"],
)
def test_without_one_it_says_what_to_install(error: GradlockError) -> None:
    with pytest.raises(InputError, match="linux/arm64 do not run here: this is x86_64") as caught:
        check(Room(error), "x86_64")
    assert "qemu-user-static" in caught.value.mend
    assert caught.value.__cause__ is error


def test_another_failure_stays_what_it_is() -> None:
    error = EngineError("the Docker Engine stopped answering")
    with pytest.raises(EngineError, match="stopped answering"):
        check(Room(error), "x86_64")
