"""uv, as the resolvers run it: nothing of the machine but how it reaches an index."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from uv import find_uv_bin

from gradlock import command, store
from gradlock.errors import CommandError, GradlockError, InputError
from gradlock.locks.moves import Move

#: Found before there are threads: sysconfig, which it asks, gives two of them half an answer.
UV = find_uv_bin()
#: Resolves. The Python is what uv would build with; nothing is built, but where none is named, it
#: looks for one of the release that it resolves for, and downloads that where the machine has none.
COMPILE = (
    *(UV, "pip", "compile", "--quiet", "--no-header", "--no-annotate"),
    *("--python", sys.executable, "--no-python-downloads"),
)
#: What uv says where what people wrote is at fault, not the machine or the network.
FAULTS = (
    *("No solution found", "are unsatisfiable"),  # how a long chain begins, and how it ends
    *("Couldn't parse", "not a wheel", "Failed to parse", "Invalid"),
)


def compile_(options: Sequence[str | Path], *, purpose: str, where: str) -> None:
    """Run `uv pip compile` in the project's folder; `where` names what it resolves.

    Raises:
        InputError: what is asked for has no solution, or cannot be read; uv says why.
        CommandError: uv failed, for any other reason.

    """
    try:
        command.run(
            [*COMPILE, *options],
            purpose=purpose,
            env=command.networked(),
            cwd=store.ROOT,
        )
    except CommandError as error:
        raise explained(error, purpose, where) from None


def upgrades(moves: Iterable[Move]) -> list[str]:
    """Return the options that let packages move, for uv and pip-compile alike."""
    return [option for move in moves for option in ("--upgrade-package", str(move))]


def explained(error: CommandError, purpose: str, where: str) -> GradlockError:
    """Return the error of a resolver with the inputs in the place of its command line."""
    said = error.mend.partition("\n")[2]
    if any(fault in said for fault in FAULTS):
        return InputError(
            f"{purpose}: what is asked for cannot be had:\n{said}",
            where=where,
            mend="ask for versions that exist and fit together",
        )
    return CommandError(error.what, where=where, mend=error.mend)
