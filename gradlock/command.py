"""The one module that runs subprocesses."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gradlock.errors import CommandError

#: How many of a failed command's last lines an error shows.
TAIL = 25


@dataclass(frozen=True)
class Program:
    """What starts a program: the beginning of its command line, and its environment."""

    argv: tuple[str, ...]
    env: dict[str, str]


def run(
    command: Sequence[str | Path],
    *,
    purpose: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
    output: Path | None = None,
) -> str:
    """Run a command to its end and return what it printed to stdout.

    `purpose` is a gerund that an error repeats ("resolving the wheels of cpu"). `env` is laid
    over this process's environment. With `output`, stdout goes to that file as bytes instead.

    Raises:
        CommandError: the command is not there, or left with another status than 0.

    """
    argv = [str(part) for part in command]
    merged = {**os.environ, **(env or {})}
    try:
        if output is None:
            done = subprocess.run(
                argv,
                cwd=cwd,
                env=merged,
                input=stdin,
                text=True,
                errors="replace",  # what a failing program prints may be no text
                capture_output=True,
                check=False,
            )
        else:
            with output.open("wb") as sink:
                done = subprocess.run(
                    argv,
                    cwd=cwd,
                    env=merged,
                    stdout=sink,
                    stderr=subprocess.PIPE,
                    text=True,
                    errors="replace",
                    check=False,
                )
    except FileNotFoundError as error:
        raise CommandError(
            f"{purpose}: the program {argv[0]!r} is not installed",
            mend="./inv setup installs what gradlock needs",
        ) from error
    if done.returncode != 0:
        printed = ((done.stdout or "") + (done.stderr or "")).strip().splitlines()
        raise CommandError(
            f"{purpose}: {Path(argv[0]).name} failed with status {done.returncode}",
            where=" ".join(argv[:6]) + (" ..." if len(argv) > 6 else ""),
            mend="its last lines were:\n    " + "\n    ".join(printed[-TAIL:]),
        )
    return done.stdout or ""
