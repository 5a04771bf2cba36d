"""Programs for another processor: whether they run here, and what makes them run."""

from __future__ import annotations

import platform

from gradlock.errors import GradlockError, InputError
from gradlock.inputs.platforms import Platform, processor
from gradlock.layers.room import OpenRoom

#: What is run to see whether anything does.
PROGRAM = "/usr/bin/true"
#: What a kernel says of a program for another processor; the latter where its emulator lies
#: outside of the root, and was not opened before.
REFUSALS = ("exec format error", "no such file or directory")


def here() -> str:
    """Return this machine's processor, by the name that wheels have for it."""
    return processor(platform.machine())


def check(room: OpenRoom, machine: Platform, here: str) -> None:
    """See that the programs of a root run in its room: by the processor, or by an emulator.

    Where the root is for the room's own processor, `here`, nothing is asked.

    Raises:
        InputError: none does; it says what to install.

    """
    if machine.machine == here:
        return
    try:
        with room.start([PROGRAM], {}, {}):
            pass
    except GradlockError as error:
        if not any(words in str(error).lower() for words in REFUSALS):
            raise
        raise InputError(
            f"programs for {machine.name} do not run here: this is {here}, without an emulator",
            where=machine.name,
            mend="apt-get install qemu-user-static binfmt-support (Debian's names), where the "
            "engine runs; or name an engine on such a machine by DOCKER_HOST; or ./inv pull what "
            "somebody else has built",
        ) from error
